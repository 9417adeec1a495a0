//! Where a server is.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::str::FromStr;

/// POP3's port, for clear text and STLS (RFC 1939, section 3).
const PORT: u16 = 110;
/// POP3's port in TLS from the start (RFC 8314, section 7.3).
pub(super) const TLS_PORT: u16 = 995;

/// The host of a server, by name or address, and its port.
///
/// ```
/// use pop3_proto::adapter::Endpoint;
/// let endpoint: Endpoint = "pop.example.org:995".parse()?;
/// assert_eq!((endpoint.host(), endpoint.port()), ("pop.example.org", 995));
/// let local: Endpoint = "[::1]:1110".parse()?;
/// assert_eq!(local.host(), "::1");
/// # Ok::<(), pop3_proto::adapter::InvalidEndpoint>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    host: String,
    port: u16,
}

/// Why a text is no [`Endpoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEndpoint {
    /// There is no host, or it holds characters that no host has.
    #[error("the server is written HOST[:PORT]; an IPv6 address in brackets")]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
}

impl Endpoint {
    /// A host, by name or by address (without brackets), and a port.
    ///
    /// # Errors
    /// When no host can have that name, or the port is 0.
    pub fn new(host: &str, port: u16) -> Result<Self, InvalidEndpoint> {
        let odd = |c: char| c.is_whitespace() || c.is_control() || "/@[]\"<>\\".contains(c);
        let name = !host.contains(':') || host.parse::<IpAddr>().is_ok();
        if host.is_empty() || host.len() > 255 || host.contains(odd) || !name {
            return Err(InvalidEndpoint::Host);
        }
        if port == 0 {
            return Err(InvalidEndpoint::Port);
        }
        Ok(Self { host: host.to_owned(), port })
    }

    /// The name or the address.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    /// Parses `HOST[:PORT]`; without a port it is 110.
    fn from_str(text: &str) -> Result<Self, InvalidEndpoint> {
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or(InvalidEndpoint::Host)?;
            (host, rest.strip_prefix(':').or((!rest.is_empty()).then_some("x")))
        } else {
            match text.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            }
        };
        let port = match port {
            Some(port) => port.parse().map_err(|_| InvalidEndpoint::Port)?,
            None => PORT,
        };
        Self::new(host, port)
    }
}

impl TryFrom<&str> for Endpoint {
    type Error = InvalidEndpoint;

    fn try_from(text: &str) -> Result<Self, InvalidEndpoint> {
        text.parse()
    }
}

impl TryFrom<(&str, u16)> for Endpoint {
    type Error = InvalidEndpoint;

    fn try_from((host, port): (&str, u16)) -> Result<Self, InvalidEndpoint> {
        Self::new(host, port)
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_parsed() {
        for text in ["pop.example.org:110", "127.0.0.1:1110", "[::1]:995"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        assert_eq!("localhost".parse::<Endpoint>().unwrap().port(), PORT);
        assert_eq!("[::1]".parse::<Endpoint>().unwrap().port(), PORT);
    }

    #[test]
    fn hosts_may_come_with_their_ports_or_as_addresses() {
        let text = |endpoint: Endpoint| {
            let host = endpoint.host().to_owned();
            assert_eq!(Endpoint::new(&host, endpoint.port()).as_ref(), Ok(&endpoint));
            endpoint.to_string()
        };
        assert_eq!(text(("localhost", 1110).try_into().unwrap()), "localhost:1110");
        assert_eq!(text("localhost:1110".try_into().unwrap()), "localhost:1110");
        let address: SocketAddr = "[::1]:1110".parse().unwrap();
        assert_eq!(text(address.into()), "[::1]:1110");
        assert_eq!(Endpoint::try_from(("localhost", 0)), Err(InvalidEndpoint::Port));
        assert!(Endpoint::new(&"h".repeat(255), 1).is_ok());
        assert_eq!(Endpoint::new(&"h".repeat(256), 1), Err(InvalidEndpoint::Host));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for bad in ["", ":110", "a b", "a\r\nQUIT", "::1", "[::1", "x@y:1", "a/b", "[a:b]:1"] {
            assert_eq!(bad.parse::<Endpoint>().unwrap_err(), InvalidEndpoint::Host, "{bad}");
        }
        for bad in ["a:0", "a:65536", "a:", "a:-1", "[::1]1"] {
            assert_eq!(bad.parse::<Endpoint>().unwrap_err(), InvalidEndpoint::Port, "{bad}");
        }
    }
}
