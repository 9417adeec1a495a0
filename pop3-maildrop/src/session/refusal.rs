//! What a client is told of a failure; the cause is for the log alone.

use std::error::Error;

use pop3_proto::server::Refusal;

use crate::{LetterError, LoginRefused, OpenError};

pub(super) fn of_login(refused: &LoginRefused) -> Refusal {
    match refused {
        LoginRefused::Credentials => Refusal::Credentials,
        LoginRefused::Temporary(_) => Refusal::LoginsUnavailable,
        LoginRefused::Permanent(_) => Refusal::LoginsBroken,
    }
}

pub(super) fn of_opening(error: &OpenError) -> Refusal {
    match error {
        OpenError::InUse => Refusal::InUse,
        OpenError::TooSoon => Refusal::TooSoon,
        OpenError::Temporary(_) => Refusal::MaildropUnavailable,
        OpenError::Permanent(_) => Refusal::MaildropBroken,
    }
}

pub(super) fn of_letter(error: &LetterError) -> Refusal {
    match error {
        LetterError::Gone => Refusal::MessageGone,
        _ => Refusal::MessageUnavailable,
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
