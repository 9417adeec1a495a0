//! Where is their mail, and what is in it?

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use pop3_proto::{MessageInfo, MessageNumber, UserName};

use crate::name::UnsafeName;

/// Any error that can cross threads: the cause within this crate's own errors.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The storage: opens users' maildrops.
pub trait Maildrops: Send + Sync {
    /// Opens and locks the maildrop of a user who has been authenticated.
    ///
    /// # Errors
    /// When another session has it, or it cannot be read. A refused call leaves the lock with the
    /// session that holds it.
    fn open(&self, user: &UserName) -> Result<Box<dyn Maildrop>, OpenError>;
}

/// A maildrop as it was at login, locked until it is dropped (RFC 1939, section 4).
///
/// Dropping it removes nothing.
pub trait Maildrop: Send {
    /// The messages in order: number `n` is at index `n - 1`. Always the same while the maildrop
    /// is open.
    fn messages(&self) -> &[MessageInfo];

    /// Removes for good what was delivered before that time, and takes it out of the snapshot; how
    /// many letters that were. To be called once at most, before anything else.
    ///
    /// A store that does not know when its letters were delivered keeps them all, as this default
    /// does: `EXPIRE` promises how long they are kept at least (RFC 2449, section 6.7).
    ///
    /// # Errors
    /// When some could not be removed; these are still in the snapshot.
    fn expire(&mut self, before: SystemTime) -> Result<usize, RemoveError> {
        let _ = before;
        Ok(0)
    }

    /// Opens a letter: its octets as they are stored, with any line ends.
    ///
    /// The reader fails when the letter cannot be read to its end, it never just stops; whoever
    /// sends it must then break the connection off instead of ending the reply.
    ///
    /// # Errors
    /// When the letter is gone or cannot be opened. The others are not affected.
    fn letter(&self, number: MessageNumber) -> Result<Box<dyn io::Read + Send>, LetterError>;

    /// Removes letters for good: the UPDATE state (RFC 1939, section 6). To be called once at
    /// most, with each number once.
    ///
    /// Returns one outcome for each number, in the same order. `Ok` is said of letters that are
    /// gone and will stay gone after a power cut, also when somebody else removed them.
    fn remove(&mut self, numbers: &[MessageNumber]) -> Vec<Removal>;
}

/// What became of a letter that was to be removed.
pub type Removal = Result<(), RemoveError>;

/// Why a maildrop was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another session has it (`[IN-USE]`, RFC 2449, section 8.1.1).
    #[error("the maildrop is in use by another session")]
    InUse,
    /// The user's last login was too recent (`[LOGIN-DELAY]`, RFC 2449, section 8.1.1).
    #[error("the last login was too recent")]
    TooSoon,
    /// It cannot be opened now; later it may be (`[SYS/TEMP]`, RFC 3206, section 4).
    #[error("the maildrop cannot be opened now")]
    Temporary(#[source] BoxError),
    /// It cannot be opened until somebody mends something (`[SYS/PERM]`, RFC 3206, section 4).
    #[error("the maildrop cannot be opened")]
    Permanent(#[source] BoxError),
}

impl From<io::Error> for OpenError {
    /// A failing file system may recover, so this is [`Temporary`](Self::Temporary).
    fn from(error: io::Error) -> Self {
        Self::Temporary(error.into())
    }
}

impl From<UnsafeName> for OpenError {
    fn from(error: UnsafeName) -> Self {
        Self::Permanent(error.into())
    }
}

/// Why a letter was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LetterError {
    /// Somebody else removed it since login.
    #[error("the letter is gone")]
    Gone,
    /// No message of this maildrop bears that number.
    #[error("there is no letter of that number")]
    NoSuchNumber,
    /// It could not be opened.
    #[error("the letter cannot be read")]
    Io(#[from] io::Error),
}

/// Why a letter was not removed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveError {
    /// No message of this maildrop bears that number.
    #[error("there is no letter of that number")]
    NoSuchNumber,
    /// The mailbox is not what it was at login, so it was left alone.
    #[error("the mailbox was changed by another program")]
    Changed,
    /// The removal failed, or could not be made durable: the letter is still there, or may come
    /// back after a power cut. Shared, since one cause can stand behind many letters.
    #[error("the letter cannot be removed")]
    Io(#[source] Arc<io::Error>),
}

impl From<io::Error> for RemoveError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}
