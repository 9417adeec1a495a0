//! Names and passwords as the mechanisms compare and hash them (`SASLprep`, RFC 4013).

use alloc::borrow::Cow;

use super::error::SaslError;
use crate::secret::Secret;
use crate::types::UserName;

/// A user name prepared by `SASLprep`; ASCII stays as it is.
///
/// # Errors
/// Beyond ASCII: when the feature `saslprep` is off, or the name holds what `SASLprep` prohibits.
pub fn prepared_user(user: &UserName) -> Result<UserName, SaslError> {
    match prepare(user.as_str())? {
        Cow::Borrowed(_) => Ok(user.clone()),
        Cow::Owned(prepared) => UserName::new(prepared).map_err(|_| SaslError::Prohibited),
    }
}

/// A password prepared by `SASLprep`; ASCII stays as it is.
///
/// # Errors
/// Beyond ASCII: when the feature `saslprep` is off, the password is not UTF-8, or it holds what
/// `SASLprep` prohibits.
pub fn prepared_password(password: &Secret) -> Result<Secret, SaslError> {
    let text = core::str::from_utf8(password.expose()).map_err(|_| SaslError::Password)?;
    match prepare(text)? {
        Cow::Borrowed(_) => Ok(password.clone()),
        Cow::Owned(prepared) => {
            let prepared = zeroize::Zeroizing::new(prepared);
            Secret::new(prepared.as_bytes()).map_err(|_| SaslError::Prohibited)
        }
    }
}

fn prepare(text: &str) -> Result<Cow<'_, str>, SaslError> {
    if text.is_ascii() {
        return Ok(Cow::Borrowed(text));
    }
    #[cfg(feature = "saslprep")]
    return stringprep::saslprep(text).map_err(|_| SaslError::Prohibited);
    #[cfg(not(feature = "saslprep"))]
    Err(SaslError::NotAscii)
}

/// As a server takes a user name by PLAIN, LOGIN, USER and APOP: prepared where that is built in,
/// else as it is.
pub(crate) fn lenient_user(user: UserName) -> Result<UserName, SaslError> {
    if cfg!(feature = "saslprep") { prepared_user(&user) } else { Ok(user) }
}

/// As a server of PLAIN and LOGIN takes a password: prepared where that is built in, else as it is.
pub(super) fn lenient_password(password: Secret) -> Result<Secret, SaslError> {
    if cfg!(feature = "saslprep") { prepared_password(&password) } else { Ok(password) }
}
