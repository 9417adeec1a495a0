//! Values that cannot be wrong once built.

use alloc::boxed::Box;
use core::fmt;
use core::num::NonZeroU32;

use crate::excerpt::Excerpt;

/// The number of a message within one session: 1 for the first, fixed until the session ends
/// (RFC 1939, section 4).
///
/// Numbers mean nothing in another session; use a [`UniqueId`] to know a message again.
///
/// ```
/// use pop3_proto::MessageNumber;
/// assert_eq!(MessageNumber::new(3).unwrap().to_string(), "3");
/// assert!(MessageNumber::new(0).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageNumber(NonZeroU32);

impl MessageNumber {
    /// The first message of a maildrop.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// A message number; `None` for 0, which no message bears.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number as an integer, 1 or more.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// The number of the message at a position counted from 0; `None` beyond `u32::MAX` messages.
    #[must_use]
    pub fn from_index(index: usize) -> Option<Self> {
        u32::try_from(index).ok().and_then(|index| index.checked_add(1)).and_then(Self::new)
    }

    /// The position counted from 0, for use with slices.
    #[must_use]
    pub const fn index(self) -> usize {
        // A u32 fits a usize wherever a maildrop fits memory.
        (self.0.get() - 1) as usize
    }
}

impl fmt::Display for MessageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for MessageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A count of octets as POP3 counts them: every line end as two octets, without dot-stuffing and
/// terminator (RFC 1939, sections 5 and 11).
///
/// ```
/// use pop3_proto::Octets;
/// assert_eq!([Octets(120), Octets(200)].into_iter().sum::<Octets>(), Octets(320));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Octets(pub u64);

impl fmt::Display for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::iter::Sum for Octets {
    /// The total; it stops at `u64::MAX` instead of wrapping, since a listing may lie.
    fn sum<I: Iterator<Item = Self>>(octets: I) -> Self {
        Self(octets.fold(0, |total, item| total.saturating_add(item.0)))
    }
}

/// What is wrong with a unique-id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUniqueId {
    /// RFC 1939, section 7: one character at least.
    #[error("a unique-id is empty")]
    Empty,
    /// RFC 1939, section 7: 70 characters at most.
    #[error("a unique-id has {0} octets, more than 70")]
    TooLong(usize),
    /// RFC 1939, section 7: characters from 0x21 to 0x7E only.
    #[error("a unique-id has a character outside 0x21 to 0x7E: \"{0}\"")]
    Character(Excerpt),
}

/// A unique-id: what tells a message from all others of its maildrop, in every session
/// (RFC 1939, section 7). Opaque and case-sensitive.
///
/// A conformant one has 1 to 70 characters from 0x21 to 0x7E; [`new`](Self::new) takes no other.
/// Servers in the field send longer ones and stranger characters; a client keeps those
/// [as they came](Self::from_peer). **Never use one as a file name unchecked**: it may be
/// `../../etc/passwd`.
///
/// ```
/// use pop3_proto::UniqueId;
/// assert_eq!(UniqueId::new("whqtswO00WBw418f9t5JxYwZ")?.to_string(), "whqtswO00WBw418f9t5JxYwZ");
/// assert!(UniqueId::new("two words").is_err());
/// # Ok::<(), pop3_proto::InvalidUniqueId>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueId(Box<[u8]>);

impl UniqueId {
    /// The longest conformant unique-id, in octets.
    pub const MAX: usize = 70;

    /// A conformant unique-id.
    ///
    /// # Errors
    /// When it is empty, longer than 70 octets or holds anything but 0x21 to 0x7E.
    pub fn new(id: impl AsRef<[u8]>) -> Result<Self, InvalidUniqueId> {
        let id = id.as_ref();
        check_unique_id(id)?;
        Ok(Self(id.into()))
    }

    /// A unique-id as a server sent it, conformant or not; `None` when it is empty or holds CR,
    /// LF or NUL, which no line of a listing can carry.
    #[must_use]
    pub fn from_peer(id: &[u8]) -> Option<Self> {
        let fits_a_line = !id.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0));
        (!id.is_empty() && fits_a_line).then(|| Self(id.into()))
    }

    /// Whether it obeys RFC 1939: 1 to 70 characters from 0x21 to 0x7E.
    #[must_use]
    pub fn is_conformant(&self) -> bool {
        check_unique_id(&self.0).is_ok()
    }

    /// The octets of the unique-id.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The unique-id as text, when it is UTF-8, as every conformant one is.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        core::str::from_utf8(&self.0).ok()
    }
}

