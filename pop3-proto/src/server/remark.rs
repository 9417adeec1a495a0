//! What the server says behind its indicators, for people. Programs have the response codes.
//!
//! No remark repeats anything that the client sent.

use core::fmt;

use crate::command::CommandError;
use crate::state::State;
use crate::text::Text;
use crate::types::Octets;

/// One remark.
#[derive(Debug)]
pub(super) enum Remark<'a> {
    NameTaken,
    MaildropReady { messages: usize, octets: Octets },
    LoginFailed,
    FollowsUser,
    NotOffered,
    NotLawful(State),
    Malformed(&'a CommandError),
    Unknown,
    LineTooLong,
    LineEnd,
    Capabilities,
    Listing { messages: usize },
    NoSuchMessage,
    Marked,
    AlreadyMarked,
    MarksCleared { messages: usize },
    Message { octets: Octets },
    Top,
    Nothing,
    StartTls,
    NeedsTls,
    NoMechanism,
    Cancelled,
    NoBase64,
    Goodbye,
    Removed { removed: usize, marked: usize },
    OddMaildrop,
}

impl Remark<'_> {
    pub(super) fn text(&self) -> Text {
        Text::lossy(&alloc::format!("{self}"))
    }
}

impl fmt::Display for Remark<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = match self {
            Self::NameTaken => "now the password, please",
            Self::MaildropReady { messages, octets } => {
                return write!(f, "maildrop has {messages} messages ({octets} octets)");
            }
            Self::LoginFailed => "name and password do not match",
            Self::FollowsUser => "PASS comes straight after USER",
            Self::NotOffered => "this command is not offered here",
            Self::NotLawful(state) => return write!(f, "this command is not lawful in {state}"),
            Self::Malformed(error) => return write!(f, "{error}"),
            Self::Unknown => "unknown command",
            Self::LineTooLong => "the command line is too long",
            Self::LineEnd => "a command line ends with CRLF",
            Self::Capabilities => "capabilities follow",
            Self::Listing { messages } => return write!(f, "{messages} messages"),
            Self::NoSuchMessage => "no such message",
            Self::Marked => "marked for removal",
            Self::AlreadyMarked => "the message is marked for removal",
            Self::MarksCleared { messages } => {
                return write!(f, "no marks, maildrop has {messages} messages");
            }
            Self::Message { octets } => return write!(f, "{octets} octets"),
            Self::Top => "top of message follows",
            Self::Nothing => "nothing done",
            Self::StartTls => "begin TLS now",
            Self::NeedsTls => "this needs TLS",
            Self::NoMechanism => "this mechanism is not offered here",
            Self::Cancelled => "authentication was cancelled",
            Self::NoBase64 => "a response is Base64, or * to cancel",
            Self::Goodbye => "goodbye",
            Self::Removed { removed, marked } => return write!(f, "{removed} of {marked} removed"),
            Self::OddMaildrop => "the maildrop is damaged: its unique-ids are not unique",
        };
        f.write_str(plain)
    }
}
