//! What a server can do: the answer to CAPA (RFC 2449, section 5).
//!
//! ```
//! use pop3_proto::{Capability, Capabilities};
//! let list: Capabilities =
//!     ["TOP", "sasl PLAIN LOGIN", "X-FOO 1 2"].iter().map(|line| Capability::parse(line.as_bytes())).collect();
//! assert!(list.has("top"));
//! assert_eq!(list.sasl_mechanisms().collect::<Vec<_>>(), ["PLAIN", "LOGIN"]);
//! assert_eq!(list.iter().last().unwrap().to_string(), "X-FOO 1 2");
//! ```

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// One line of the answer to CAPA.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capability {
    /// `TOP`: the TOP command.
    Top,
    /// `USER`: the USER and PASS commands.
    User,
    /// `SASL mechanism…`: the AUTH command with these mechanisms (RFC 5034).
    Sasl(Vec<Box<str>>),
    /// `RESP-CODES`: a bracket at the start of a reply's text is a response code.
    RespCodes,
    /// `AUTH-RESP-CODE`: failed logins tell bad credentials from other trouble (RFC 3206).
    AuthRespCode,
    /// `LOGIN-DELAY seconds [USER]`: how long to wait between logins.
    LoginDelay {
        /// The delay; before login, the longest of any user.
        seconds: u32,
        /// Whether it differs by user.
        by_user: bool,
    },
    /// `PIPELINING`: several commands may be sent without waiting.
    Pipelining,
    /// `EXPIRE days|NEVER [USER]`: how long mail is kept.
    Expire {
        /// Days that mail is kept at least, `None` for ever; before login, the least of any user.
        days: Option<u32>,
        /// Whether it differs by user.
        by_user: bool,
    },
    /// `UIDL`: the UIDL command.
    Uidl,
    /// `IMPLEMENTATION text`: what the server calls itself.
    Implementation(Box<str>),
    /// `STLS`: the STLS command would now succeed (RFC 2595).
    Stls,
    /// `UTF8 [USER]`: the UTF8 command (RFC 6856).
    Utf8 {
        /// Whether user names may be UTF-8.
        user: bool,
    },
    /// `LANG`: the LANG command (RFC 6856).
    Lang,
    /// A tag that is not registered, or a registered one with parameters that are not; kept as it
    /// came.
    Other(Box<str>),
}

impl Capability {
    /// Parses a line of the answer to CAPA, given without its line end. Every line is a
    /// capability: what is not understood is kept as [`Capability::Other`].
    #[must_use]
    pub fn parse(line: &[u8]) -> Self {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_ascii();
        let mut words = line.split_ascii_whitespace();
        let tag = words.next().unwrap_or_default();
        let parameters: Vec<&str> = words.collect();
        Self::known(tag, &parameters, line).unwrap_or_else(|| Self::Other(line.into()))
    }

    fn known(tag: &str, parameters: &[&str], line: &str) -> Option<Self> {
        let bare = [
            ("TOP", Self::Top),
            ("USER", Self::User),
            ("RESP-CODES", Self::RespCodes),
            ("AUTH-RESP-CODE", Self::AuthRespCode),
            ("PIPELINING", Self::Pipelining),
            ("UIDL", Self::Uidl),
            ("STLS", Self::Stls),
            ("LANG", Self::Lang),
        ];
        if let Some((_, known)) = bare.into_iter().find(|(name, _)| tag.eq_ignore_ascii_case(name))
        {
            return parameters.is_empty().then_some(known);
        }
        match (&*tag.to_ascii_uppercase(), parameters) {
            ("SASL", mechanisms) => {
                Some(Self::Sasl(mechanisms.iter().map(|name| Box::from(*name)).collect()))
            }
            ("LOGIN-DELAY", [seconds, rest @ ..]) => Some(Self::LoginDelay {
                seconds: seconds.parse().ok()?,
                by_user: user_token(rest)?,
            }),
            ("EXPIRE", [days, rest @ ..]) => {
                let days = match days.eq_ignore_ascii_case("NEVER") {
                    true => None,
                    false => Some(days.parse().ok()?),
                };
                Some(Self::Expire { days, by_user: user_token(rest)? })
            }
            ("IMPLEMENTATION", [_, ..]) => {
                Some(Self::Implementation(line[tag.len()..].trim_ascii_start().into()))
            }
            ("UTF8", rest) => Some(Self::Utf8 { user: user_token(rest)? }),
            _ => None,
        }
    }

    /// The tag in capitals.
    #[must_use]
    pub fn tag(&self) -> &str {
        match self {
            Self::Top => "TOP",
            Self::User => "USER",
            Self::Sasl(_) => "SASL",
            Self::RespCodes => "RESP-CODES",
            Self::AuthRespCode => "AUTH-RESP-CODE",
            Self::LoginDelay { .. } => "LOGIN-DELAY",
            Self::Pipelining => "PIPELINING",
            Self::Expire { .. } => "EXPIRE",
            Self::Uidl => "UIDL",
            Self::Implementation(_) => "IMPLEMENTATION",
            Self::Stls => "STLS",
            Self::Utf8 { .. } => "UTF8",
            Self::Lang => "LANG",
            Self::Other(line) => line.split(' ').next().unwrap_or_default(),
        }
    }
}

