//! How a host answers the actions of a server's connection.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::error::ApiMisuse;
use crate::multiline::Stuffer;
use crate::reply::{Reply, ResponseCode};
use crate::server::action::{
    Action, AuthenticateTicket, CommitTicket, Ending, ExtensionTicket, FetchTicket, Identity,
    OpenTicket, WaitTicket,
};
use crate::server::connection::{Asked, Connection, Doing};
use crate::server::language::Language;
use crate::server::remark::Remark;
use crate::server::sending::NeedsUtf8;
use crate::server::snapshot::Snapshot;
use crate::state::State;
use crate::text::Text;
use crate::types::{MessageInfo, UserName};

/// Why a host says no. What has a variant of its own is said in the client's language; a text of
/// the host's is said as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Name and password do not match: `[AUTH]`. The remark is always the same, so that nobody
    /// learns which names exist; it counts as a failed login.
    Credentials,
    /// The maildrop is open in another session: `[IN-USE]`.
    InUse,
    /// The last login was too recent: `[LOGIN-DELAY]` (RFC 2449, section 8.1.1).
    TooSoon,
    /// The server has too many sessions: `[SYS/TEMP]`.
    TooManySessions,
    /// Too many logins have failed from the client's address: `[SYS/TEMP]`.
    TooManyFailures,
    /// Logins cannot be checked for now: `[SYS/TEMP]`.
    LoginsUnavailable,
    /// Logins cannot be checked until somebody repairs something: `[SYS/PERM]`.
    LoginsBroken,
    /// The maildrop cannot be opened for now: `[SYS/TEMP]`.
    MaildropUnavailable,
    /// The maildrop cannot be opened until somebody repairs something: `[SYS/PERM]`.
    MaildropBroken,
    /// The maildrop's unique-ids are malformed or not unique: `[SYS/PERM]`.
    OddMaildrop,
    /// The message cannot be read for now: `[SYS/TEMP]`.
    MessageUnavailable,
    /// The message was removed by somebody else.
    MessageGone,
    /// The message needs UTF-8 mode: `[UTF8]` (RFC 6856, section 5).
    NeedsUtf8,
    /// Other trouble that is likely to pass: `[SYS/TEMP]`.
    Temporary(Text),
    /// Other trouble that needs people: `[SYS/PERM]`.
    Permanent(Text),
    /// Something else.
    Other(Text),
}

impl Refusal {
    pub(super) fn reply(self, language: &Language) -> Reply {
        let (remark, code) = match self {
            Self::Credentials => (Remark::LoginFailed, Some(ResponseCode::AUTH)),
            Self::InUse => (Remark::InUse, Some(ResponseCode::IN_USE)),
            Self::TooSoon => (Remark::TooSoon, Some(ResponseCode::LOGIN_DELAY)),
            Self::TooManySessions => (Remark::TooManySessions, Some(ResponseCode::SYS_TEMP)),
            Self::TooManyFailures => (Remark::TooManyFailures, Some(ResponseCode::SYS_TEMP)),
            Self::LoginsUnavailable => (Remark::LoginsUnavailable, Some(ResponseCode::SYS_TEMP)),
            Self::LoginsBroken => (Remark::LoginsBroken, Some(ResponseCode::SYS_PERM)),
            Self::MaildropUnavailable => {
                (Remark::MaildropUnavailable, Some(ResponseCode::SYS_TEMP))
            }
            Self::MaildropBroken => (Remark::MaildropBroken, Some(ResponseCode::SYS_PERM)),
            Self::OddMaildrop => (Remark::OddMaildrop, Some(ResponseCode::SYS_PERM)),
            Self::MessageUnavailable => (Remark::MessageUnavailable, Some(ResponseCode::SYS_TEMP)),
            Self::MessageGone => (Remark::MessageGone, None),
            Self::NeedsUtf8 => (Remark::NeedsUtf8, Some(ResponseCode::UTF8)),
            Self::Temporary(text) => return Reply::err(text).with_code(ResponseCode::SYS_TEMP),
            Self::Permanent(text) => return Reply::err(text).with_code(ResponseCode::SYS_PERM),
            Self::Other(text) => return Reply::err(text),
        };
        Reply { code, ..Reply::err(remark.text(language)) }
    }
}

/// What became of one message that was to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Removal {
    /// It is gone for good.
    Gone,
    /// It is still there.
    Left,
}

