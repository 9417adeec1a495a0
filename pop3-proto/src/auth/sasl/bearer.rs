//! Bearer tokens in OAUTHBEARER (RFC 7628) and XOAUTH2: `key=value` pairs, each ended by an octet 1.

use super::error::SaslError;
use crate::secret::Secret;

/// What ends each pair, and once more the message.
pub(super) const END: u8 = 1;

/// Whether a token has only what RFC 6750, section 2.1, allows in spirit: issuers do use characters
/// beyond its letter, but none can use white space or control characters.
pub(super) fn is_token(token: &[u8]) -> bool {
    !token.is_empty() && token.iter().all(u8::is_ascii_graphic)
}

/// The pairs of a message; an error unless each is ended, and the message too.
pub(super) fn pairs(message: &[u8]) -> Result<impl Iterator<Item = (&[u8], &[u8])>, SaslError> {
    let pairs = message.strip_suffix(&[END, END]).ok_or(SaslError::Malformed)?;
    let well_formed = pairs.split(|octet| *octet == END).all(|pair| split(pair).is_some());
    if !well_formed {
        return Err(SaslError::Malformed);
    }
    Ok(pairs.split(|octet| *octet == END).filter_map(split))
}

fn split(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = memchr::memchr(b'=', pair)?;
    Some((&pair[..equals], &pair[equals + 1..]))
}

/// The token in the value of `auth`: the scheme in whatever case, a space, the token.
pub(super) fn token(value: &[u8]) -> Result<Secret, SaslError> {
    let space = memchr::memchr(b' ', value).ok_or(SaslError::Malformed)?;
    let (scheme, token) = (&value[..space], value[space..].trim_ascii_start());
    if !scheme.eq_ignore_ascii_case(b"Bearer") || !is_token(token) {
        return Err(SaslError::Token);
    }
    Secret::new(token).map_err(|_| SaslError::Token)
}
