//! How to get to a server.

use core::time::Duration;

use crate::Pipe;
use crate::adapter::Error;
use crate::adapter::endpoint::{Endpoint, TLS_PORT};
use crate::client::exchange::{Opening, Stls};
use crate::client::{Config, Connection};

/// How a client keeps its session from being read by others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Security {
    /// [`Implicit`](Self::Implicit) at port 995, elsewhere STLS: required, unless the server is on
    /// this machine; then it is tried where it is offered.
    #[default]
    Auto,
    /// In TLS from the start (RFC 8314, section 3.1).
    Implicit,
    /// In TLS by STLS (RFC 2595, section 4); a server without it is an error.
    StartTls,
    /// In clear text.
    None,
}

/// When a password or a token may be sent in clear text, where whoever listens has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cleartext {
    /// Never.
    Never,
    /// To a server on this machine.
    #[default]
    OnLoopback,
    /// Always.
    Always,
}

/// How to get to a server. Start from [`Options::default`] and change what needs changing.
///
/// ```
/// use pop3_proto::adapter::{Options, Security};
/// let mut options = Options::default();
/// options.security = Security::Implicit;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Limits and tolerance of the session.
    pub config: Config,
    /// How the session is kept from being read by others. Default [`Security::Auto`].
    pub security: Security,
    /// How to do TLS. Default: as the system does, which decides whom to trust.
    #[cfg(feature = "tls")]
    pub tls: Option<crate::tls::ClientTls>,
    /// The name that the server's certificate has to be for, where it is not the endpoint's host:
    /// of a server that was found by insecure means, what was asked for. Default: the host.
    #[cfg(feature = "tls")]
    pub server_name: Option<String>,
    /// When secrets may be sent in clear text. Default [`Cleartext::OnLoopback`].
    pub cleartext: Cleartext,
    /// How long connecting to an address may take. Default 1 minute.
    pub connect_limit: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            config: Config::default(),
            security: Security::default(),
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "tls")]
            server_name: None,
            cleartext: Cleartext::default(),
            connect_limit: Duration::from_secs(60),
        }
    }
}

