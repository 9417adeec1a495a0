//! Who is this?

#[cfg(feature = "tls")]
mod certificates;
mod guests;

use std::time::Duration;

use pop3_proto::UserName;
use pop3_proto::auth::Credentials;
use pop3_proto::auth::sasl::{ScramHash, ScramKeys};

use crate::storage::BoxError;

#[cfg(feature = "tls")]
pub use certificates::Certificates;
pub use guests::Guests;

/// Checks who a client is.
///
/// ```
/// use pop3_maildrop::{Authenticator, LoginRefused};
/// use pop3_proto::{Secret, UserName, auth::Credentials};
///
/// /// Lets everybody in who knows the one password.
/// struct OnePassword(Secret);
///
/// impl Authenticator for OnePassword {
///     fn authenticate(&self, credentials: &Credentials) -> Result<UserName, LoginRefused> {
///         match credentials {
///             Credentials::Password { user, password } if *password == self.0 => Ok(user.clone()),
///             _ => Err(LoginRefused::Credentials),
///         }
///     }
/// }
/// ```
pub trait Authenticator: Send + Sync {
    /// The mailbox that these credentials open: usually [`Credentials::user`], or the one that a
    /// token or a certificate belongs to.
    ///
    /// May take long on purpose, as password hashes do; the caller keeps it off its event loop.
    ///
    /// # Errors
    /// When they open none. Which of name and password was wrong is not told.
    fn authenticate(&self, credentials: &Credentials) -> Result<UserName, LoginRefused>;

    /// The SASL mechanisms that users here can log in by, the one to be preferred first. Which of
    /// them a client is offered depends on its connection: PLAIN and LOGIN need TLS, and a SCRAM
    /// comes with its -PLUS where there is a channel to bind; -PLUS is not listed here.
    ///
    /// It is asked for every session. A client may try the first that it knows and nothing else,
    /// so whatever is listed should work for everybody.
    fn mechanisms(&self) -> Vec<&'static str> {
        vec!["PLAIN", "LOGIN"]
    }

    /// What is stored of a user's password for SCRAM with that hash function; `None` when the user
    /// is not known or has nothing of that kind, and then the exchange goes on and fails at its end.
    ///
    /// So that nobody learns which names exist, the `None` of an unknown user should take as long as
    /// a known user's keys, or be [decoys](ScramKeys::decoy) with the iterations that others have.
    ///
    /// # Errors
    /// When it cannot be looked up now.
    fn scram_keys(
        &self,
        _user: &UserName,
        _hash: ScramHash,
    ) -> Result<Option<ScramKeys>, LoginRefused> {
        Ok(None)
    }

    /// Whether anybody here can log in by APOP: only then does a server show a timestamp in its
    /// greeting (RFC 1939, section 7), since clients that see one may insist on using it.
    fn offers_apop(&self) -> bool {
        false
    }

    /// How long this user waits from one login to the next, `None` for as long as anybody. It is
    /// asked at each login where
    /// [`Service::set_login_delay_by_user`](crate::Service::set_login_delay_by_user) says so.
    fn login_delay(&self, user: &UserName) -> Option<Duration> {
        let _ = user;
        None
    }
}

/// Why a login was refused. None of the texts holds a name or a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginRefused {
    /// The name or the password is wrong, or this user must log in by another mechanism
    /// (`[AUTH]`, RFC 3206, section 4).
    #[error("wrong name or password")]
    Credentials,
    /// The credentials could not be checked now; later they may be (`[SYS/TEMP]`).
    #[error("credentials cannot be checked now")]
    Temporary(#[source] BoxError),
    /// The credentials cannot be checked until somebody mends something (`[SYS/PERM]`).
    #[error("credentials cannot be checked")]
    Permanent(#[source] BoxError),
}
