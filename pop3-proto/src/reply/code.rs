//! Response codes (RFC 2449, section 8; RFC 3206; RFC 6856).

use alloc::borrow::Cow;
use alloc::string::String;

use nom::Parser;
use nom::bytes::complete::{tag, take_while1};
use nom::combinator::{opt, recognize};
use nom::multi::separated_list1;
use nom::sequence::{delimited, terminated};

/// A response code without its brackets, such as `IN-USE` or `SYS/TEMP`; unknown ones are kept.
///
/// Codes match in whatever case.
#[derive(Clone, Debug, Eq)]
pub struct ResponseCode(Cow<'static, str>);

/// What a response code means, as far as it is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CodeKind {
    /// `LOGIN-DELAY`: logged in too recently; wait, and keep the password (RFC 2449).
    LoginDelay,
    /// `IN-USE`: the credentials are right, the maildrop is busy; try later (RFC 2449).
    InUse,
    /// `SYS/TEMP`: trouble that is likely to pass (RFC 3206).
    SysTemp,
    /// `SYS/PERM`: trouble that needs people (RFC 3206).
    SysPerm,
    /// `SYS` with another or no second level.
    Sys,
    /// `AUTH`: the credentials are at fault (RFC 3206).
    Auth,
    /// `UTF8`: the message needs UTF-8 mode (RFC 6856).
    Utf8,
    /// A code that is not registered.
    Unknown,
}

impl ResponseCode {
    /// `LOGIN-DELAY`
    pub const LOGIN_DELAY: Self = Self(Cow::Borrowed("LOGIN-DELAY"));
    /// `IN-USE`
    pub const IN_USE: Self = Self(Cow::Borrowed("IN-USE"));
    /// `SYS/TEMP`
    pub const SYS_TEMP: Self = Self(Cow::Borrowed("SYS/TEMP"));
    /// `SYS/PERM`
    pub const SYS_PERM: Self = Self(Cow::Borrowed("SYS/PERM"));
    /// `AUTH`
    pub const AUTH: Self = Self(Cow::Borrowed("AUTH"));
    /// `UTF8`
    pub const UTF8: Self = Self(Cow::Borrowed("UTF8"));

    /// A code by its text without brackets; `None` when it is no list of levels parted by `/`.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        let (rest, _) = levels(code.as_bytes()).ok()?;
        rest.is_empty().then(|| Self(Cow::Owned(code.into())))
    }

    /// The code as it came, without brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it means. Levels below the ones that are registered do not matter: `SYS/TEMP/DISK` is
    /// [`CodeKind::SysTemp`] (RFC 2449, section 8).
    #[must_use]
    pub fn kind(&self) -> CodeKind {
        let mut levels = self.0.split('/').map(str::to_ascii_uppercase);
        let (first, second) = (levels.next(), levels.next());
        match (first.as_deref().unwrap_or_default(), second.as_deref()) {
            ("LOGIN-DELAY", _) => CodeKind::LoginDelay,
            ("IN-USE", _) => CodeKind::InUse,
            ("SYS", Some("TEMP")) => CodeKind::SysTemp,
            ("SYS", Some("PERM")) => CodeKind::SysPerm,
            ("SYS", _) => CodeKind::Sys,
            ("AUTH", _) => CodeKind::Auth,
            ("UTF8", _) => CodeKind::Utf8,
            _ => CodeKind::Unknown,
        }
    }

    /// Parts the text of a reply into a response code, if it begins with one, and the rest.
    pub(super) fn split(text: &[u8]) -> (Option<Self>, &[u8]) {
        let bracket = delimited(tag("["), levels, tag("]"));
        match terminated(bracket, opt(tag(" "))).parse(text) {
            Ok((rest, code)) => {
                (Some(Self(String::from_utf8_lossy(code).into_owned().into())), rest)
            }
            Err(_) => (None, text),
        }
    }
}

impl PartialEq for ResponseCode {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

/// `level *("/" level)`, a level being printable without `/`, `]` and space.
fn levels(input: &[u8]) -> nom::IResult<&[u8], &[u8]> {
    let level = take_while1(|octet: u8| octet.is_ascii_graphic() && !matches!(octet, b'/' | b']'));
    recognize(separated_list1(tag("/"), level)).parse(input)
}
