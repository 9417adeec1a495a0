//! What TLS knows and a login may need.

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

/// What a TLS session hands to the session within it: what SASL mechanisms bind to, and who the
/// peer is.
///
/// `Debug` shows nothing of it but what is there.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Channel {
    /// The channel binding `tls-exporter` (RFC 9266, section 2): 32 octets that both ends of this
    /// TLS session, and nobody else, can compute.
    pub exporter: Option<Zeroizing<Vec<u8>>>,
    /// The channel binding `tls-server-end-point` (RFC 5929, section 4): a hash of the server's
    /// certificate.
    pub server_end_point: Option<Vec<u8>>,
    /// The certificate that the peer has shown and that was verified, in DER.
    pub peer_certificate: Option<Vec<u8>>,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("exporter", &self.exporter.is_some())
            .field("server_end_point", &self.server_end_point.is_some())
            .field("peer_certificate", &self.peer_certificate.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_tells_what_is_there_and_nothing_of_it() {
        let exporter = Some(alloc::vec![42; 32].into());
        let channel = Channel { exporter, ..Channel::default() };
        let shown = alloc::format!("{channel:?}");
        assert!(shown.contains("exporter: true") && shown.contains("peer_certificate: false"));
        assert!(!shown.contains("42"), "{shown}");
    }
}
