//! Who gets in: what a service demands besides the right password.

use std::time::Instant;

use pop3_proto::server::Refusal;
use pop3_proto::{Text, UserName};
use tracing::{info, warn};

use super::Session;
use super::refusal::{self, chain};
use crate::LoginRefused;

impl Session {
    /// Why nobody may log in from where this client is, if so: no password is looked at then.
    pub(super) fn barred(&self) -> Option<Refusal> {
        let peer = self.peer?;
        (!self.rules.gate.may_log_in(peer, Instant::now())).then(|| {
            warn!(%peer, "too many logins have failed from there");
            Refusal::Temporary(Text::literal("too many logins have failed, try again later"))
        })
    }

    /// What the service makes of an authenticator's verdict.
    pub(super) fn judge(
        &self,
        asked: Option<&UserName>,
        verdict: Result<UserName, LoginRefused>,
    ) -> Result<UserName, Refusal> {
        let now = Instant::now();
        match verdict {
            Ok(user) => match &self.rules.login_delay {
                Some(delay) if delay.is_too_soon(&user, now) => {
                    info!(%user, "logged in again too soon");
                    Err(Refusal::TooSoon)
                }
                _ => Ok(user),
            },
            Err(refused) => {
                let user = asked.map(tracing::field::display);
                warn!(user, error = chain(&refused), "login refused");
                if let (LoginRefused::Credentials, Some(peer)) = (&refused, self.peer) {
                    self.rules.gate.login_failed(peer, now);
                }
                Err(refusal::of_login(&refused))
            }
        }
    }
}
