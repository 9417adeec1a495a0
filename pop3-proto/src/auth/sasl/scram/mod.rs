//! SCRAM (RFC 5802, RFC 7677): both sides prove that they know the password's keys, and neither
//! sends them.
//!
//! ```text
//! C: n,,n=user,r=<client's nonce>
//! S: r=<client's nonce><server's nonce>,s=<salt>,i=<iterations>
//! C: c=<Base64 of "n,," and the channel binding>,r=<both nonces>,p=<client's proof>
//! S: v=<server's signature>
//! C: (nothing)
//! ```

mod client;
mod hash;
mod keys;
mod message;
mod server;

pub(super) use client::ScramClient;
pub use hash::ScramHash;
pub use keys::ScramKeys;
pub(super) use message::{Gs2, Header, escape};
pub(super) use server::ScramServer;

/// What both signatures are made over, beside the keys.
struct AuthMessage<'a> {
    /// The first message without its GS2 header, as it was sent.
    client_first_bare: &'a [u8],
    /// The server's answer, as it was sent.
    server_first: &'a [u8],
    /// The last message up to the proof.
    without_proof: &'a [u8],
}

impl AuthMessage<'_> {
    /// A signature: HMAC with that key over all three, with commas between them.
    fn sign(&self, hash: ScramHash, key: &[u8]) -> hash::Digest {
        let parts = [self.client_first_bare, b",", self.server_first, b",", self.without_proof];
        hash.hmac(key, &parts)
    }
}
