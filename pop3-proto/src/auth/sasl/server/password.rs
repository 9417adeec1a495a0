//! PLAIN, LOGIN and CRAM-MD5: what the client's messages say.

use super::super::SaslError;
use super::super::prepare::{lenient_password, lenient_user};
use crate::auth::{CramMd5Digest, Credentials, Timestamp};
use crate::secret::Secret;
use crate::types::UserName;

pub(super) use super::super::client::is_trace;

/// What a message proves, if the host finds it right.
pub(super) enum PasswordProof {
    Of(Credentials),
    /// The client would be somebody else than it proves to be, which nobody may here.
    Presumptuous,
}

/// A user name as a message carries it.
pub(super) fn user(name: &[u8]) -> Result<UserName, SaslError> {
    lenient_user(UserName::from_bytes(name).map_err(|_| SaslError::UserName)?)
}

fn password(octets: &[u8]) -> Result<Secret, SaslError> {
    lenient_password(Secret::new(octets).map_err(|_| SaslError::Password)?)
}

/// `[authorization identity] NUL authentication identity NUL password` (RFC 4616, section 2).
pub(super) fn plain(message: &[u8]) -> Result<PasswordProof, SaslError> {
    core::str::from_utf8(message).map_err(|_| SaslError::Malformed)?;
    let mut parts = message.split(|octet| *octet == 0);
    let mut next = || parts.next().ok_or(SaslError::Malformed);
    let (other, name, secret) = (next()?, next()?, next()?);
    if parts.next().is_some() {
        return Err(SaslError::Malformed);
    }
    let (name, secret) = (user(name)?, password(secret)?);
    if !other.is_empty() && user(other)? != name {
        return Ok(PasswordProof::Presumptuous);
    }
    Ok(PasswordProof::Of(Credentials::Password { user: name, password: secret }))
}

/// `user SP digest` (RFC 2195, section 2); the name may have spaces elsewhere, though not in POP3.
pub(super) fn cram_md5(message: &[u8], challenge: Timestamp) -> Result<PasswordProof, SaslError> {
    let space = memchr::memrchr(b' ', message).ok_or(SaslError::Malformed)?;
    let digest = CramMd5Digest::from_hex(&message[space + 1..]).ok_or(SaslError::Malformed)?;
    let user = user(&message[..space])?;
    Ok(PasswordProof::Of(Credentials::CramMd5 { user, challenge, digest }))
}

/// LOGIN: what was asked, and the name once it was given.
#[derive(Default)]
pub(super) enum Login {
    #[default]
    Start,
    Name,
    Password(UserName),
    Over,
}

/// Where LOGIN has come to.
pub(super) enum Asked {
    /// The next question. Clients need not read it, but some compare it with these.
    Prompt(&'static [u8]),
    /// The client has said all.
    Answered(Credentials),
}

impl Login {
    pub(super) fn step(&mut self, response: Option<&[u8]>) -> Result<Asked, SaslError> {
        match (core::mem::replace(self, Self::Over), response) {
            (Self::Start, None) => {
                *self = Self::Name;
                Ok(Asked::Prompt(b"Username:"))
            }
            // No RFC says that there is no initial response, and clients do send the name in one.
            (Self::Start | Self::Name, Some(name)) => {
                *self = Self::Password(user(name)?);
                Ok(Asked::Prompt(b"Password:"))
            }
            (Self::Password(user), Some(secret)) => {
                let password = password(secret)?;
                Ok(Asked::Answered(Credentials::Password { user, password }))
            }
            _ => Err(SaslError::Unexpected),
        }
    }
}
