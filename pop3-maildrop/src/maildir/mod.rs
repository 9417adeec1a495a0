//! Maildir: a letter is a file.
//!
//! A Maildir is a directory with three in it. A delivering program writes a letter in `tmp` and
//! renames it into `new`; a mail reader moves it from `new` to `cur` and keeps flags behind a colon
//! at the end of its name (`cur/1700000000.M1P2.host:2,S`). What stands before the colon, the
//! *unique name*, never changes and is never used twice, so no locks are needed to deliver or to
//! read, and that is how this store lives beside an MTA and an IMAP server:
//!
//! - **Order** is the order of arrival: the time in the unique name, its microseconds, the name.
//! - **Unique-ids** are the unique names, or their SHA-256 when they are not conformant.
//! - **Sizes** come from the notes of an earlier session, else from `,W=` in the name, else from
//!   reading the letter once. A second login opens no letters.
//! - **Age**, for `EXPIRE`, is by the time in the unique name and that of the file: what either of
//!   them calls young is kept.
//! - **A letter that was renamed** since login is looked up again by its unique name.
//!
//! Besides letters, two files are ours: `pop3.lock`, locked while a session lasts, and `pop3-sizes`
//! with the sizes. Both may be deleted when no session is open. Files in `tmp` that were not
//! touched for 36 hours are remains of failed deliveries and are removed when a session begins.
//!
//! **Symbolic links are not followed**: one is no letter, and one in place of `tmp`, `new`, `cur` or a
//! file of ours is an error, also when it was put there in mid-session. The Maildir itself may be one:
//! that is the operator's to decide.
//!
//! ```
//! use pop3_maildrop::maildir::{Maildir, deliver};
//! use pop3_maildrop::Maildrop;
//! use pop3_proto::Octets;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("mark");
//! deliver(&path, &mut &b"Subject: hello\n\nFirst!\n"[..])?;
//! let maildir = Maildir::open(&path)?;
//! assert_eq!(maildir.messages()[0].octets, Octets(26));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod delivery;
mod directory;
mod folder;
mod letter;
mod name;
mod sizes;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use pop3_proto::{MessageInfo, MessageNumber, UserName};

use crate::lock::SessionLock;
use crate::name::{UnsafeName, file_name};
use crate::storage::{LetterError, Maildrop, Maildrops, OpenError, Removal, RemoveError};
use folder::Folder;
use letter::Letter;

pub use delivery::{Delivery, deliver};

/// One Maildir for each user, in a common directory: `<root>/<user>/{tmp,new,cur}`.
#[derive(Clone, Debug)]
pub struct MaildirMaildrops {
    root: PathBuf,
}

impl MaildirMaildrops {
    /// The Maildirs in `root`, which must exist when one of them is opened.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where the user's Maildir is, or would be.
    ///
    /// # Errors
    /// When the name is not safe as a file name: it holds `/`, begins with a dot or is longer than
    /// 200 octets.
    pub fn path(&self, user: &UserName) -> Result<PathBuf, UnsafeName> {
        Ok(self.root.join(file_name(user)?))
    }
}

impl Maildrops for MaildirMaildrops {
    /// Opens the user's Maildir; makes an empty one when there is none.
    fn open(&self, user: &UserName) -> Result<Box<dyn Maildrop>, OpenError> {
        Ok(Box::new(Maildir::open(&self.path(user)?)?))
    }
}

/// A Maildir as it was when it was opened, locked until it is dropped.
#[derive(Debug)]
pub struct Maildir {
    messages: Vec<MessageInfo>,
    folder: Folder,
    _lock: SessionLock,
}

impl Maildir {
    /// Opens and locks the Maildir at a path; makes an empty one when there is none, in a directory
    /// that must exist.
    ///
    /// A letter that may not be read (`EACCES`) is left out, with a warning; it stays where it is.
    ///
    /// # Errors
    /// When another session has it open, `tmp`, `new` or `cur` is a symbolic link, or the file system
    /// fails.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        folder::create(path)?;
        let lock = SessionLock::take(&path.join("pop3.lock"))?;
        folder::sweep(path);
        let mut folder = Folder::scan(path)?;
        let messages = sizes::measure_all(path, &mut folder)?;
        Ok(Self { messages, folder, _lock: lock })
    }
}

impl Maildrop for Maildir {
    fn messages(&self) -> &[MessageInfo] {
        &self.messages
    }

    /// Removes what was delivered before that time by its name and by its file alike.
    ///
    /// The name tells when a letter came here, and the time of the file when it was written last,
    /// which an IMAP server sets to when it was received. A letter that was copied or restored
    /// with an old time but a new name is therefore kept, and so is one that has been touched. (Dovecot
    /// expunges by the time of the last change of the file's inode, which moves with every flag.)
    fn expire(&mut self, before: SystemTime) -> Result<usize, RemoveError> {
        let all = self.messages.len();
        let old: Vec<_> = (0..all).filter(|index| self.folder.is_older(*index, before)).collect();
        if old.is_empty() {
            return Ok(0);
        }
        let (mut keep, mut failed) = (vec![true; all], Ok(()));
        for (index, outcome) in old.iter().zip(self.folder.remove(&old)) {
            keep[*index] = outcome.is_err();
            failed = failed.and(outcome);
        }
        self.folder.retain(&keep);
        let mut keep = keep.iter();
        self.messages.retain(|_| keep.next() == Some(&true));
        failed.map(|()| all - self.messages.len())
    }

    fn letter(&self, number: MessageNumber) -> Result<Box<dyn io::Read + Send>, LetterError> {
        if number.index() >= self.messages.len() {
            return Err(LetterError::NoSuchNumber);
        }
        match self.folder.open(number.index()) {
            Ok(file) => Ok(Box::new(Letter::new(file)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(LetterError::Gone),
            Err(error) => Err(LetterError::Io(error)),
        }
    }

    /// Removes letters one by one: when one cannot be removed, the others are all the same.
    fn remove(&mut self, numbers: &[MessageNumber]) -> Vec<Removal> {
        let known: Vec<_> = numbers
            .iter()
            .map(|number| number.index())
            .filter(|index| *index < self.messages.len())
            .collect();
        let mut outcomes = self.folder.remove(&known).into_iter();
        numbers
            .iter()
            .map(|number| match self.messages.get(number.index()) {
                Some(_) => outcomes.next().expect("one outcome for each known number"),
                None => Err(RemoveError::NoSuchNumber),
            })
            .collect()
    }
}
