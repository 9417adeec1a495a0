//! Whom a session asks: stores that block and stores that do not, behind one face.
//!
//! With a blocking store these futures are ready when they are polled first, and block in that.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pop3_proto::auth::Credentials;
use pop3_proto::auth::sasl::{ScramHash, ScramKeys};
use pop3_proto::bytes::{Bytes, BytesMut};
use pop3_proto::{MessageInfo, MessageNumber, UserName};

use crate::{
    Answers, AsyncAuthenticator, AsyncLetter, AsyncMaildrop, AsyncMaildrops, Authenticator,
    LetterError, LoginRefused, Maildrop, Maildrops, OpenError, Removal, RemoveError,
};

/// How much of a letter is read at a time, in octets.
const PIECE: usize = 32 * 1024;

#[derive(Clone)]
pub(crate) struct Office {
    pub(crate) authenticator: AnyAuthenticator,
    pub(crate) maildrops: AnyMaildrops,
    pub(crate) extensions: Option<Arc<dyn Answers>>,
}

#[derive(Clone)]
pub(crate) enum AnyAuthenticator {
    Blocking(Arc<dyn Authenticator>),
    Asynchronous(Arc<dyn AsyncAuthenticator>),
}

#[derive(Clone)]
pub(crate) enum AnyMaildrops {
    Blocking(Arc<dyn Maildrops>),
    Asynchronous(Arc<dyn AsyncMaildrops>),
}

pub(crate) enum AnyMaildrop {
    Blocking(Box<dyn Maildrop>),
    Asynchronous(Box<dyn AsyncMaildrop>),
}

pub(crate) enum AnyLetter {
    Blocking(Box<dyn Read + Send>),
    Asynchronous(Box<dyn AsyncLetter>),
}

/// Some octets of a letter, and what can be read of it behind them: none when they are its last.
pub(crate) struct Piece {
    pub(crate) octets: Bytes,
    pub(crate) rest: Option<AnyLetter>,
}

impl AnyAuthenticator {
    pub(crate) const fn is_blocking(&self) -> bool {
        matches!(self, Self::Blocking(_))
    }

    pub(crate) fn offers_apop(&self) -> bool {
        match self {
            Self::Blocking(authenticator) => authenticator.offers_apop(),
            Self::Asynchronous(authenticator) => authenticator.offers_apop(),
        }
    }

    pub(crate) fn mechanisms(&self) -> Vec<&'static str> {
        match self {
            Self::Blocking(authenticator) => authenticator.mechanisms(),
            Self::Asynchronous(authenticator) => authenticator.mechanisms(),
        }
    }

    pub(crate) async fn scram_keys(
        &self,
        user: &UserName,
        hash: ScramHash,
    ) -> Result<Option<ScramKeys>, LoginRefused> {
        match self {
            Self::Blocking(authenticator) => authenticator.scram_keys(user, hash),
            Self::Asynchronous(authenticator) => authenticator.scram_keys(user, hash).await,
        }
    }

    pub(crate) async fn login_delay(&self, user: &UserName) -> Option<Duration> {
        match self {
            Self::Blocking(authenticator) => authenticator.login_delay(user),
            Self::Asynchronous(authenticator) => authenticator.login_delay(user).await,
        }
    }

    pub(crate) async fn authenticate(
        &self,
        credentials: &Credentials,
    ) -> Result<UserName, LoginRefused> {
        match self {
            Self::Blocking(authenticator) => authenticator.authenticate(credentials),
            Self::Asynchronous(authenticator) => authenticator.authenticate(credentials).await,
        }
    }
}

impl AnyMaildrops {
    pub(crate) const fn is_blocking(&self) -> bool {
        matches!(self, Self::Blocking(_))
    }

    pub(crate) async fn open(&self, user: &UserName) -> Result<AnyMaildrop, OpenError> {
        match self {
            Self::Blocking(maildrops) => maildrops.open(user).map(AnyMaildrop::Blocking),
            Self::Asynchronous(maildrops) => {
                maildrops.open(user).await.map(AnyMaildrop::Asynchronous)
            }
        }
    }
}

impl AnyMaildrop {
    pub(crate) const fn is_blocking(&self) -> bool {
        matches!(self, Self::Blocking(_))
    }

    pub(crate) fn messages(&self) -> &[MessageInfo] {
        match self {
            Self::Blocking(maildrop) => maildrop.messages(),
            Self::Asynchronous(maildrop) => maildrop.messages(),
        }
    }

    pub(crate) async fn expire(&mut self, before: SystemTime) -> Result<usize, RemoveError> {
        match self {
            Self::Blocking(maildrop) => maildrop.expire(before),
            Self::Asynchronous(maildrop) => maildrop.expire(before).await,
        }
    }

    pub(crate) async fn letter(&mut self, number: MessageNumber) -> Result<AnyLetter, LetterError> {
        match self {
            Self::Blocking(maildrop) => maildrop.letter(number).map(AnyLetter::Blocking),
            Self::Asynchronous(maildrop) => {
                maildrop.letter(number).await.map(AnyLetter::Asynchronous)
            }
        }
    }

    pub(crate) async fn remove(&mut self, numbers: &[MessageNumber]) -> Vec<Removal> {
        match self {
            Self::Blocking(maildrop) => maildrop.remove(numbers),
            Self::Asynchronous(maildrop) => maildrop.remove(numbers).await,
        }
    }
}

impl AnyLetter {
    pub(crate) const fn is_blocking(&self) -> bool {
        matches!(self, Self::Blocking(_))
    }

    /// Reads on; into the buffer, if the store brings none of its own.
    pub(crate) async fn read(self, buffer: BytesMut) -> io::Result<Piece> {
        match self {
            Self::Blocking(letter) => fill(letter, buffer),
            Self::Asynchronous(mut letter) => {
                let octets = letter.next_piece().await?;
                let rest = (!octets.is_empty()).then_some(Self::Asynchronous(letter));
                Ok(Piece { octets, rest })
            }
        }
    }
}

/// Reads until the buffer is full or the letter ends, so that the end of a small one is seen.
fn fill(mut letter: Box<dyn Read + Send>, mut buffer: BytesMut) -> io::Result<Piece> {
    buffer.resize(PIECE, 0);
    let mut filled = 0;
    while filled < buffer.len() {
        match letter.read(&mut buffer[filled..]) {
            Ok(0) => {
                buffer.truncate(filled);
                return Ok(Piece { octets: buffer.freeze(), rest: None });
            }
            Ok(read) => filled = filled.saturating_add(read).min(buffer.len()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Piece { octets: buffer.freeze(), rest: Some(AnyLetter::Blocking(letter)) })
}
