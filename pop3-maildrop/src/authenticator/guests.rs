//! A maildrop that is open to everybody.

use std::time::Duration;

use pop3_proto::UserName;
use pop3_proto::auth::Credentials;
use pop3_proto::auth::sasl::{ScramHash, ScramKeys};
use tracing::info;

use super::{Authenticator, LoginRefused};

/// Lets anybody into one maildrop by ANONYMOUS (RFC 4505), and all others as another authenticator
/// does. What a guest leaves as a trace goes to the log.
///
/// Guests can remove letters as users can: give them a store that does not let them.
///
/// ```
/// use pop3_maildrop::{Authenticator, Guests, memory::MemoryMaildrops};
/// use pop3_proto::{Text, UserName, auth::Credentials};
///
/// let public = UserName::new("public")?;
/// let guests = Guests::new(MemoryMaildrops::new(), public.clone());
/// let guest = Credentials::Anonymous { trace: Text::literal("somebody@example.org") };
/// assert_eq!(guests.authenticate(&guest)?, public);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Guests<A> {
    others: A,
    mailbox: UserName,
}

impl<A: Authenticator> Guests<A> {
    /// Lets guests into this maildrop, and others in as that authenticator does.
    pub const fn new(others: A, mailbox: UserName) -> Self {
        Self { others, mailbox }
    }
}

impl<A: Authenticator> Authenticator for Guests<A> {
    fn authenticate(&self, credentials: &Credentials) -> Result<UserName, LoginRefused> {
        match credentials {
            Credentials::Anonymous { trace } => {
                info!(%trace, "a guest");
                Ok(self.mailbox.clone())
            }
            others => self.others.authenticate(others),
        }
    }

    fn mechanisms(&self) -> Vec<&'static str> {
        let mut mechanisms = self.others.mechanisms();
        mechanisms.push("ANONYMOUS");
        mechanisms
    }

    fn scram_keys(
        &self,
        user: &UserName,
        hash: ScramHash,
    ) -> Result<Option<ScramKeys>, LoginRefused> {
        self.others.scram_keys(user, hash)
    }

    fn offers_apop(&self) -> bool {
        self.others.offers_apop()
    }

    fn login_delay(&self, user: &UserName) -> Option<Duration> {
        self.others.login_delay(user)
    }
}
