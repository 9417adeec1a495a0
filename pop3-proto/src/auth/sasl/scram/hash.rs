//! The hash functions that SCRAM is defined with.

use alloc::vec;
use alloc::vec::Vec;

use hmac::{EagerHash, Hmac, KeyInit, Mac};
use sha1::{Digest as _, Sha1};
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

/// What a hash function or an HMAC yields; wiped when dropped, since most of them are keys.
pub(super) type Digest = Zeroizing<Vec<u8>>;

/// The hash function of a SCRAM mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ScramHash {
    /// SHA-1 (RFC 5802), which every SCRAM implementation has.
    Sha1,
    /// SHA-256 (RFC 7677).
    Sha256,
    /// SHA-512.
    Sha512,
}

impl ScramHash {
    /// All of them, the strongest first.
    pub const ALL: [Self; 3] = [Self::Sha512, Self::Sha256, Self::Sha1];

    /// The mechanism without channel binding: `SCRAM-SHA-256`.
    #[must_use]
    pub const fn mechanism(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha512 => "SCRAM-SHA-512",
        }
    }

    /// The mechanism with channel binding: `SCRAM-SHA-256-PLUS`.
    #[must_use]
    pub const fn mechanism_plus(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1-PLUS",
            Self::Sha256 => "SCRAM-SHA-256-PLUS",
            Self::Sha512 => "SCRAM-SHA-512-PLUS",
        }
    }

    /// The octets of a key.
    pub(super) const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    pub(super) fn hash(self, octets: &[u8]) -> Digest {
        Zeroizing::new(match self {
            Self::Sha1 => Sha1::digest(octets).to_vec(),
            Self::Sha256 => Sha256::digest(octets).to_vec(),
            Self::Sha512 => Sha512::digest(octets).to_vec(),
        })
    }

    pub(super) fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Digest {
        match self {
            Self::Sha1 => hmac::<Hmac<Sha1>>(key, parts),
            Self::Sha256 => hmac::<Hmac<Sha256>>(key, parts),
            Self::Sha512 => hmac::<Hmac<Sha512>>(key, parts),
        }
    }

    /// `SaltedPassword`: PBKDF2, as slow as the iterations demand.
    pub(super) fn salted(self, password: &[u8], salt: &[u8], iterations: u32) -> Digest {
        match self {
            Self::Sha1 => pbkdf2::<Sha1>(self, password, salt, iterations),
            Self::Sha256 => pbkdf2::<Sha256>(self, password, salt, iterations),
            Self::Sha512 => pbkdf2::<Sha512>(self, password, salt, iterations),
        }
    }
}

fn hmac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Digest {
    let mut hmac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        hmac.update(part);
    }
    Zeroizing::new(hmac.finalize().into_bytes().to_vec())
}

fn pbkdf2<D: EagerHash>(hash: ScramHash, password: &[u8], salt: &[u8], iterations: u32) -> Digest
where
    Hmac<D>: KeyInit + Mac + Clone,
{
    let mut salted = Zeroizing::new(vec![0; hash.length()]);
    pbkdf2::pbkdf2_hmac::<D>(password, salt, iterations, &mut salted);
    salted
}
