//! Passwords and other octets that nobody may see.

use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Why octets cannot be sent as a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSecret {
    /// PASS needs an argument (RFC 1939, section 7).
    #[error("the password is empty")]
    Empty,
    /// CR, LF or NUL would end the line early, or start another command.
    #[error("the password holds a line end or NUL")]
    LineEnd,
}

/// A password or another secret that fits a command line: at least one octet, and neither CR, LF
/// nor NUL.
///
/// It is shown nowhere (`Debug` prints a placeholder, there is no `Display`), compared in constant
/// time and wiped from memory when dropped.
///
/// ```
/// use pop3_proto::Secret;
/// let password = Secret::new("a b  c ")?;
/// assert_eq!(format!("{password:?}"), "Secret(…)");
/// assert!(Secret::new("x\r\nDELE 1").is_err());
/// # Ok::<(), pop3_proto::InvalidSecret>(())
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// A secret from its octets.
    ///
    /// # Errors
    /// When it is empty or holds CR, LF or NUL.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, InvalidSecret> {
        let secret = secret.as_ref();
        if secret.is_empty() {
            Err(InvalidSecret::Empty)
        } else if secret.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
            Err(InvalidSecret::LineEnd)
        } else {
            Ok(Self(Zeroizing::new(secret.to_vec())))
        }
    }

    /// The octets themselves: for whoever checks them, and nobody else.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for Secret {
    /// Compares in a time that depends on the lengths alone.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_nothing_are_refused() {
        assert_eq!(Secret::new("").unwrap_err(), InvalidSecret::Empty);
        for bad in ["a\rb", "a\nb", "a\0b"] {
            assert_eq!(Secret::new(bad).unwrap_err(), InvalidSecret::LineEnd);
        }
    }

    #[test]
    fn equality_is_by_content() {
        let one = Secret::new("one").unwrap();
        assert_eq!(one, one.clone());
        assert_ne!(one, Secret::new("on").unwrap());
        assert_ne!(one, Secret::new("onf").unwrap());
        assert_eq!(alloc::format!("{one:?}"), "Secret(…)");
    }
}
