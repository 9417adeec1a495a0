//! The free text behind a status indicator.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

/// Why octets cannot stand in a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text of a reply holds a line end or NUL")]
pub struct InvalidText;

/// One line of free text: it cannot hold CR, LF or NUL, so it cannot become a second reply.
///
/// What a server says is kept octet for octet and shown (`Display`) with control characters
/// escaped, so that a hostile server cannot move the cursor of a terminal.
///
/// ```
/// use pop3_proto::Text;
/// assert_eq!(Text::new("maildrop locked")?.to_string(), "maildrop locked");
/// assert_eq!(Text::new(b"beep \x07".as_slice())?.to_string(), "beep \\u{7}");
/// assert!(Text::new("a\r\n+OK").is_err());
/// # Ok::<(), pop3_proto::InvalidText>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Text(Cow<'static, [u8]>);

impl Text {
    /// No text at all.
    pub const EMPTY: Self = Self(Cow::Borrowed(b""));

    /// A text from octets.
    ///
    /// # Errors
    /// When they hold CR, LF or NUL.
    pub fn new(text: impl AsRef<[u8]>) -> Result<Self, InvalidText> {
        let text = text.as_ref();
        if text.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
            return Err(InvalidText);
        }
        Ok(Self(Cow::Owned(text.to_vec())))
    }

    /// A text known when the program is compiled; a literal with a line end does not compile in a
    /// `const`, and panics elsewhere.
    ///
    /// # Panics
    /// When the literal holds CR, LF or NUL.
    #[must_use]
    pub const fn literal(text: &'static str) -> Self {
        let octets = text.as_bytes();
        let mut at = 0;
        while at < octets.len() {
            assert!(!matches!(octets[at], b'\r' | b'\n' | 0), "a line end in the text of a reply");
            at += 1;
        }
        Self(Cow::Borrowed(octets))
    }

    /// A text from anything, with what cannot stand in a line replaced by a space.
    #[must_use]
    pub fn lossy(text: &str) -> Self {
        let cleaned: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self(Cow::Owned(cleaned.into_bytes()))
    }

    /// The octets of the text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        for c in String::from_utf8_lossy(&self.0).chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_one_line() {
        for bad in ["a\rb", "a\nb", "a\0b"] {
            assert_eq!(Text::new(bad), Err(InvalidText));
        }
        assert_eq!(Text::lossy("a\r\nb\0"), Text::literal("a  b "));
    }

    #[test]
    #[should_panic(expected = "a line end")]
    fn no_literal_has_a_line_end() {
        let _ = Text::literal("a\nb");
    }
}
