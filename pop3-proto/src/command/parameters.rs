//! The parameters that are words of a grammar of their own.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::keyword::Keyword;
use crate::secret::Secret;
use crate::state::Shape;

/// What is wrong with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidParameter {
    /// RFC 4422, section 3.1: 1 to 20 of letters, digits, `-` and `_`.
    #[error("a SASL mechanism has 1 to 20 letters, digits, '-' and '_'")]
    Mechanism,
    /// RFC 5034, section 4: Base64, or a single `=`.
    #[error("an initial response is Base64, or '=' when it is empty")]
    InitialResponse,
    /// RFC 6856, section 3: `*` or letters, digits and `-`.
    #[error("a language range is '*' or letters, digits and '-'")]
    LanguageRange,
    /// RFC 5646, section 2.1: words of 1 to 8 letters and digits parted by `-`; at most 35 octets.
    #[error("a language tag is words of 1 to 8 letters and digits parted by '-'")]
    LanguageTag,
    /// A keyword is 3 to 12 letters and digits and not one of the vocabulary.
    #[error("the keyword of an extension has 3 to 12 letters and digits and is not taken")]
    Keyword,
    /// The arguments of an extension hold a line end or NUL, or begin or end with a space or a
    /// tab.
    #[error("the arguments of an extension hold a line end or NUL, or an outer space or tab")]
    Arguments,
}

/// The name of a SASL mechanism, in capitals (RFC 4422, section 3.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mechanism(Box<str>);

impl Mechanism {
    /// A mechanism by its name, in whatever case.
    ///
    /// # Errors
    /// When it has anything but 1 to 20 letters, digits, `-` and `_`.
    pub fn new(name: impl AsRef<[u8]>) -> Result<Self, InvalidParameter> {
        let name = name.as_ref();
        let lawful = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        match core::str::from_utf8(name) {
            Ok(text) if (1..=20).contains(&name.len()) && name.iter().all(lawful) => {
                Ok(Self(text.to_ascii_uppercase().into()))
            }
            _ => Err(InvalidParameter::Mechanism),
        }
    }

    /// The name, in capitals.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The initial response of AUTH, as it stands on the line: strict Base64, or `=` for an empty one
/// (RFC 5034, section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitialResponse(Secret);

impl InitialResponse {
    /// An initial response that is already in Base64, or `=`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn new(base64: impl AsRef<[u8]>) -> Result<Self, InvalidParameter> {
        let base64 = base64.as_ref();
        if base64 == b"=" || is_base64(base64) {
            Secret::new(base64).map(Self).map_err(|_| InvalidParameter::InitialResponse)
        } else {
            Err(InvalidParameter::InitialResponse)
        }
    }

    /// What stands on the line: for whoever decodes it, and nobody else.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}

/// Whether octets have the form of strict Base64: quanta of four, padding at the end only.
fn is_base64(octets: &[u8]) -> bool {
    let padding = octets.iter().rev().take_while(|octet| **octet == b'=').count();
    let (data, _) = octets.split_at(octets.len() - padding);
    !data.is_empty()
        && octets.len().is_multiple_of(4)
        && padding <= 2
        && data.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/'))
}

/// Which language the server's remarks shall have: a range such as `de` or `es-MX`, or `*` for the
/// server's own choice (RFC 6856, section 3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LanguageRange(Box<str>);

impl LanguageRange {
    /// A language range.
    ///
    /// # Errors
    /// When it is neither `*` nor made of letters, digits and `-`.
    pub fn new(range: impl AsRef<[u8]>) -> Result<Self, InvalidParameter> {
        let range = range.as_ref();
        let lawful = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'-';
        match core::str::from_utf8(range) {
            Ok(text) if range == b"*" || (!range.is_empty() && range.iter().all(lawful)) => {
                Ok(Self(text.into()))
            }
            _ => Err(InvalidParameter::LanguageRange),
        }
    }