/// What became of a piece of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Taken {
    /// How many octets at the start of the piece were taken; the others are to come again once
    /// [`wants_message`](Connection::wants_message) holds.
    pub octets: usize,
    /// Whether nothing more of the message is needed, because TOP asked for less or the message is
    /// refused. Go on with
    /// [`message_complete`](Connection::message_complete).
    pub enough: bool,
}

/// Why an answer was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The ticket is of another connection, or its connection has ended meanwhile. Let go of
    /// whatever was opened for it.
    #[error(transparent)]
    Misuse(#[from] ApiMisuse),
    /// The maildrop cannot be served: a unique-id is malformed or not unique, or there are too
    /// many messages. The client was refused; release the maildrop before anything is sent.
    #[error("unique-ids of the maildrop are malformed or not unique")]
    OddMaildrop,
}

#[expect(clippy::needless_pass_by_value, reason = "a ticket is spent by the answer it is for")]
impl Connection {
    /// Answers [`Action::Authenticate`] or [`Action::Sasl`]: the user whose maildrop is to be
    /// opened, or a refusal.
    ///
    /// # Errors
    /// When the ticket does not fit.
    pub fn authenticated(
        &mut self,
        ticket: AuthenticateTicket,
        verdict: Result<UserName, Refusal>,
    ) -> Result<(), AnswerError> {
        self.check(&ticket.0)?;
        if !matches!(self.doing, Doing::Asking(Asked::Authenticate | Asked::Sasl(_))) {
            return Err(ApiMisuse::ForeignTicket.into());
        }
        match verdict {
            Ok(user) => {
                let ticket = OpenTicket(self.identity.clone());
                self.doing = Doing::Asking(Asked::Open);
                self.actions.push_back(Action::Open { user, ticket });
            }
            Err(refusal) => self.refuse_login(refusal),
        }
        Ok(())
    }

    /// Answers [`Action::Open`]: what the maildrop holds, in order, or a refusal. The client is
    /// told `+OK` by this, so the lock must be held already (RFC 1939, section 4).
    ///
    /// # Errors
    /// When the ticket does not fit, or the maildrop cannot be served: then it must be released
    /// before anything is sent.
    pub fn opened(
        &mut self,
        ticket: OpenTicket,
        messages: Result<Vec<MessageInfo>, Refusal>,
    ) -> Result<(), AnswerError> {
        self.redeem(&ticket.0, &Asked::Open)?;
        let messages = match messages {
            Ok(messages) => messages,
            Err(refusal) => {
                self.refuse_login(refusal);
                return Ok(());
            }
        };
        let Some(snapshot) = Snapshot::new(messages) else {
            self.refuse_login(Refusal::OddMaildrop);
            return Err(AnswerError::OddMaildrop);
        };
        let listing = snapshot.drop_listing();
        self.snapshot = Some(snapshot);
        self.state = State::Transaction;
        self.doing = Doing::Listening;
        let messages = listing.messages as usize;
        self.ok(&Remark::MaildropReady { messages, octets: listing.octets });
        Ok(())
    }

    /// Refuses a login. Wrong credentials are answered late, and only so many times.
    pub(super) fn refuse_login(&mut self, refusal: Refusal) {
        let failed = refusal == Refusal::Credentials;
        let reply = refusal.reply(&self.language);
        if !failed {
            self.doing = Doing::Listening;
            return self.reply(reply);
        }
        self.failed_logins += 1;
        let duration = self.config.delay_after(self.failed_logins);
        let ticket = WaitTicket(self.identity.clone());
        self.doing = Doing::Asking(Asked::Wait { reply });
        self.actions.push_back(Action::Wait { duration, ticket });
    }

    /// Answers [`Action::Wait`]: the time has passed.
    ///
    /// # Errors
    /// When the ticket does not fit.
    pub fn waited(&mut self, ticket: WaitTicket) -> Result<(), AnswerError> {
        self.check(&ticket.0)?;
        match core::mem::replace(&mut self.doing, Doing::Listening) {
            Doing::Asking(Asked::Wait { reply }) => self.reply(reply),
            other => {
                self.doing = other;
                return Err(ApiMisuse::ForeignTicket.into());
            }
        }
        if self.failed_logins >= self.config.failed_logins.get() {
            self.ending = Some(Ending::FailedLogins);
        }
        Ok(())
    }

