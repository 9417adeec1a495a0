//! AUTH: the frame around a SASL mechanism (RFC 5034, section 4). What the messages mean is for the
//! host to say.

use base64ct::{Base64, Encoding};
use bytes::BytesMut;

use crate::auth::{SaslResponse, sends_secret};
use crate::command::{InitialResponse, Mechanism};
use crate::error::ApiMisuse;
use crate::server::action::{Action, AuthenticateTicket};
use crate::server::answer::AnswerError;
use crate::server::connection::{Asked, Connection, Doing};
use crate::server::remark::Remark;

impl Connection {
    /// Answers [`Action::Sasl`] by a challenge, possibly empty; what the client responds comes as
    /// another [`Action::Sasl`]. What a mechanism has to say in the end goes into a challenge, too,
    /// since `+OK` carries nothing (RFC 5034, section 4).
    ///
    /// # Errors
    /// When the ticket does not fit.
    #[expect(clippy::needless_pass_by_value, reason = "a ticket is spent by its answer")]
    pub fn challenge(
        &mut self,
        ticket: AuthenticateTicket,
        challenge: &[u8],
    ) -> Result<(), AnswerError> {
        self.check(&ticket.0)?;
        let Doing::Asking(Asked::Sasl(mechanism)) = &self.doing else {
            return Err(ApiMisuse::ForeignTicket.into());
        };
        self.doing = Doing::Challenged(mechanism.clone());
        put_challenge(challenge, &mut self.output.buffer);
        Ok(())
    }

    /// Answers [`Action::Sasl`]: the credentials are wrong, and the mechanism says why in one more
    /// challenge, as those with tokens do (RFC 7628, section 3.2.3). Whatever the client says to that,
    /// be it a cancellation, the login has failed, and counts and is answered as such.
    ///
    /// # Errors
    /// When the ticket does not fit.
    pub fn refused_because(
        &mut self,
        ticket: AuthenticateTicket,
        reason: &[u8],
    ) -> Result<(), AnswerError> {
        self.challenge(ticket, reason)?;
        self.doing = Doing::Explained;
        Ok(())
    }

    pub(super) fn auth(&mut self, mechanism: Mechanism, initial: Option<&InitialResponse>) {
        if !self.offers_mechanism(&mechanism) {
            return self.bad_command(&Remark::NoMechanism);
        }
        let response = match initial.map(InitialResponse::expose) {
            None => None,
            Some(b"=") => Some(SaslResponse::new(Default::default())),
            Some(base64) => match SaslResponse::decode(base64) {
                Some(response) => Some(response),
                None => return self.bad_command(&Remark::NoBase64),
            },
        };
        self.ask_mechanism(mechanism, true, response);
    }

    /// What the client responds to a challenge.
    pub(super) fn response(&mut self, mechanism: Mechanism, line: &[u8], crlf: bool) {
        let response = SaslResponse::decode(line);
        if !crlf && !self.config.tolerance.bare_lf {
            self.bad_command(&Remark::LineEnd);
        } else if line == b"*" {
            self.bad_command(&Remark::Cancelled);
        } else if let Some(response) = response {
            self.forgiven += u64::from(!crlf);
            self.ask_mechanism(mechanism, false, Some(response));
        } else {
            self.bad_command(&Remark::NoBase64);
        }
    }

    fn ask_mechanism(
        &mut self,
        mechanism: Mechanism,
        begins: bool,
        response: Option<SaslResponse>,
    ) {
        let ticket = AuthenticateTicket(self.identity.clone());
        self.doing = Doing::Asking(Asked::Sasl(mechanism.clone()));
        self.actions.push_back(Action::Sasl { mechanism, begins, response, ticket });
    }

    fn offers_mechanism(&self, mechanism: &Mechanism) -> bool {
        let mut listed = self.config.capabilities.sasl_mechanisms();
        listed.any(|name| name.eq_ignore_ascii_case(mechanism.as_str()))
            && self.takes_mechanism(mechanism.as_str())
    }

    /// Whether a mechanism that is configured can be used here and now: no secret in clear text,
    /// and no channel to bind to or certificate to show where there is no TLS.
    pub(super) fn takes_mechanism(&self, name: &str) -> bool {
        let Some(channel) = &self.channel else {
            let needs_tls = name.ends_with("-PLUS") || name.eq_ignore_ascii_case("EXTERNAL");
            return !needs_tls && (self.config.cleartext_logins || !sends_secret(name));
        };
        !name.eq_ignore_ascii_case("EXTERNAL") || channel.peer_certificate.is_some()
    }

    /// Whether a secret may come over this transport.
    pub(super) const fn takes_secrets(&self) -> bool {
        self.is_in_tls() || self.config.cleartext_logins
    }
}

/// Sends `+`, a space and Base64.
fn put_challenge(challenge: &[u8], out: &mut BytesMut) {
    out.extend_from_slice(b"+ ");
    out.extend_from_slice(Base64::encode_string(challenge).as_bytes());
    out.extend_from_slice(b"\r\n");
}