/// The word `USER` behind a value, or nothing; anything else is not understood.
fn user_token(rest: &[&str]) -> Option<bool> {
    match rest {
        [] => Some(false),
        [word] if word.eq_ignore_ascii_case("USER") => Some(true),
        _ => None,
    }
}

impl fmt::Display for Capability {
    /// The line as a server sends it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = |by_user: &bool| if *by_user { " USER" } else { "" };
        match self {
            Self::Other(line) => f.write_str(line),
            Self::Sasl(mechanisms) => {
                f.write_str("SASL")?;
                mechanisms.iter().try_for_each(|mechanism| write!(f, " {mechanism}"))
            }
            Self::LoginDelay { seconds, by_user } => {
                write!(f, "LOGIN-DELAY {seconds}{}", user(by_user))
            }
            Self::Expire { days: None, by_user } => write!(f, "EXPIRE NEVER{}", user(by_user)),
            Self::Expire { days: Some(days), by_user } => {
                write!(f, "EXPIRE {days}{}", user(by_user))
            }
            Self::Implementation(text) => write!(f, "IMPLEMENTATION {text}"),
            Self::Utf8 { user: by_user } => write!(f, "UTF8{}", user(by_user)),
            _ => f.write_str(self.tag()),
        }
    }
}

/// A list of capabilities, in the order in which the server told them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(Vec<Capability>);

impl Capabilities {
    /// Whether a tag is listed, in whatever case.
    #[must_use]
    pub fn has(&self, tag: &str) -> bool {
        self.0.iter().any(|capability| capability.tag().eq_ignore_ascii_case(tag))
    }

    /// The capabilities one by one.
    pub fn iter(&self) -> core::slice::Iter<'_, Capability> {
        self.0.iter()
    }

    /// The SASL mechanisms that AUTH takes.
    pub fn sasl_mechanisms(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .flat_map(|capability| match capability {
                Capability::Sasl(mechanisms) => mechanisms.as_slice(),
                _ => &[],
            })
            .map(AsRef::as_ref)
    }

    /// Adds a capability, in place of the one with the same tag if there is one.
    pub fn set(&mut self, capability: Capability) {
        self.remove(&String::from(capability.tag()));
        self.0.push(capability);
    }

    /// Takes a tag off the list.
    pub fn remove(&mut self, tag: &str) {
        self.0.retain(|capability| !capability.tag().eq_ignore_ascii_case(tag));
    }

    pub(crate) fn push(&mut self, capability: Capability) {
        self.0.push(capability);
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(list: I) -> Self {
        Self(list.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Capabilities {
    type Item = &'a Capability;
    type IntoIter = core::slice::Iter<'a, Capability>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    fn any_capability() -> impl Strategy<Value = Capability> {
        let word = "[!-~]{1,12}";
        prop_oneof![
            prop_oneof![
                Just(Capability::Top),
                Just(Capability::User),
                Just(Capability::RespCodes),
                Just(Capability::AuthRespCode),
                Just(Capability::Pipelining),
                Just(Capability::Uidl),
                Just(Capability::Stls),
                Just(Capability::Lang)
            ],
            proptest::collection::vec(word.prop_map(Box::from), 0..4).prop_map(Capability::Sasl),
            (any::<u32>(), any::<bool>())
                .prop_map(|(seconds, by_user)| Capability::LoginDelay { seconds, by_user }),
            (any::<Option<u32>>(), any::<bool>())
                .prop_map(|(days, by_user)| Capability::Expire { days, by_user }),
            "[!-~]{1,9}( [!-~]{1,9}){0,3}".prop_map(|text| Capability::Implementation(text.into())),
            any::<bool>().prop_map(|user| Capability::Utf8 { user }),
            "X-[!-~]{1,9}( [!-~]{1,9}){0,3}".prop_map(|line| Capability::Other(line.into())),
        ]
    }

    proptest! {
        #[test]
        fn parser_and_encoder_are_inverses(capability in any_capability()) {
            prop_assert_eq!(Capability::parse(capability.to_string().as_bytes()), capability);
        }

        #[test]
        fn every_line_is_kept(line in proptest::collection::vec(any::<u8>(), 0..40)) {
            let capability = Capability::parse(&line);
            let again = Capability::parse(capability.to_string().as_bytes());
            prop_assert_eq!(again, capability);
        }
    }

    #[test]
    fn capa_with_unknown_tag_is_kept() {
        for line in [
            "X-GOOGLE-RICO",
            "RESP_CODES",
            "EXPIRENEVER",
            "EXPIRE soon",
            "EXPIRE 5 LOSER",
            "UTF8 LOSER",
            "LOGIN-DELAY",
            "TOP 1",
        ] {
            assert_eq!(Capability::parse(line.as_bytes()), Capability::Other(line.into()));
        }
    }

    #[test]
    fn tags_match_in_any_case() {
        assert_eq!(Capability::parse(b"stls"), Capability::Stls);
        let never = Capability::Expire { days: None, by_user: true };
        assert_eq!(Capability::parse(b"Expire never user"), never);
    }

    #[test]
    fn a_capability_is_listed_once() {
        let mut list = Capabilities::default();
        list.set(Capability::LoginDelay { seconds: 1, by_user: false });
        list.set(Capability::LoginDelay { seconds: 2, by_user: false });
        assert_eq!((&list).into_iter().count(), 1);
        list.remove("login-delay");
        assert!(!list.has("LOGIN-DELAY"));
    }
}
