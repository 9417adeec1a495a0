//! A SASL mechanism within AUTH: from octets to lines (RFC 5034, section 4).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::auth::sasl::{ClientMechanism, SaslError, base64};
use crate::client::{Connection, Error, Quirk};
use crate::command::{Command, InitialResponse, Mechanism};

/// A mechanism on its way.
#[derive(Debug)]
pub(super) struct Running {
    mechanism: Box<dyn ClientMechanism>,
    /// The initial response, when the line had no room for it.
    kept: Option<Message>,
    responses: u32,
    /// Why the exchange was cancelled.
    failure: Option<SaslError>,
}

struct Message(Zeroizing<Vec<u8>>);

impl core::fmt::Debug for Message {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Message(…)")
    }
}

impl Running {
    pub(super) fn new(mechanism: Box<dyn ClientMechanism>) -> Self {
        Self { mechanism, kept: None, responses: 0, failure: None }
    }

    /// Whether something was said that the server could check; SCRAM begins with a name alone.
    pub(super) fn has_shown_proof(&self) -> bool {
        self.responses > u32::from(self.mechanism.name().starts_with("SCRAM-"))
    }

    /// AUTH, with the initial response if there is one and it fits.
    pub(super) fn command(&mut self, connection: &Connection) -> Result<Command, Error> {
        let mechanism =
            Mechanism::new(self.mechanism.name()).map_err(|_| self.error(SaslError::Name))?;
        let initial = self.mechanism.initial().map_err(|error| self.error(error))?;
        let bare = Command::Auth { mechanism: mechanism.clone(), initial: None };
        let Some(initial) = initial else { return Ok(bare) };
        let command = Command::Auth { mechanism, initial: encode_initial(&initial) };
        // RFC 5034, section 3: without SASL in CAPA, no initial response.
        let listed = connection.capabilities().is_some_and(|list| list.has("SASL"));
        if listed && connection.fits(&command) {
            self.responses = 1;
            return Ok(command);
        }
        self.kept = Some(Message(initial));
        Ok(bare)
    }

    /// Responds to a challenge, or cancels.
    pub(super) fn respond(
        &mut self,
        challenge: &[u8],
        connection: &mut Connection,
    ) -> Result<(), Error> {
        let challenge = match base64::decode(challenge) {
            Some(challenge) => Ok(challenge),
            None if connection.forgives_challenges() => {
                connection.note(Quirk::OddChallenge);
                Ok(Zeroizing::default())
            }
            None => Err(SaslError::Base64),
        };
        let response = challenge.and_then(|challenge| match self.kept.take() {
            Some(Message(initial)) => Ok(initial),
            None => self.mechanism.respond(&challenge),
        });
        match response {
            Ok(response) => {
                self.responses = self.responses.saturating_add(1);
                connection.respond(base64::encode(&response).as_bytes())?;
            }
            Err(error) => {
                self.failure = Some(error);
                connection.respond(b"*")?;
            }
        }
        Ok(())
    }

    /// At `+OK`: the server may have to have proven who it is.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        self.mechanism.finish().map_err(|error| self.error(error))
    }

    /// Why the exchange was cancelled, if it was.
    pub(super) fn given_up(&mut self) -> Option<Error> {
        self.failure.take().map(|error| self.error(error))
    }

    fn error(&self, error: SaslError) -> Error {
        Error::Mechanism { mechanism: String::from(self.mechanism.name()).into(), error }
    }
}

/// Base64, or `=` for an empty initial response.
fn encode_initial(initial: &[u8]) -> Option<InitialResponse> {
    if initial.is_empty() {
        return InitialResponse::new("=").ok();
    }
    InitialResponse::new(base64::encode(initial).as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_not_shown() {
        let message = Message(b"swordfish".to_vec().into());
        assert_eq!(alloc::format!("{message:?}"), "Message(…)");
    }
}
