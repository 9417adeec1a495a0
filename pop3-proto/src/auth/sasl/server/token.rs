//! OAUTHBEARER and XOAUTH2: what the client's message says, and what a refusal does.

use super::super::SaslError;
use super::super::bearer::{END, pairs, token};
use super::super::prepare::lenient_user;
use super::super::scram::Header;
use super::password::user;
use crate::secret::Secret;
use crate::types::UserName;

/// Which of the two it is.
#[derive(Clone, Copy)]
pub(super) enum Bearer {
    OauthBearer,
    Xoauth2,
}

impl Bearer {
    /// The mailbox, if the client named one, and the token.
    pub(super) fn read(self, message: &[u8]) -> Result<(Option<UserName>, Secret), SaslError> {
        match self {
            Self::OauthBearer => oauth_bearer(message),
            Self::Xoauth2 => xoauth2(message),
        }
    }

    /// Why the token is refused, in JSON: no more than that it is (RFC 7628, section 3.2.2).
    pub(super) const fn refusal(self) -> &'static [u8] {
        match self {
            Self::OauthBearer => br#"{"status":"invalid_token"}"#,
            Self::Xoauth2 => br#"{"status":"401","schemes":"bearer","scope":""}"#,
        }
    }
}

/// A GS2 header, an octet 1, pairs of which `auth` is needed and others are left alone, an octet 1
/// (RFC 7628, section 3.1).
fn oauth_bearer(message: &[u8]) -> Result<(Option<UserName>, Secret), SaslError> {
    let end = memchr::memchr(END, message).ok_or(SaslError::Malformed)?;
    let header = core::str::from_utf8(&message[..end]).map_err(|_| SaslError::Malformed)?;
    let header = Header::split(header)?;
    // Nothing stands behind the header, and nothing is bound by a token.
    if !header.rest.is_empty() || !matches!(header.flag, "n" | "y") {
        return Err(SaslError::Malformed);
    }
    let mut auth = pairs(&message[end + 1..])?.filter(|(key, _)| *key == b"auth");
    let (Some((_, value)), None) = (auth.next(), auth.next()) else {
        return Err(SaslError::Malformed);
    };
    Ok((header.authorization.map(lenient_user).transpose()?, token(value)?))
}

/// `user=`name, an octet 1, `auth=Bearer `token, two octets 1.
fn xoauth2(message: &[u8]) -> Result<(Option<UserName>, Secret), SaslError> {
    let mut pairs = pairs(message)?;
    match (pairs.next(), pairs.next(), pairs.next()) {
        (Some((b"user", name)), Some((b"auth", value)), None) => {
            Ok((Some(user(name)?), token(value)?))
        }
        _ => Err(SaslError::Malformed),
    }
}
