//! Who gets in: what a service demands besides the right password.

use std::time::{Duration, Instant};

use pop3_proto::UserName;
use pop3_proto::server::Refusal;
use tracing::warn;

use super::Session;
use super::refusal::{self, chain};
use crate::LoginRefused;
use crate::rules::announce;

impl Session {
    /// Why nobody may log in from where this client is, if so: no password is looked at then.
    pub(super) fn barred(&self) -> Option<Refusal> {
        let peer = self.peer?;
        (!self.rules.gate.may_log_in(peer, Instant::now())).then(|| {
            warn!(%peer, "too many logins have failed from there");
            Refusal::TooManyFailures
        })
    }

    /// What a client is told of an authenticator's verdict; wrong credentials count.
    pub(super) fn judge(
        &self,
        asked: Option<&UserName>,
        verdict: Result<UserName, LoginRefused>,
    ) -> Result<UserName, Refusal> {
        verdict.map_err(|refused| {
            let user = asked.map(tracing::field::display);
            warn!(user, error = chain(&refused), "login refused");
            if let (LoginRefused::Credentials, Some(peer)) = (&refused, self.peer) {
                self.rules.gate.login_failed(peer, Instant::now());
            }
            refusal::of_login(&refused)
        })
    }

    /// Notes that a user has logged in, and tells the exact LOGIN-DELAY from now on
    /// (RFC 2449, section 6.5).
    pub(super) fn logged_in(&mut self, user: &UserName, wait: Option<Duration>) {
        let Some(delay) = &self.rules.login_delay else { return };
        delay.logged_in(user.clone(), Instant::now());
        if let Some(wait) = wait {
            announce(self.connection.capabilities_mut(), wait, false);
        }
    }
}