fn check_unique_id(id: &[u8]) -> Result<(), InvalidUniqueId> {
    if id.is_empty() {
        Err(InvalidUniqueId::Empty)
    } else if id.len() > UniqueId::MAX {
        Err(InvalidUniqueId::TooLong(id.len()))
    } else if id.iter().all(u8::is_ascii_graphic) {
        Ok(())
    } else {
        Err(InvalidUniqueId::Character(Excerpt::of(id)))
    }
}

impl fmt::Display for UniqueId {
    /// Shows it with control characters and foreign octets escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

impl fmt::Debug for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UniqueId({self})")
    }
}

/// What a server's host tells of one message when it opens a maildrop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageInfo {
    /// The size that STAT and LIST announce: the octets that RETR will deliver.
    pub octets: Octets,
    /// The message's unique-id.
    pub unique_id: UniqueId,
}

/// What is wrong with a user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUserName {
    /// USER and APOP need a name.
    #[error("the user name is empty")]
    Empty,
    /// A parameter holds neither spaces nor control characters (RFC 2449, section 3).
    #[error("the user name holds a space or a control character")]
    Character,
    /// Beyond ASCII a name is UTF-8 (RFC 6856, section 2.2).
    #[error("the user name is not UTF-8")]
    NotUtf8,
}

/// The name of a mailbox, as USER and APOP carry it: no spaces, no control characters, UTF-8.
///
/// ```
/// use pop3_proto::UserName;
/// assert_eq!(UserName::new("mark")?.as_str(), "mark");
/// assert!(UserName::new("mark\r\nDELE 1").is_err());
/// # Ok::<(), pop3_proto::InvalidUserName>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(Box<str>);

impl UserName {
    /// A user name.
    ///
    /// # Errors
    /// When it is empty or holds a space or a control character.
    pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidUserName> {
        let name = name.as_ref();
        if name.is_empty() {
            Err(InvalidUserName::Empty)
        } else if name.chars().any(|c| c == ' ' || c.is_control()) {
            Err(InvalidUserName::Character)
        } else {
            Ok(Self(name.into()))
        }
    }

    /// A user name from octets, as they came in a command.
    ///
    /// # Errors
    /// As [`new`](Self::new), and when the octets are not UTF-8.
    pub fn from_bytes(name: &[u8]) -> Result<Self, InvalidUserName> {
        Self::new(core::str::from_utf8(name).map_err(|_| InvalidUserName::NotUtf8)?)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A number in decimal, rendered without an allocation.
pub(crate) struct Decimal {
    digits: [u8; 20],
    start: usize,
}

impl Decimal {
    pub(crate) fn new(mut number: u64) -> Self {
        let mut decimal = Self { digits: [0; 20], start: 20 };
        loop {
            decimal.start -= 1;
            decimal.digits[decimal.start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                return decimal;
            }
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.digits[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn unique_ids_have_1_to_70_graphic_characters() {
        assert_eq!(UniqueId::new(""), Err(InvalidUniqueId::Empty));
        assert!(UniqueId::new([b'~'; 70]).is_ok());
        assert_eq!(UniqueId::new([b'!'; 71]), Err(InvalidUniqueId::TooLong(71)));
        for octet in [0, b' ', b'\n', 0x7f, 0x80] {
            assert!(UniqueId::new([octet]).is_err(), "{octet:#x}");
        }
    }

    #[test]
    fn foreign_unique_ids_are_kept_and_shown_escaped() {
        let id = UniqueId::from_peer(b"a \x1b[2J\xff").unwrap();
        assert!(!id.is_conformant());
        assert_eq!(id.to_string(), "a \\x1b[2J\\xff");
        assert_eq!(
            (id.as_str(), alloc::format!("{id:?}").as_str()),
            (None, r"UniqueId(a \x1b[2J\xff)")
        );
        assert_eq!(UniqueId::from_peer(b"a\rb"), None);
        let foreign = UniqueId::from_peer("ä b".as_bytes()).unwrap();
        assert_eq!(foreign.as_str(), Some("ä b"));
    }

    #[test]
    fn names_and_numbers_are_shown() {
        let (user, number) = (UserName::new("mark").unwrap(), MessageNumber::new(7).unwrap());
        assert_eq!(alloc::format!("{user} {user:?} {number} {number:?}"), r##"mark "mark" 7 #7"##);
        assert_eq!((MessageNumber::FIRST.index(), number.index()), (0, 6));
    }

    #[test]
    fn decimal_covers_the_whole_range() {
        for number in [0, 9, 10, 4_294_967_297, u64::MAX] {
            assert_eq!(Decimal::new(number).as_bytes(), number.to_string().as_bytes());
        }
    }

    #[test]
    fn sums_do_not_wrap() {
        assert_eq!([Octets(u64::MAX), Octets(2)].into_iter().sum::<Octets>(), Octets(u64::MAX));
    }
}
