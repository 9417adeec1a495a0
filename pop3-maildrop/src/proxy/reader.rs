//! The header of the PROXY protocol.

use std::net::SocketAddr;

use proxy_header::{Error, ParseConfig, Protocol, ProxyHeader};

/// What version 1 begins with.
const V1: &[u8] = b"PROXY ";
/// The longest header of version 1, CRLF included.
const V1_LONGEST: usize = 107;
/// What version 2 begins with.
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// How long a header of version 2 is, without what it announces at its end.
const V2_SHORTEST: usize = 16;

/// Whom a load balancer speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Client {
    /// A client that has connected to it.
    Remote {
        /// The client's address.
        source: SocketAddr,
        /// The address that the client has connected to.
        destination: SocketAddr,
        /// Whether the client's way to the load balancer is encrypted, by what that says; version 1
        /// cannot say it.
        tls: bool,
    },
    /// Itself, to see whether the server is well; or a client whose address it does not tell.
    Local,
}

/// Why octets are no header of the PROXY protocol. The connection is to be closed without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidProxyHeader {
    /// They do not begin like one.
    #[error("no PROXY header where one has to stand")]
    Missing,
    /// They begin like one, and then break its rules.
    #[error("the PROXY header is malformed")]
    Malformed,
    /// It is longer than this server reads.
    #[error("the PROXY header is too long")]
    TooLong,
    /// It speaks of datagrams.
    #[error("the PROXY header is not for a stream")]
    Datagram,
}

/// Reads the header of the PROXY protocol, version 1 or 2, however it is cut. It holds at most
/// [`ProxyReader::LONGEST`] octets.
#[derive(Clone, Debug, Default)]
pub struct ProxyReader {
    held: Vec<u8>,
}

impl ProxyReader {
    /// The longest header that is read, in octets. Version 1 has at most 107; version 2 could have
    /// 65,551, but has hundreds where it tells of certificates.
    pub const LONGEST: usize = 4_096;

    /// A reader at the start of a connection.
    #[must_use]
    pub const fn new() -> Self {
        Self { held: Vec::new() }
    }

    /// Takes the next octets: how many of them belong to the header, and what it says once it is
    /// complete. What is left over belongs to the session, or to its TLS handshake. Not to be
    /// called again after the header was complete, or an error.
    ///
    /// # Errors
    /// As soon as the octets cannot become a header any more.
    pub fn push(&mut self, octets: &[u8]) -> Result<(usize, Option<Client>), InvalidProxyHeader> {
        let before = self.held.len();
        let piece = &octets[..octets.len().min(Self::LONGEST - before.min(Self::LONGEST))];
        self.held.extend_from_slice(piece);
        let announced = self.announced()?;
        match ProxyHeader::parse(&self.held, ParseConfig::default()) {
            Ok((header, length)) => {
                if self.is_v1() && length > V1_LONGEST {
                    return Err(InvalidProxyHeader::TooLong);
                }
                Ok((length.saturating_sub(before), Some(client(&header)?)))
            }
            Err(Error::BufferTooShort) if announced.is_none_or(|all| self.held.len() < all) => {
                Ok((piece.len(), None))
            }
            Err(_) if self.is_v1() && self.held.len() >= V1_LONGEST => {
                Err(InvalidProxyHeader::TooLong)
            }
            Err(_) => Err(InvalidProxyHeader::Malformed),
        }
    }

    /// How long a header of version 2 says it is; what is wrong before a header is complete.
    fn announced(&self) -> Result<Option<usize>, InvalidProxyHeader> {
        let begins = |start: &[u8]| {
            let common = self.held.len().min(start.len());
            self.held[..common] == start[..common]
        };
        if !begins(V1) && !begins(V2) {
            return Err(InvalidProxyHeader::Missing);
        }
        match self.held.get(V2_SHORTEST - 2..V2_SHORTEST) {
            Some(&[high, low]) if !self.is_v1() => {
                let all = V2_SHORTEST + usize::from(u16::from_be_bytes([high, low]));
                if all > Self::LONGEST { Err(InvalidProxyHeader::TooLong) } else { Ok(Some(all)) }
            }
            _ => Ok(None),
        }
    }

    fn is_v1(&self) -> bool {
        self.held.starts_with(&V1[..1])
    }
}

fn client(header: &ProxyHeader<'_>) -> Result<Client, InvalidProxyHeader> {
    let Some(address) = header.proxied_address() else { return Ok(Client::Local) };
    if address.protocol != Protocol::Stream {
        return Err(InvalidProxyHeader::Datagram);
    }
    let tls = header.ssl().is_some_and(|ssl| ssl.client_ssl());
    Ok(Client::Remote { source: address.source, destination: address.destination, tls })
}
