//! Where a server may be, and how to get there.

use std::fmt;

use pop3_proto::adapter::{Endpoint, Error, Options, Security};
use pop3_proto::client::exchange::Account as Credentials;
use pop3_proto::client::{Error as ProtocolError, Unfinished};
use pop3_proto::tls::{CertificateFault, TlsError};
use tracing::info;

use crate::failure::Failure;

/// A place where a server may be.
pub(crate) struct Place {
    pub(crate) endpoint: Endpoint,
    pub(crate) options: Options,
    /// How it is called in what people read.
    pub(crate) shown: String,
}

impl Place {
    /// Whether TLS begins before the greeting.
    pub(crate) fn is_implicit(&self) -> bool {
        match self.options.security {
            Security::Auto => self.endpoint.port() == 995,
            security => security == Security::Implicit,
        }
    }

    /// The name that the certificate has to be for.
    pub(crate) fn server_name(&self) -> &str {
        self.options.server_name.as_deref().unwrap_or(self.endpoint.host())
    }

    /// Makes credentials out for this place: a token goes with the name of the server that it is
    /// meant for (RFC 7628, section 3.1).
    pub(crate) fn address(&self, credentials: &mut Credentials) {
        if let Credentials::Token { server, .. } = credentials {
            *server = (self.endpoint.host().to_owned(), self.endpoint.port());
        }
    }

    /// A connection that did not come about, and what helps.
    pub(crate) fn unreachable(&self, error: &Error) -> Failure {
        match error {
            Error::Tls(fault) => {
                Failure::Server(format!("{self}: TLS: {error}{}", self.advice(fault)))
            }
            // Where the server was looked up, clear text is not to be had.
            Error::Pop3(ProtocolError::NoTls) if self.options.server_name.is_none() => {
                Failure::Server(format!(
                    "{self}: {error}; --tls none goes on in clear text, where others may read along"
                ))
            }
            // Where TLS is to begin, both wait for the other to speak.
            Error::Pop3(ProtocolError::TimedOut(Unfinished::Greeting)) => Failure::Server(format!(
                "{self}: {error}; a port in TLS from the start wants pop3s:// or --tls implicit"
            )),
            error => Failure::session(self, error),
        }
    }

    fn advice(&self, fault: &TlsError) -> String {
        match fault {
            TlsError::Certificate(CertificateFault::UnknownIssuer) => {
                "; --ca FILE says whom else to trust".into()
            }
            TlsError::Certificate(CertificateFault::WrongName { .. })
                if self.server_name() != self.endpoint.host() =>
            {
                format!(
                    "; DNS may have been forged; if {} is the right server, name it in the URL, \
                     without --srv",
                    self.endpoint.host()
                )
            }
            TlsError::ClearText => "; --tls starttls is for such ports".into(),
            _ => String::new(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// The places where a server may be.
pub(crate) struct Places {
    pub(crate) first: Place,
    /// Where to go when it is not there, in order.
    pub(crate) others: Vec<Place>,
}

impl Places {
    /// Goes from place to place until one can be reached. Whoever answers there, however badly, is
    /// the server: the search is over.
    pub(crate) fn reach<T>(
        self,
        mut connect: impl FnMut(&Place) -> Result<T, Error>,
    ) -> Result<(T, Place), Failure> {
        let mut place = self.first;
        let mut outcome = connect(&place);
        for next in self.others {
            let Err(Error::Io(error)) = &outcome else { break };
            info!(server = %place, %error, "not reached; trying the next");
            place = next;
            outcome = connect(&place);
        }
        match outcome {
            Ok(connection) => Ok((connection, place)),
            Err(error) => Err(place.unreachable(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_waits_for_tls_is_spoken_to_in_vain_and_the_advice_says_so() {
        let endpoint = Endpoint::new("localhost", 995).unwrap();
        let place = Place { endpoint, options: Options::default(), shown: "localhost".into() };
        let silent = |unfinished| Error::Pop3(ProtocolError::TimedOut(unfinished));
        let advised = |error: &Error| place.unreachable(error).to_string().contains("pop3s://");
        assert!(advised(&silent(Unfinished::Greeting)));
        assert!(!advised(&silent(Unfinished::Reply("STAT".into()))));
    }
}
