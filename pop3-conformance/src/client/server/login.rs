//! Logging in, by each way that a case may offer.

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};

use super::Session;
use super::answers::{Answer, Effect};

/// An AUTH under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Exchange {
    pub(super) mechanism: String,
    /// As it was said, in Base64.
    pub(super) challenge: Vec<u8>,
    /// What was learnt from the responses so far.
    user: Option<Vec<u8>>,
}

impl Exchange {
    /// The same with the challenge that was in fact said.
    pub(super) fn with(self, challenge: Vec<u8>) -> Self {
        Self { challenge, ..self }
    }
}

/// What CRAM-MD5 begins with.
const CHALLENGE: &str = "<1896.697170952@postoffice.example.net>";

impl Session<'_> {
    /// USER, PASS, APOP and AUTH.
    pub(super) fn login(&mut self, keyword: &str, arguments: &[u8]) -> Answer {
        match keyword {
            "USER" if self.lists("USER") => {
                Answer::new("+OK and the password?", Effect::Named(arguments.to_vec()))
            }
            "PASS" => {
                let named = self.named.take().unwrap_or_default();
                self.verdict(
                    named == self.stage.user.as_bytes()
                        && arguments == self.stage.password.as_bytes(),
                )
            }
            "APOP" => {
                let right = self.seen.timestamp.as_ref().map(|timestamp| {
                    format!("{} {}", self.stage.user, digest(timestamp, self.stage.password))
                });
                self.verdict(right.is_some_and(|right| right.as_bytes() == arguments))
            }
            "AUTH" => self.auth(arguments),
            _ => Answer::refusal("unknown command"),
        }
    }

    fn verdict(&self, is_right: bool) -> Answer {
        if is_right {
            Answer::new("+OK maildrop locked and ready", Effect::Login)
        } else {
            let refusal = Answer::refusal("[AUTH] that is not right");
            Answer { effect: Effect::Login, ..refusal }
        }
    }

    fn auth(&mut self, arguments: &[u8]) -> Answer {
        let text = String::from_utf8_lossy(arguments);
        let mut words = text.split(' ');
        let mechanism = words.next().unwrap_or_default().to_ascii_uppercase();
        let list = self.stage.scenario.capabilities.iter().flatten();
        let mut listed = list.filter_map(|line| line.strip_prefix("SASL "));
        let is_listed = listed.any(|line| line.split(' ').any(|it| it == mechanism));
        let challenge = match mechanism.as_str() {
            "CRAM-MD5" => Base64::encode_string(CHALLENGE.as_bytes()),
            "LOGIN" => Base64::encode_string(b"Username:"),
            _ => String::new(),
        };
        let exchange = Exchange { mechanism, challenge: challenge.clone().into(), user: None };
        if !is_listed {
            let refusal = Answer::refusal("unknown mechanism");
            return Answer { effect: Effect::Challenge(exchange), ..refusal };
        }
        match words.next() {
            Some(initial) => {
                let initial = if initial == "=" { "" } else { initial };
                self.respond(exchange, initial.as_bytes())
            }
            None => Answer::new(&format!("+ {challenge}"), Effect::Challenge(exchange)),
        }
    }

    /// What a response is answered.
    pub(super) fn respond(&mut self, exchange: Exchange, response: &[u8]) -> Answer {
        if response == b"*" {
            return Answer::refusal("as you like");
        }
        let decoded = str::from_utf8(response).ok().and_then(|text| Base64::decode_vec(text).ok());
        let Some(response) = decoded else {
            return Answer::refusal("that is not Base64");
        };
        let (user, password) = (self.stage.user, self.stage.password);
        match exchange.mechanism.as_str() {
            "PLAIN" => {
                let right = format!("\0{user}\0{password}");
                let with_authzid = format!("{user}\0{user}\0{password}");
                self.verdict(response == right.as_bytes() || response == with_authzid.as_bytes())
            }
            "CRAM-MD5" => {
                let right = format!("{user} {}", hmac(CHALLENGE.as_bytes(), password));
                self.verdict(response == right.as_bytes())
            }
            "LOGIN" => match exchange.user {
                None => {
                    let challenge = Base64::encode_string(b"Password:");
                    let next = Exchange { user: Some(response), ..exchange };
                    Answer::new(&format!("+ {challenge}"), Effect::Challenge(next))
                }
                Some(name) => {
                    self.verdict(name == user.as_bytes() && response == password.as_bytes())
                }
            },
            _ => Answer::refusal("unknown mechanism"),
        }
    }
}

/// The digest of APOP (RFC 1939, section 7), as it is sent.
pub(in crate::client) fn digest(timestamp: &[u8], password: &str) -> String {
    hex(&Md5::new().chain_update(timestamp).chain_update(password).finalize())
}

/// The digest of CRAM-MD5 (RFC 2195, section 2), as it is sent.
pub(in crate::client) fn hmac(challenge: &[u8], password: &str) -> String {
    let Ok(mac) = Hmac::<Md5>::new_from_slice(password.as_bytes()) else { return String::new() };
    hex(&mac.chain_update(challenge).finalize().into_bytes())
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digests_are_those_of_the_rfcs() {
        let timestamp = b"<1896.697170952@dbc.mtview.ca.us>";
        assert_eq!(digest(timestamp, "tanstaaf"), "c4c9334bac560ecc979e58001b3e22fb");
        let challenge = b"<1896.697170952@postoffice.reston.mci.net>";
        assert_eq!(hmac(challenge, "tanstaaftanstaaf"), "b913a602c7eda7a495b4e6e7334d3890");
    }
}