    /// Answers [`Action::Fetch`] with the next piece of the message, of any size, with any line
    /// ends (LF, CRLF, mixed), cut anywhere. What is taken is bounded by
    /// [`Config::high_water`](super::Config::high_water). The first call sends `+OK`, so make sure
    /// first that the message can be read; under [`Utf8Headers::Refuse`](super::Utf8Headers::Refuse)
    /// it is sent, or `[UTF8]` is, once the header is known.
    ///
    /// # Errors
    /// When the ticket does not fit.
    pub fn message(&mut self, ticket: &FetchTicket, piece: &[u8]) -> Result<Taken, AnswerError> {
        self.check(&ticket.0)?;
        let Doing::Sending(sending) = &mut self.doing else {
            return Err(ApiMisuse::ForeignTicket.into());
        };
        Ok(sending.push(piece, &mut self.output.buffer))
    }

    /// Answers [`Action::Fetch`]: the message has been handed over to its end.
    ///
    /// # Errors
    /// When the ticket does not fit.
    pub fn message_complete(&mut self, ticket: FetchTicket) -> Result<(), AnswerError> {
        self.check(&ticket.0)?;
        match core::mem::replace(&mut self.doing, Doing::Listening) {
            Doing::Sending(sending) => {
                if let Err(NeedsUtf8) = sending.finish(&mut self.output.buffer) {
                    self.reply(Refusal::NeedsUtf8.reply(&self.language));
                }
                Ok(())
            }
            other => {
                self.doing = other;
                Err(ApiMisuse::ForeignTicket.into())
            }
        }
    }

    /// Answers [`Action::Fetch`]: the message cannot be read. Before its first piece the client is
    /// told `-ERR`; after it the connection is cut, since a final dot would make the loss silent.
    ///
    /// # Errors
    /// When the ticket does not fit.
    pub fn message_failed(&mut self, ticket: FetchTicket, why: Refusal) -> Result<(), AnswerError> {
        self.check(&ticket.0)?;
        match &self.doing {
            Doing::Sending(sending) if sending.has_begun() => {
                self.abort(Ending::BrokenMessage);
                Ok(())
            }
            Doing::Sending(_) => {
                self.doing = Doing::Listening;
                self.reply(why.reply(&self.language));
                Ok(())
            }
            _ => Err(ApiMisuse::ForeignTicket.into()),
        }
    }

    /// Answers [`Action::Commit`]: an outcome for each message, in the order of the action; those
    /// that are missing count as [`Removal::Left`]. The maildrop must be released by now. `+OK` is
    /// said only when all are gone (RFC 1939, section 6).
    ///
    /// # Errors
    /// When the ticket does not fit.
    pub fn committed(
        &mut self,
        ticket: CommitTicket,
        outcomes: &[Removal],
    ) -> Result<(), AnswerError> {
        self.check(&ticket.0)?;
        let Doing::Asking(Asked::Commit { marked }) = self.doing else {
            return Err(ApiMisuse::ForeignTicket.into());
        };
        let gone = outcomes.iter().take(marked).filter(|outcome| **outcome == Removal::Gone);
        let removed = gone.count();
        self.doing = Doing::Listening;
        if removed == marked {
            self.ok(&Remark::Goodbye);
        } else {
            let reply = Reply::err(Remark::Removed { removed, marked }.text(&self.language));
            self.reply(reply.with_code(ResponseCode::SYS_TEMP));
        }
        self.ending = Some(Ending::Quit);
        Ok(())
    }

    /// Answers [`Action::Extension`]: a status line and, for a multi-line answer, its content with
    /// any line ends; stuffing and terminator are supplied. A refusal has no content.
    ///
    /// # Errors
    /// When the ticket does not fit.
    pub fn extension_answered(
        &mut self,
        ticket: ExtensionTicket,
        reply: Reply,
        content: Option<Bytes>,
    ) -> Result<(), AnswerError> {
        self.redeem(&ticket.0, &Asked::Extension)?;
        self.doing = Doing::Listening;
        let ok = reply.is_ok();
        self.reply(reply);
        if let (true, Some(content)) = (ok, content) {
            let mut stuffer = Stuffer::new();
            stuffer.push(&content, &mut self.output.buffer);
            stuffer.finish(&mut self.output.buffer);
        }
        Ok(())
    }

    pub(super) fn check(&self, ticket: &Identity) -> Result<(), ApiMisuse> {
        if *ticket == self.identity && self.ending.is_none() {
            Ok(())
        } else {
            Err(ApiMisuse::ForeignTicket)
        }
    }

    fn redeem(&self, ticket: &Identity, asked: &Asked) -> Result<(), ApiMisuse> {
        self.check(ticket)?;
        match &self.doing {
            Doing::Asking(doing) if doing == asked => Ok(()),
            _ => Err(ApiMisuse::ForeignTicket),
        }
    }
}
