//! OAUTHBEARER (RFC 7628).

use super::{Proof, Refusal};
use crate::faulty::mail::Owner;
use crate::faulty::session::Session;
use crate::faulty::{Fault, TOKEN};

/// The names that this server has.
const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[127.0.0.1]"];

impl Session {
    pub(super) fn oauthbearer(&mut self, message: &[u8]) -> Proof<Owner> {
        match self.bearer(message) {
            Err(Refusal::Credentials) => {
                let explanation = if self.is(Fault::BearerNoJson) {
                    "invalid_token"
                } else {
                    r#"{"status":"invalid_token","schemes":"bearer","scope":"mail"}"#
                };
                if self.is(Fault::BearerHasty) {
                    let line = super::base64::encode(explanation.as_bytes());
                    self.wire.send(format!("+ {line}\r\n").as_bytes())?;
                    return Err(Refusal::Credentials);
                }
                // Whatever the client answers, it is refused.
                match self.challenge(explanation.as_bytes()) {
                    Err(Refusal::Connection(error)) => Err(error.into()),
                    _ => Err(Refusal::Credentials),
                }
            }
            proof => proof,
        }
    }

    fn bearer(&self, message: &[u8]) -> Proof<Owner> {
        let message = std::str::from_utf8(message).map_err(|_| Refusal::Response)?;
        let pairs = message.strip_suffix("\x01\x01").ok_or(Refusal::Response)?;
        let mut pairs = pairs.split('\x01');
        let header = pairs.next().and_then(|header| header.strip_prefix("n,"));
        let for_whom = match header.and_then(|header| header.strip_suffix(',')) {
            None => return Err(Refusal::Response),
            Some("") => None,
            Some(for_whom) => Some(for_whom.strip_prefix("a=").ok_or(Refusal::Response)?),
        };
        let mut token = None;
        let mut is_here = true;
        for pair in pairs {
            let (key, value) = pair.split_once('=').ok_or(Refusal::Response)?;
            match key {
                "auth" => token = Some(value),
                "host" => is_here &= HOSTS.iter().any(|host| host.eq_ignore_ascii_case(value)),
                "port" => is_here &= self.is_port(value),
                _ if self.is(Fault::BearerUnknownKeys) => return Err(Refusal::Response),
                _ => {}
            }
        }
        let (scheme, token) = token.and_then(|token| token.split_once(' ')).unwrap_or_default();
        let is_valid = scheme.eq_ignore_ascii_case("Bearer") && token == TOKEN;
        let is_valid = is_valid || self.is(Fault::BearerAnyToken);
        let asked = match for_whom {
            Some(for_whom) => self.owner(for_whom.as_bytes()),
            None => Some(Owner::Mark),
        };
        let is_allowed = asked == Some(Owner::Mark) || self.is(Fault::BearerForOthers);
        asked.filter(|_| is_valid && is_allowed && is_here).ok_or(Refusal::Credentials)
    }

    fn is_port(&self, text: &str) -> bool {
        [self.server.clear, self.server.implicit]
            .iter()
            .any(|address| text.parse() == Ok(address.port()))
    }
}
