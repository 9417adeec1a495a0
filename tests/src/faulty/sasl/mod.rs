//! AUTH (RFC 5034) and the mechanisms.

mod base64;
mod cram;
mod oauthbearer;
mod plain;
mod scram;

use std::io;

use super::Fault;
use super::login::By;
use super::mail::Owner;
use super::session::{Next, Session};
use super::wire::Line;

/// How many octets a response may have with [`ResponsesShort`](Fault::ResponsesShort).
const SHORT: usize = 1_000;

/// Why an exchange lets nobody in.
enum Refusal {
    /// A name, a password or a token is wrong, or is somebody else's.
    Credentials,
    /// What the client sent is no response of the mechanism, or it gave up.
    Response,
    /// There is no connection any more.
    Connection(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Connection(error)
    }
}

type Proof<T> = Result<T, Refusal>;

impl Session {
    /// The mechanisms that are offered now: those that show a secret only in TLS.
    pub(super) fn mechanisms(&self) -> Vec<&'static str> {
        let mut mechanisms = vec!["SCRAM-SHA-256", "CRAM-MD5"];
        if self.wire.in_tls() || self.is(Fault::PlainInClear) {
            mechanisms.push("PLAIN");
        }
        if self.wire.in_tls() || self.is(Fault::BearerInClear) {
            mechanisms.push("OAUTHBEARER");
        }
        mechanisms
    }

    /// AUTH, with a mechanism and perhaps an initial response.
    pub(in crate::faulty) fn auth(&mut self, arguments: &[&str]) -> io::Result<Next> {
        let name = arguments.first().copied().unwrap_or_default();
        let offered = self.mechanisms().into_iter().find(|offered| {
            if self.is(Fault::MechanismsInCapitals) {
                *offered == name
            } else {
                offered.eq_ignore_ascii_case(name)
            }
        });
        let proof = match offered {
            None if self.is(Fault::AnyMechanism) => self.challenge(b"").and(Err(Refusal::Response)),
            None => return self.refuse("", "no such mechanism", "dieses Verfahren fällt aus"),
            Some(mechanism) => self.exchange(mechanism, arguments.get(1).copied()),
        };
        match proof {
            Ok(owner) => self.enter(owner, By::Auth),
            Err(Refusal::Connection(error)) => Err(error),
            Err(Refusal::Credentials) => {
                self.is_auth_refused = true;
                self.deny()
            }
            Err(Refusal::Response) => {
                self.is_auth_refused = true;
                self.refuse("", "the exchange is over", "das Verfahren wurde für beendet erklärt")
            }
        }
    }

    fn exchange(&mut self, mechanism: &str, initial: Option<&str>) -> Proof<Owner> {
        let initial = match initial {
            Some("=") if self.is(Fault::EqualsIsNothing) => None,
            Some("=") => Some(Vec::new()),
            Some(initial) => Some(self.decode(initial.as_bytes()).ok_or(Refusal::Response)?),
            None => None,
        };
        if mechanism == "CRAM-MD5" {
            if initial.is_some() && !self.is(Fault::InitialResponseIgnored) {
                return Err(Refusal::Response);
            }
            return self.cram();
        }
        let first = match initial {
            Some(initial) => initial,
            None if mechanism == "PLAIN" && self.is(Fault::InitialResponseOnly) => {
                return Err(Refusal::Response);
            }
            None => self.challenge(b"")?,
        };
        match mechanism {
            "PLAIN" => self.plain(&first),
            "OAUTHBEARER" => self.oauthbearer(&first),
            _ => self.scram(&first),
        }
    }

    /// Sends a challenge and reads the response.
    fn challenge(&mut self, challenge: &[u8]) -> Proof<Vec<u8>> {
        let line = match () {
            () if challenge.is_empty() && self.is(Fault::ChallengeWithoutSpace) => "+".to_owned(),
            () if challenge.is_empty() && self.is(Fault::EmptyChallengeWithText) => {
                "+ go ahead".to_owned()
            }
            () if !challenge.is_empty() && self.is(Fault::ChallengeWithText) => {
                format!("+ {} please", base64::encode(challenge))
            }
            () => format!("+ {}", base64::encode(challenge)),
        };
        loop {
            self.wire.send(format!("{line}\r\n").as_bytes())?;
            let response = match self.wire.line()? {
                Some(Line::Whole(response)) => response,
                Some(Line::TooLong) => return Err(Refusal::Response),
                None => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            };
            if response.len() > SHORT && self.is(Fault::ResponsesShort) {
                return Err(Refusal::Response);
            }
            if response == b"*" {
                if self.is(Fault::CancelIgnored) {
                    continue;
                }
                return Err(Refusal::Response);
            }
            match self.decode(&response) {
                Some(response) => return Ok(response),
                None if self.is(Fault::BadBase64Again) => {}
                None => return Err(Refusal::Response),
            }
        }
    }

    fn decode(&self, text: &[u8]) -> Option<Vec<u8>> {
        if self.is(Fault::Base64Skips) {
            return base64::decode_skipping(text);
        }
        if self.is(Fault::Base64PaddingInside) {
            return base64::decode_to_padding(text);
        }
        base64::decode(text)
    }
}
