//! What a server's half needs to be told.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::super::{ChannelBinding, NONCE};
use crate::auth::{Channel, Timestamp};

/// What a mechanism cannot know by itself: randomness, the host's name, the TLS channel.
#[derive(Clone)]
#[non_exhaustive]
pub struct ServerSetup {
    /// From a secure random source, used for this exchange alone.
    pub nonce: [u8; NONCE],
    /// The name that stands in CRAM-MD5's challenge.
    pub host: String,
    /// What names the TLS channel, in any order; the client chooses. Empty where no -PLUS is
    /// offered: only then is a client believed that says it was not offered any.
    pub bindings: Vec<ChannelBinding>,
    /// The client's certificate in DER, if it showed one and TLS has verified it.
    pub certificate: Option<Vec<u8>>,
    /// What the salts of unknown users are made with: random, secret, and the same for all exchanges
    /// of a server.
    pub decoy_key: Zeroizing<[u8; 32]>,
}

impl ServerSetup {
    /// For a connection without TLS, or without what it could give.
    #[must_use]
    pub fn new(nonce: [u8; NONCE], host: impl Into<String>, decoy_key: [u8; 32]) -> Self {
        Self {
            nonce,
            host: host.into(),
            bindings: Vec::new(),
            certificate: None,
            decoy_key: Zeroizing::new(decoy_key),
        }
    }

    /// With all that a TLS session gives: what it can be bound by, and the client's certificate.
    #[must_use]
    pub fn within(mut self, channel: &Channel) -> Self {
        self.bindings = ChannelBinding::all(channel);
        self.certificate.clone_from(&channel.peer_certificate);
        self
    }

    /// The challenge of CRAM-MD5.
    pub(super) fn timestamp(&self) -> Timestamp {
        let mut octets = [0; 16];
        for (octet, random) in octets.iter_mut().zip(self.nonce) {
            *octet = random;
        }
        Timestamp::fresh(u128::from_be_bytes(octets), &self.host)
    }
}

impl fmt::Debug for ServerSetup {
    /// Shows nothing that is random.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSetup")
            .field("host", &self.host)
            .field("bindings", &self.bindings)
            .finish_non_exhaustive()
    }
}