    /// The range as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The tag of a language, such as `de` or `es-MX` (RFC 5646), of at most 35 octets.
///
/// Tags match in whatever case.
#[derive(Clone, Debug, Eq)]
pub struct LanguageTag(Cow<'static, str>);

impl LanguageTag {
    /// The language of remarks before one is chosen: English, kept simple (RFC 2277,
    /// section 4.5).
    pub const I_DEFAULT: Self = Self(Cow::Borrowed("i-default"));

    /// The longest tag (RFC 5646, section 4.4.1).
    pub const MAX: usize = 35;

    /// A language tag.
    ///
    /// # Errors
    /// When it is not made of words of 1 to 8 letters and digits parted by `-`, or too long.
    pub fn new(tag: impl AsRef<[u8]>) -> Result<Self, InvalidParameter> {
        let tag = tag.as_ref();
        let lawful = |word: &[u8]| {
            (1..=8).contains(&word.len()) && word.iter().all(u8::is_ascii_alphanumeric)
        };
        match core::str::from_utf8(tag) {
            Ok(text) if tag.len() <= Self::MAX && tag.split(|o| *o == b'-').all(lawful) => {
                Ok(Self(String::from(text).into()))
            }
            _ => Err(InvalidParameter::LanguageTag),
        }
    }

    /// A tag that is known to be one.
    pub(crate) const fn literal(tag: &'static str) -> Self {
        Self(Cow::Borrowed(tag))
    }

    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a range is this tag, or this tag up to a `-` (RFC 4647, section 3.3.1). The range
    /// `*` matches every tag.
    #[must_use]
    pub fn matches(&self, range: &LanguageRange) -> bool {
        range.as_str() == "*" || self.is_within(range.as_str())
    }

    pub(crate) fn is(&self, range: &str) -> bool {
        self.0.eq_ignore_ascii_case(range)
    }

    pub(crate) fn is_within(&self, range: &str) -> bool {
        match self.0.split_at_checked(range.len()) {
            Some((start, rest)) => {
                start.eq_ignore_ascii_case(range) && (rest.is_empty() || rest.starts_with('-'))
            }
            None => false,
        }
    }
}

impl PartialEq for LanguageTag {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.0)
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A command beyond the RFCs: its keyword, its arguments as they stand on the line, and what its
/// positive reply looks like, which nobody but the caller can know.
///
/// `Debug` withholds the arguments, which may be a secret.
#[derive(Clone)]
pub struct Extension {
    keyword: Box<str>,
    arguments: Zeroizing<Vec<u8>>,
    shape: Shape,
}

impl Extension {
    /// A command with a keyword, arguments (empty for none) and the shape of its positive reply:
    /// [`Shape::Line`], or [`Shape::Message`] for anything with a terminator.
    ///
    /// ```
    /// use pop3_proto::{command::Extension, state::Shape};
    /// let last = Extension::new("LAST", "", Shape::Line)?;
    /// assert!(Extension::new("LAST", "1\r\nDELE 1", Shape::Line).is_err());
    /// # Ok::<(), pop3_proto::command::InvalidParameter>(())
    /// ```
    ///
    /// # Errors
    /// When the keyword is not 3 to 12 letters and digits or belongs to the vocabulary, or when
    /// the arguments hold CR, LF or NUL or begin or end with a space or a tab.
    pub fn new(
        keyword: &str,
        arguments: impl AsRef<[u8]>,
        shape: Shape,
    ) -> Result<Self, InvalidParameter> {
        let arguments = arguments.as_ref();
        let word = keyword.as_bytes();
        if !(3..=12).contains(&word.len())
            || !word.iter().all(u8::is_ascii_alphanumeric)
            || Keyword::find(word).is_some()
        {
            return Err(InvalidParameter::Keyword);
        }
        if arguments.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0))
            || matches!(arguments, [b' ' | b'\t', ..] | [.., b' ' | b'\t'])
        {
            return Err(InvalidParameter::Arguments);
        }
        let keyword = keyword.to_ascii_uppercase().into();
        Ok(Self { keyword, arguments: arguments.to_vec().into(), shape })
    }

    /// The keyword, in capitals.
    #[must_use]
    pub fn keyword(&self) -> &str {
        &self.keyword
    }

    /// The arguments as they stand on the line, without the space before them.
    #[must_use]
    pub fn arguments(&self) -> &[u8] {
        &self.arguments
    }

    /// What a positive reply looks like. A server parses every extension as [`Shape::Line`].
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }
}

impl PartialEq for Extension {
    /// Compares what goes over the wire; the shape does not.
    fn eq(&self, other: &Self) -> bool {
        self.keyword == other.keyword && self.arguments == other.arguments
    }
}

impl Eq for Extension {}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension({}, …)", self.keyword)
    }
}
