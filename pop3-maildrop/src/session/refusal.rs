//! What a client is told of a failure; the cause is for the log alone.

use std::error::Error;

use pop3_proto::Text;
use pop3_proto::server::Refusal;

use crate::{LetterError, LoginRefused, OpenError};

pub(super) fn of_login(refused: &LoginRefused) -> Refusal {
    match refused {
        LoginRefused::Credentials => Refusal::Credentials,
        LoginRefused::Temporary(_) => {
            Refusal::Temporary(Text::literal("logins cannot be checked now"))
        }
        LoginRefused::Permanent(_) => Refusal::Permanent(Text::literal("logins cannot be checked")),
    }
}

pub(super) fn of_opening(error: &OpenError) -> Refusal {
    match error {
        OpenError::InUse => Refusal::InUse,
        OpenError::TooSoon => Refusal::TooSoon,
        OpenError::Temporary(_) => {
            Refusal::Temporary(Text::literal("the maildrop cannot be opened now"))
        }
        OpenError::Permanent(_) => {
            Refusal::Permanent(Text::literal("the maildrop cannot be opened"))
        }
    }
}

pub(super) fn of_letter(error: &LetterError) -> Refusal {
    match error {
        LetterError::Gone => {
            Refusal::Other(Text::literal("the message was removed by somebody else"))
        }
        _ => Refusal::Temporary(Text::literal("the message cannot be read now")),
    }
}

/// An error with its causes, in one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
