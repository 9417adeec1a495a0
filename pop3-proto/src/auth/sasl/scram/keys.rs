//! What a server stores instead of a password (RFC 5802, section 3).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::ops::RangeInclusive;
use core::str::FromStr;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::super::base64;
use super::super::error::SaslError;
use super::super::prepare::prepared_password;
use super::hash::{Digest, ScramHash};
use crate::secret::Secret;
use crate::types::UserName;

/// Salt, iterations, `StoredKey` and `ServerKey`: enough to check who knows the password, and to prove to
/// them that one is the right server, yet not the password.
///
/// Whoever sees them can guess passwords offline and can pose as the server, so `Debug` does not show
/// them.
///
/// Stored as Dovecot's passwd-file stores them behind `{SCRAM-SHA-256}` and its like,
/// `iterations,salt,StoredKey,ServerKey`, the last three in Base64:
///
/// ```
/// use pop3_proto::Secret;
/// use pop3_proto::auth::sasl::{ScramHash, ScramKeys};
/// // The example of RFC 7677, whose password is "pencil".
/// let stored = "4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,\
///               wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
/// let keys: ScramKeys = stored.parse()?;
/// assert_eq!((keys.hash(), keys.iterations()), (ScramHash::Sha256, 4096));
/// assert!(keys.matches(&Secret::new("pencil").unwrap()));
/// assert_eq!(keys.expose().as_str(), stored);
/// # Ok::<(), pop3_proto::auth::sasl::SaslError>(())
/// ```
#[derive(Clone)]
pub struct ScramKeys {
    hash: ScramHash,
    salt: Vec<u8>,
    iterations: u32,
    stored_key: Digest,
    server_key: Digest,
}

impl ScramKeys {
    /// How many iterations are taken, by a client from a server as well. Fewer than the least would
    /// make guessing too easy (RFC 5802, section 5.1); the most keep a processor busy for seconds,
    /// and are more than anybody recommends for PBKDF2 so far.
    pub const ITERATIONS: RangeInclusive<u32> = 4096..=2_000_000;

    /// The longest salt, in octets.
    pub const MAX_SALT: usize = 1024;

    /// The longest message of an exchange, in octets.
    pub const MAX_MESSAGE: usize = 4096;

    /// The keys of a password. Takes as long as the iterations demand.
    ///
    /// # Errors
    /// When the salt is empty or longer than [`MAX_SALT`](Self::MAX_SALT), the iterations are not
    /// within [`ITERATIONS`](Self::ITERATIONS), or the password cannot be
    /// [prepared](super::super::prepared_password).
    pub fn derive(
        hash: ScramHash,
        password: &Secret,
        salt: &[u8],
        iterations: u32,
    ) -> Result<Self, SaslError> {
        check(salt, iterations.into())?;
        let (client_key, server_key) = keys(hash, password, salt, iterations)?;
        let stored_key = hash.hash(&client_key);
        Ok(Self { hash, salt: salt.to_vec(), iterations, stored_key, server_key })
    }

    /// Keys that no password has, for a user who is unknown or has none of this kind: with a salt
    /// that is the same whenever the same name is tried, so that nothing tells it from a known one
    /// (RFC 5802, section 9).
    ///
    /// `key` is to be secret and random, and the same for as long as known users keep their salts.
    /// `iterations` is to be what known users have.
    #[must_use]
    pub fn decoy(hash: ScramHash, key: &[u8; 32], user: &UserName, iterations: u32) -> Self {
        let made = |what: &[u8]| {
            hash.hmac(key, &[what, hash.mechanism().as_bytes(), b"\0", user.as_str().as_bytes()])
        };
        Self {
            hash,
            salt: made(b"salt\0").iter().copied().take(Self::DECOY_SALT).collect(),
            iterations: iterations.clamp(*Self::ITERATIONS.start(), *Self::ITERATIONS.end()),
            stored_key: made(b"stored key\0"),
            server_key: made(b"server key\0"),
        }
    }

    /// The octets of a decoy's salt, as most implementations have them.
    pub const DECOY_SALT: usize = 16;

    /// Whether they are the keys of this password. Takes as long as the iterations demand, also when
    /// they are not.
    #[must_use]
    pub fn matches(&self, password: &Secret) -> bool {
        keys(self.hash, password, &self.salt, self.iterations)
            .is_ok_and(|(client_key, _)| self.hash.hash(&client_key).ct_eq(&self.stored_key).into())
    }

    /// The hash function, and so the mechanism, that they are for.
    #[must_use]
    pub const fn hash(&self) -> ScramHash {
        self.hash
    }

    /// How often the password is hashed.
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        self.iterations
    }

    /// What the password is salted with.
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// The text to store; for whoever stores it, and nobody else.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(256 + 2 * self.salt.len()));
        let _ = write!(text, "{}", self.iterations);
        for octets in [&self.salt, &*self.stored_key, &*self.server_key] {
            text.push(',');
            text.push_str(&base64::encode(octets));
        }
        text
    }

    /// Whether a `ClientKey` is the right one, compared in constant time.
    pub(super) fn is_client_key(&self, client_key: &[u8]) -> bool {
        self.hash.hash(client_key).ct_eq(&self.stored_key).into()
    }

    pub(super) fn stored_key(&self) -> &[u8] {
        &self.stored_key
    }

    pub(super) fn server_key(&self) -> &[u8] {
        &self.server_key
    }
}

/// Refuses salts and iterations beyond the limits.
pub(super) fn check(salt: &[u8], iterations: u64) -> Result<u32, SaslError> {
    if !(1..=ScramKeys::MAX_SALT).contains(&salt.len()) {
        return Err(SaslError::Salt);
    }
    match u32::try_from(iterations) {
        Ok(few) if few < *ScramKeys::ITERATIONS.start() => {
            Err(SaslError::TooFewIterations(iterations))
        }
        Ok(fine) if fine <= *ScramKeys::ITERATIONS.end() => Ok(fine),
        _ => Err(SaslError::TooManyIterations(iterations)),
    }
}

/// `ClientKey` and `ServerKey`.
pub(super) fn keys(
    hash: ScramHash,
    password: &Secret,
    salt: &[u8],
    iterations: u32,
) -> Result<(Digest, Digest), SaslError> {
    let password = prepared_password(password)?;
    let salted = hash.salted(password.expose(), salt, iterations);
    Ok((hash.hmac(&salted, &[b"Client Key"]), hash.hmac(&salted, &[b"Server Key"])))
}

impl FromStr for ScramKeys {
    type Err = SaslError;

    /// Reads what [`expose`](Self::expose) wrote; the length of the keys tells the hash function.
    fn from_str(text: &str) -> Result<Self, SaslError> {
        let mut fields = text.split(',');
        let mut next = || fields.next().ok_or(SaslError::StoredKeys);
        let iterations = super::message::number(next()?).ok_or(SaslError::StoredKeys)?;
        let mut octets = || base64::decode(next()?.as_bytes()).ok_or(SaslError::StoredKeys);
        let (salt, stored_key, server_key) = (octets()?, octets()?, octets()?);
        let hash = ScramHash::ALL.into_iter().find(|hash| hash.length() == stored_key.len());
        match hash {
            Some(hash) if server_key.len() == hash.length() && fields.next().is_none() => {
                let iterations = check(&salt, iterations)?;
                Ok(Self { hash, salt: salt.to_vec(), iterations, stored_key, server_key })
            }
            _ => Err(SaslError::StoredKeys),
        }
    }
}

impl fmt::Debug for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScramKeys({}, …)", self.hash.mechanism())
    }
}
