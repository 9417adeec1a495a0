//! One TLS connection, of either side.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::sign::CertifiedKey;
use rustls::{CommonState, ProtocolVersion};
use zeroize::Zeroizing;

use super::end_point::server_end_point;
use crate::auth::Channel;

/// One TLS connection that is to be, or is: what [`ClientTls`](super::ClientTls) and
/// [`ServerTls`](super::ServerTls) make, and a [`Pipe`](crate::Pipe) speaks.
///
/// What it tells is known once the handshake is done.
pub struct TlsConnection {
    rustls: rustls::Connection,
    /// The server's own certificate, as the handshake chose it; that of the peer is in rustls.
    own: Option<Chosen>,
    /// Whether TLS 1.2 is spoken with an extended master secret only (RFC 7627).
    extended: bool,
}

/// Which certificate the handshake chose.
pub(super) type Chosen = Arc<OnceLock<Arc<CertifiedKey>>>;

impl TlsConnection {
    pub(super) fn client(rustls: rustls::ClientConnection, extended: bool) -> Self {
        Self { rustls: rustls.into(), own: None, extended }
    }

    pub(super) fn server(
        rustls: rustls::ServerConnection,
        certificate: Chosen,
        extended: bool,
    ) -> Self {
        Self { rustls: rustls.into(), own: Some(certificate), extended }
    }

    pub(super) const fn rustls(&mut self) -> &mut rustls::Connection {
        &mut self.rustls
    }

    pub(super) const fn is_server(&self) -> bool {
        self.own.is_some()
    }

    fn state(&self) -> &CommonState {
        &self.rustls
    }

    /// The protocol's version by its usual name, such as `TLSv1.3`.
    #[must_use]
    pub fn version(&self) -> Option<&'static str> {
        match self.state().protocol_version()? {
            ProtocolVersion::TLSv1_3 => Some("TLSv1.3"),
            ProtocolVersion::TLSv1_2 => Some("TLSv1.2"),
            other => other.as_str(),
        }
    }

    /// The cipher suite by its registered name, such as `TLS_AES_128_GCM_SHA256`.
    #[must_use]
    pub fn cipher_suite(&self) -> Option<String> {
        let suite = self.state().negotiated_cipher_suite()?.suite();
        // The registry has no number in the names of TLS 1.3; rustls has.
        Some(suite.as_str()?.replacen("TLS13_", "TLS_", 1))
    }

    /// The peer's certificate as DER: the server's, or the one that a client has shown, which is
    /// what SASL EXTERNAL goes by. It has been verified.
    #[must_use]
    pub fn peer_certificate(&self) -> Option<&[u8]> {
        Some(self.state().peer_certificates()?.first()?)
    }

    /// What the session within may need of it: what SASL mechanisms bind themselves to, and who the
    /// peer is. A [`Pipe`](crate::Pipe) hands it to its connection.
    ///
    /// `tls-exporter` is not there in TLS 1.2, unless it was configured with an extended master
    /// secret: without one, two connections can be made to agree on it (RFC 9266, section 4.1).
    /// `tls-server-end-point` is not there when the certificate's signature has no hash function
    /// of its own, as with Ed25519 (RFC 5929, section 4.1).
    #[must_use]
    pub fn channel(&self) -> Channel {
        let certificate = match &self.own {
            Some(own) => own.get().and_then(|own| own.cert.first()).map(|own| &own[..]),
            None => self.peer_certificate(),
        };
        let unique =
            self.extended || self.state().protocol_version() == Some(ProtocolVersion::TLSv1_3);
        Channel {
            exporter: unique.then(|| self.exporter()).flatten(),
            server_end_point: certificate.and_then(server_end_point),
            peer_certificate: self.peer_certificate().map(<[u8]>::to_vec),
        }
    }

    /// RFC 9266, section 2.
    fn exporter(&self) -> Option<Zeroizing<Vec<u8>>> {
        let mut exporter = Zeroizing::new(vec![0; 32]);
        let label = b"EXPORTER-Channel-Binding";
        self.rustls.export_keying_material(&mut exporter[..], label, Some(&[])).ok()?;
        Some(exporter)
    }
}

impl fmt::Debug for TlsConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConnection")
            .field("version", &self.version())
            .field("cipher_suite", &self.cipher_suite())
            .finish_non_exhaustive()
    }
}
