//! A safe glimpse of what a peer sent, for errors.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

/// Some of what was seen, escaped and shortened, so that an error can be printed anywhere.
///
/// ```
/// use pop3_proto::Excerpt;
/// assert_eq!(Excerpt::of(b"+ERR\x1b[2J").to_string(), "+ERR\\x1b[2J");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Excerpt(Box<str>);

impl Excerpt {
    /// How many octets of the original are shown at most.
    pub const SHOWN: usize = 60;

    /// An excerpt of these octets.
    #[must_use]
    pub fn of(octets: &[u8]) -> Self {
        let mut shown = String::new();
        for octet in octets.iter().take(Self::SHOWN) {
            shown.extend(core::ascii::escape_default(*octet).map(char::from));
        }
        if octets.len() > Self::SHOWN {
            shown.push('…');
        }
        Self(shown.into())
    }

    /// The excerpt of something that may hold a secret: nothing of it.
    #[must_use]
    pub fn withheld() -> Self {
        Self("(withheld)".into())
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn excerpts_are_short_and_printable() {
        let shown = Excerpt::of(&[0xff; 10_000]).to_string();
        assert_eq!(shown.chars().count(), 4 * Excerpt::SHOWN + 1);
        assert!(shown.chars().all(|c| !c.is_control()));
        let whole = Excerpt::of(&[b'x'; Excerpt::SHOWN]);
        assert_eq!(whole.to_string(), "x".repeat(Excerpt::SHOWN), "nothing is left out");
        assert_eq!(alloc::format!("{:?}", Excerpt::of(b"a\"\n")), r#""a\"\n""#);
    }
}
