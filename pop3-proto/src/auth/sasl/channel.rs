//! Channel bindings (RFC 5056): what ties a login to the TLS channel that it goes through.

use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::auth::Channel;

/// How a channel is named. `tls-unique` is not here: TLS 1.3 has no such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BindingType {
    /// `tls-exporter` (RFC 9266): 32 octets exported from the handshake, the best where the peer
    /// has it. Only for TLS 1.3, or TLS 1.2 with the extended master secret.
    TlsExporter,
    /// `tls-server-end-point` (RFC 5929, section 4): the hash of the server's certificate, for
    /// peers that have nothing better, and behind a proxy that ends TLS.
    TlsServerEndPoint,
}

impl BindingType {
    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TlsExporter => "tls-exporter",
            Self::TlsServerEndPoint => "tls-server-end-point",
        }
    }
}

/// What both ends of one TLS channel know and nobody else's channel has.
///
/// `Debug` withholds the data.
#[derive(Clone)]
pub struct ChannelBinding {
    kind: BindingType,
    data: Zeroizing<Vec<u8>>,
}

impl ChannelBinding {
    /// `tls-exporter`, from 32 octets exported under the label `EXPORTER-Channel-Binding` with an empty
    /// context (RFC 9266, section 2).
    #[must_use]
    pub fn tls_exporter(exported: &[u8]) -> Self {
        Self { kind: BindingType::TlsExporter, data: Zeroizing::new(exported.to_vec()) }
    }

    /// `tls-server-end-point`, from the hash of the server's certificate: by the hash function of
    /// the certificate's signature, or SHA-256 where that is MD5 or SHA-1 (RFC 5929, section 4.1).
    #[must_use]
    pub fn tls_server_end_point(hash: &[u8]) -> Self {
        Self { kind: BindingType::TlsServerEndPoint, data: Zeroizing::new(hash.to_vec()) }
    }

    /// What a TLS session can be bound by, the best first.
    #[must_use]
    pub fn all(channel: &Channel) -> Vec<Self> {
        let exporter = channel.exporter.as_ref().map(|exported| Self::tls_exporter(exported));
        let end_point =
            channel.server_end_point.as_ref().map(|hash| Self::tls_server_end_point(hash));
        [exporter, end_point].into_iter().flatten().collect()
    }

    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> BindingType {
        self.kind
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }
}

impl PartialEq for ChannelBinding {
    /// Compares the data in constant time.
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.data.ct_eq(&other.data).into()
    }
}

impl Eq for ChannelBinding {}

impl fmt::Debug for ChannelBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelBinding({}, …)", self.kind.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bindings_are_alike_by_kind_and_data() {
        let one = ChannelBinding::tls_exporter(&[1; 32]);
        assert_eq!(one, ChannelBinding::tls_exporter(&[1; 32]));
        assert_ne!(one, ChannelBinding::tls_exporter(&[2; 32]));
        assert_ne!(one, ChannelBinding::tls_server_end_point(&[1; 32]));
        assert_eq!(alloc::format!("{one:?}"), "ChannelBinding(tls-exporter, …)");
    }
}
