//! What the server says behind its indicators, for people. Programs have the response codes.
//!
//! No remark repeats anything that the client sent. The words stand in a
//! [`Language`](super::Language).

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use crate::command::CommandError;
use crate::keyword::Keyword;
use crate::server::language::Language;
use crate::state::State;
use crate::text::Text;
use crate::types::Octets;

macro_rules! remarks {
    ($($(#[$doc:meta])* $name:ident $({ $($value:ident: $type:ty),* })? = $text:literal)*) => {
        /// What a remark of the server is about: the key of a [`Language`]'s table.
        ///
        /// ```
        /// use pop3_proto::server::RemarkName;
        /// assert_eq!("maildrop-ready".parse(), Ok(RemarkName::MaildropReady));
        /// assert_eq!(RemarkName::MaildropReady.placeholders(), ["messages", "octets"]);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum RemarkName {
            $($(#[$doc])* $name,)*
        }

        impl RemarkName {
            /// Every remark there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name, for tables that are kept in a file.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// What may stand in braces in the remark's text.
            #[must_use]
            pub const fn placeholders(self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &[$($(stringify!($value)),*)?],)*
                }
            }
        }

        /// One remark, with what it tells.
        #[derive(Debug)]
        pub(in crate::server) enum Remark<'a> {
            $($name $({ $($value: $type),* })?,)*
            /// Why a line is no command: one of those above.
            Malformed(&'a CommandError),
        }

        impl Remark<'_> {
            pub(super) fn name(&self) -> RemarkName {
                match self {
                    $(Self::$name $({ $($value: _),* })? => RemarkName::$name,)*
                    Self::Malformed(error) => Remark::of(error).name(),
                }
            }

            /// What stands in a placeholder's place.
            fn value(&self, placeholder: &str) -> Option<String> {
                match self {
                    $(Self::$name $({ $($value),* })? => {
                        $($(if placeholder == stringify!($value) {
                            return Some($value.to_string());
                        })*)?
                        None
                    })*
                    Self::Malformed(error) => Remark::of(error).value(placeholder),
                }
            }
        }
    };
}

remarks! {
    /// USER was taken; PASS is to come.
    NameTaken = "name-taken"
    /// The login succeeded.
    MaildropReady { messages: usize, octets: Octets } = "maildrop-ready"
    /// Name and password do not match; the same for names that do not exist.
    LoginFailed = "login-failed"
    /// PASS came without USER right before it.
    FollowsUser = "follows-user"
    /// The command is known, but not offered here.
    NotOffered = "not-offered"
    /// The command is not lawful in this state.
    NotLawful { state: State } = "not-lawful"
    /// There is no such command.
    Unknown = "unknown-command"
    /// The command line is too long.
    LineTooLong = "line-too-long"
    /// The command line does not end with CRLF.
    LineEnd = "line-end"
    /// The line does not begin with a keyword.
    NoKeyword = "no-keyword"
    /// The command lacks an argument.
    MissingArgument { command: Keyword } = "missing-argument"
    /// The command has too many arguments.
    UnexpectedArgument { command: Keyword } = "unexpected-argument"
    /// The argument is not a message number.
    BadNumber { command: Keyword } = "bad-number"
    /// The second argument of TOP is not a number of lines.
    BadLineCount = "bad-line-count"
    /// The argument cannot be a user name.
    BadUserName = "bad-user-name"
    /// The argument cannot be a password.
    BadPassword = "bad-password"
    /// The argument is not an APOP digest.
    BadDigest = "bad-digest"
    /// Another argument is malformed.
    BadParameter = "bad-parameter"
    /// The capabilities follow.
    Capabilities = "capabilities"
    /// The scan listings or unique-id listings follow.
    Listing { messages: usize } = "listing"
    /// There is no message with this number.
    NoSuchMessage = "no-such-message"
    /// The message is now marked for removal.
    Marked = "marked"
    /// The message was already marked for removal.
    AlreadyMarked = "already-marked"
    /// All marks were cleared.
    MarksCleared { messages: usize } = "marks-cleared"
    /// The message follows.
    Message { octets: Octets } = "message"
    /// The first lines of the message follow.
    Top = "top"
    /// NOOP did nothing.
    Nothing = "nothing"
    /// The TLS handshake may begin.
    StartTls = "start-tls"
    /// The command goes over the wire in TLS alone.
    NeedsTls = "needs-tls"
    /// The SASL mechanism is not offered.
    NoMechanism = "no-mechanism"
    /// The client has cancelled AUTH.
    Cancelled = "cancelled"
    /// What answers a challenge is not Base64.
    NoBase64 = "no-base64"
    /// The session ends.
    Goodbye = "goodbye"
    /// Not all that was marked could be removed.
    Removed { removed: usize, marked: usize } = "removed"
    /// The unique-ids of the maildrop are malformed or not unique.
    OddMaildrop = "odd-maildrop"
    /// The maildrop is open in another session.
    InUse = "in-use"
    /// The last login was too recent.
    TooSoon = "too-soon"
    /// Too many logins have failed from the client's address.
    TooManyFailures = "too-many-failures"
    /// Logins cannot be checked for now.
    LoginsUnavailable = "logins-unavailable"
    /// Logins cannot be checked until somebody repairs something.
    LoginsBroken = "logins-broken"
    /// The maildrop cannot be opened for now.
    MaildropUnavailable = "maildrop-unavailable"
    /// The maildrop cannot be opened until somebody repairs something.
    MaildropBroken = "maildrop-broken"
    /// The message cannot be read for now.
    MessageUnavailable = "message-unavailable"
    /// The message was removed by somebody else.
    MessageGone = "message-gone"
    /// The server has too many sessions.
    TooManySessions = "too-many-sessions"
    /// The header of the message is in UTF-8 and the session is not.
    NeedsUtf8 = "needs-utf8"
    /// The session is in UTF-8 from now on.
    Utf8 = "utf8"
    /// The languages follow.
    Languages = "languages"
    /// The language was changed to this one.
    LanguageChosen = "language-chosen"
    /// No language matches the range.
    NoSuchLanguage = "no-such-language"
    /// What XCLIENT tells was taken.
    ClientTaken = "client-taken"
    /// What XCLIENT tells makes no sense.
    BadClient = "bad-client"
}

impl Remark<'_> {
    /// The remark in a language.
    pub(super) fn text(&self, language: &Language) -> Text {
        Text::lossy(&language.render(self.name(), |placeholder| self.value(placeholder)))
    }

    fn of(error: &CommandError) -> Remark<'static> {
        match *error {
            CommandError::NoKeyword => Remark::NoKeyword,
            CommandError::MissingArgument(command) => Remark::MissingArgument { command },
            CommandError::UnexpectedArgument(command) => Remark::UnexpectedArgument { command },
            CommandError::MessageNumber(command) => Remark::BadNumber { command },
            CommandError::LineCount => Remark::BadLineCount,
            CommandError::UserName(_) => Remark::BadUserName,
            CommandError::Password(_) => Remark::BadPassword,
            CommandError::Digest => Remark::BadDigest,
            CommandError::Parameter(_) => Remark::BadParameter,
        }
    }
}

/// There is no remark of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no remark of this name")]
pub struct UnknownRemark;

impl FromStr for RemarkName {
    type Err = UnknownRemark;

    fn from_str(name: &str) -> Result<Self, UnknownRemark> {
        Self::ALL.iter().copied().find(|known| known.as_str() == name).ok_or(UnknownRemark)
    }
}

impl fmt::Display for RemarkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
