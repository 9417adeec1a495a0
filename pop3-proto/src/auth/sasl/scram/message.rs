//! The messages' grammar (RFC 5802, section 7): attributes and the GS2 header.

use alloc::borrow::Cow;
use alloc::string::String;
use core::str;

use super::super::channel::ChannelBinding;
use super::super::error::SaslError;
use super::keys::ScramKeys;
use crate::types::UserName;

/// A message as text, within the limit.
pub(super) fn text(message: &[u8]) -> Result<&str, SaslError> {
    if message.len() > ScramKeys::MAX_MESSAGE {
        return Err(SaslError::TooLong);
    }
    match str::from_utf8(message) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(SaslError::Malformed),
    }
}

/// The attributes of a message, in their order.
pub(super) struct Attributes<'a>(str::Split<'a, char>);

impl<'a> Attributes<'a> {
    pub(super) fn of(message: &'a str) -> Self {
        Self(message.split(','))
    }

    /// The value of the next attribute, which must be this one. `m=` asks for an extension that
    /// must be known, and none is.
    pub(super) fn next(&mut self, name: char) -> Result<&'a str, SaslError> {
        let attribute = self.0.next().ok_or(SaslError::Malformed)?;
        match attribute.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
            Some(value) if !value.is_empty() => Ok(value),
            None if attribute.starts_with("m=") => Err(SaslError::Extension),
            _ => Err(SaslError::Malformed),
        }
    }

    /// Optional extensions are ignored, but must be attributes.
    pub(super) fn ignore_rest(self) -> Result<(), SaslError> {
        for attribute in self.0 {
            match attribute.as_bytes() {
                [b'm', b'=', ..] => return Err(SaslError::Extension),
                [name, b'=', _, ..] if name.is_ascii_alphabetic() => {}
                _ => return Err(SaslError::Malformed),
            }
        }
        Ok(())
    }
}

/// A nonce: printable ASCII without a comma.
pub(super) fn nonce(value: &str) -> Result<&str, SaslError> {
    let lawful = |octet: u8| octet.is_ascii_graphic() && octet != b',';
    if value.bytes().all(lawful) { Ok(value) } else { Err(SaslError::Nonce) }
}

/// A positive number without leading zeros; one that is too large for anything is the largest.
pub(super) fn number(digits: &str) -> Option<u64> {
    let decimal = digits.bytes().all(|octet| octet.is_ascii_digit());
    let lawful = decimal && !digits.is_empty() && !digits.starts_with('0');
    lawful.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// A user name as an attribute carries it: `,` and `=` are escaped.
pub(crate) fn escape(user: &UserName) -> Cow<'_, str> {
    let name = user.as_str();
    if name.contains([',', '=']) {
        Cow::Owned(name.replace('=', "=3D").replace(',', "=2C"))
    } else {
        Cow::Borrowed(name)
    }
}

/// The user name that an attribute carries.
pub(super) fn unescape(value: &str) -> Result<UserName, SaslError> {
    let mut pieces = value.split('=');
    let mut name = String::with_capacity(value.len());
    name.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (character, rest) = match (piece.strip_prefix("2C"), piece.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            _ => return Err(SaslError::Malformed),
        };
        name.push(character);
        name.push_str(rest);
    }
    UserName::new(name).map_err(|_| SaslError::UserName)
}

/// What a client says of channel bindings.
#[derive(Clone, Debug)]
pub(crate) enum Gs2 {
    /// `n`: it can bind none.
    Cannot,
    /// `y`: it could, but has not seen that the server can.
    NotOffered,
    /// `p=`: it binds this one.
    Bound(ChannelBinding),
}

impl Gs2 {
    /// The header in front of the first message.
    pub(super) fn header(&self) -> Cow<'static, str> {
        match self {
            Self::Cannot => Cow::Borrowed("n,,"),
            Self::NotOffered => Cow::Borrowed("y,,"),
            Self::Bound(binding) => Cow::Owned(alloc::format!("p={},,", binding.kind().as_str())),
        }
    }

    /// The data that is bound, if any.
    pub(super) fn data(&self) -> &[u8] {
        match self {
            Self::Bound(binding) => binding.data(),
            _ => &[],
        }
    }
}

/// A GS2 header (RFC 5801, section 4) and what follows it.
pub(crate) struct Header<'a> {
    /// The flag: `n`, `y`, or `p=` and a type.
    pub(crate) flag: &'a str,
    /// The authorization identity, if one is given.
    pub(crate) authorization: Option<UserName>,
    /// The header itself, both commas included.
    pub(crate) octets: &'a str,
    /// The message behind it.
    pub(crate) rest: &'a str,
}

impl<'a> Header<'a> {
    pub(crate) fn split(message: &'a str) -> Result<Self, SaslError> {
        let mut fields = message.splitn(3, ',');
        let mut next = || fields.next().ok_or(SaslError::Malformed);
        let (flag, authorization, rest) = (next()?, next()?, next()?);
        let authorization = match authorization.strip_prefix("a=") {
            Some(user) => Some(unescape(user)?),
            None if authorization.is_empty() => None,
            None => return Err(SaslError::Malformed),
        };
        let octets = &message[..message.len() - rest.len()];
        Ok(Self { flag, authorization, octets, rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_text_within_its_limit() {
        let longest = [b'x'; ScramKeys::MAX_MESSAGE];
        assert!(text(&longest).is_ok());
        assert_eq!(text(&[&longest[..], b"x"].concat()).unwrap_err(), SaslError::TooLong);
        for bad in [&b"r=\0"[..], b"r=\xff"] {
            assert_eq!(text(bad).unwrap_err(), SaslError::Malformed);
        }
    }

    #[test]
    fn what_is_ignored_is_an_attribute() {
        for (rest, ignored) in [
            ("a=b,Z=c", Ok(())),
            ("1=b", Err(SaslError::Malformed)),
            ("m=b", Err(SaslError::Extension)),
        ] {
            assert_eq!(Attributes::of(rest).ignore_rest(), ignored, "{rest}");
        }
    }
}