impl Options {
    /// A new session with that server, in TLS already if it is to be from the start.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn pipe(&self, endpoint: &Endpoint) -> Result<Pipe<Connection>, Error> {
        let connection = Connection::new(self.config.clone());
        if !self.implicit_tls(endpoint) {
            return Ok(Pipe::new(connection));
        }
        #[cfg(feature = "tls")]
        return Ok(Pipe::in_tls(connection, self.tls(endpoint)?));
        #[cfg(not(feature = "tls"))]
        Err(Error::TlsUnavailable)
    }

    /// Starts TLS where the session [asks for it](Connection::wants_tls).
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn start_tls(
        &self,
        pipe: &mut Pipe<Connection>,
        endpoint: Option<&Endpoint>,
    ) -> Result<(), Error> {
        #[cfg(feature = "tls")]
        if pipe.get_ref().wants_tls() && !pipe.is_handshaking() && pipe.tls_error().is_none() {
            pipe.start_tls(self.tls(endpoint.ok_or(Error::TlsUnavailable)?)?);
        }
        #[cfg(not(feature = "tls"))]
        if pipe.get_ref().wants_tls() {
            let _ = endpoint;
            return Err(Error::TlsUnavailable);
        }
        Ok(())
    }

    #[cfg(feature = "tls")]
    fn tls(&self, endpoint: &Endpoint) -> Result<crate::tls::TlsConnection, Error> {
        let name = self.server_name.as_deref().unwrap_or(endpoint.host());
        let connect = |tls: &crate::tls::ClientTls| tls.connect(name);
        Ok(match &self.tls {
            Some(tls) => connect(tls),
            None => connect(&crate::tls::ClientTls::system()?),
        }?)
    }

    /// Whether TLS begins before the greeting.
    fn implicit_tls(&self, endpoint: &Endpoint) -> bool {
        match self.security {
            Security::Implicit => true,
            Security::Auto => endpoint.port() == TLS_PORT,
            Security::StartTls | Security::None => false,
        }
    }

    /// How the session opens, by whether the server is on this machine.
    #[must_use]
    pub fn opening(&self, loopback: bool) -> Opening {
        Opening::with_stls(match self.security {
            Security::StartTls => Stls::Required,
            Security::Auto if loopback => Stls::IfOffered,
            Security::Auto => Stls::Required,
            // In TLS already, or not at all.
            Security::Implicit | Security::None => Stls::Never,
        })
    }

    /// Whether secrets may be sent in clear text, by whether the server is on this machine.
    #[must_use]
    pub fn allows_cleartext(&self, loopback: bool) -> bool {
        match self.cleartext {
            Cleartext::Never => false,
            Cleartext::OnLoopback => loopback,
            Cleartext::Always => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::exchange::Exchange;
    use core::task::Poll;

    fn options(security: Security) -> Options {
        Options { security, ..Options::default() }
    }

    /// Whether a session with a server that lists STLS goes on in clear text, over to TLS, or ends
    /// where that is refused.
    fn opens(options: &Options, loopback: bool) -> &'static str {
        let mut connection = Connection::new(Config::default());
        let mut opening = options.opening(loopback);
        connection.receive(b"+OK\r\n");
        assert!(opening.poll(&mut connection).is_pending());
        connection.receive(b"+OK\r\nSTLS\r\n.\r\n");
        if opening.poll(&mut connection).is_ready() {
            return "clear";
        }
        connection.receive(b"-ERR not now\r\n");
        match opening.poll(&mut connection) {
            Poll::Ready(Ok(_)) => "if it can",
            Poll::Ready(Err(_)) => "TLS",
            Poll::Pending => unreachable!(),
        }
    }

    #[test]
    fn security_is_opened_with() {
        let auto = options(Security::Auto);
        assert_eq!((opens(&auto, true), opens(&auto, false)), ("if it can", "TLS"));
        for loopback in [true, false] {
            assert_eq!(opens(&options(Security::StartTls), loopback), "TLS");
            assert_eq!(opens(&options(Security::Implicit), loopback), "clear");
            assert_eq!(opens(&options(Security::None), loopback), "clear");
        }
    }

    #[test]
    fn tls_begins_with_the_connection_where_that_is_wanted_or_the_port_says_so() {
        let begins = |security, port| {
            let endpoint = Endpoint::new("pop.example.org", port).unwrap();
            options(security).implicit_tls(&endpoint)
        };
        assert!(begins(Security::Auto, TLS_PORT) && !begins(Security::Auto, 110));
        assert!(begins(Security::Implicit, TLS_PORT) && begins(Security::Implicit, 110));
        for never in [Security::None, Security::StartTls] {
            assert!(!begins(never, TLS_PORT) && !begins(never, 110));
        }
    }

    #[test]
    fn secrets_go_in_clear_text_where_that_is_allowed() {
        let allowed = |cleartext, loopback| {
            Options { cleartext, ..Options::default() }.allows_cleartext(loopback)
        };
        for loopback in [true, false] {
            assert!(!allowed(Cleartext::Never, loopback));
            assert!(allowed(Cleartext::Always, loopback));
            assert_eq!(allowed(Cleartext::OnLoopback, loopback), loopback);
        }
    }

    #[test]
    fn tls_starts_when_the_server_has_agreed_and_with_a_server_that_is_known() {
        let mut pipe = options(Security::StartTls).pipe(&endpoint()).unwrap();
        let start = |pipe: &mut Pipe<Connection>, endpoint: Option<&Endpoint>| {
            options(Security::StartTls).start_tls(pipe, endpoint)
        };
        pipe.connection().receive(b"+OK\r\n");
        start(&mut pipe, None).unwrap();
        pipe.connection().send(crate::Command::Stls).unwrap();
        pipe.connection().receive(b"+OK\r\n");
        while pipe.connection().poll().is_some() {}
        assert!(pipe.get_ref().wants_tls());
        let unknown = start(&mut pipe, None);
        assert!(matches!(unknown, Err(Error::TlsUnavailable)), "whose certificate?");
        #[cfg(not(feature = "tls"))]
        assert!(matches!(start(&mut pipe, Some(&endpoint())), Err(Error::TlsUnavailable)));
    }

    fn endpoint() -> Endpoint {
        Endpoint::new("pop.example.org", 110).unwrap()
    }

    #[cfg(feature = "tls")]
    #[test]
    fn a_handshake_begins_once() {
        let mut options = options(Security::Implicit);
        let own = rcgen::generate_simple_self_signed(["pop.example.org".into()]).unwrap();
        let roots = own.cert.pem();
        options.tls = Some(crate::tls::ClientTls::with_roots_pem(roots.as_bytes()).unwrap());
        let mut implicit = options.pipe(&endpoint()).unwrap();
        assert!(implicit.is_handshaking() && implicit.wants_write());

        options.security = Security::StartTls;
        let mut pipe = options.pipe(&endpoint()).unwrap();
        assert!(!pipe.is_handshaking());
        options.start_tls(&mut pipe, Some(&endpoint())).unwrap();
        assert!(!pipe.is_handshaking(), "nobody has asked for it");
    }
}
