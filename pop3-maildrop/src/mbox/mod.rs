//! mbox: all letters in one file, in the *mboxrd* form.
//!
//! ```text
//! From mary@example.org Thu Jan  1 00:00:00 1970     each letter begins with a From_ line,
//! Subject: hello                                     at the start of the file or behind an empty line;
//!
//! >From here on …                                    a line of it that looks like one is quoted by
//!                                                    one more '>'; an empty line ends the letter
//! From john@example.org …
//! ```
//!
//! The From_ line, the quoting and the empty line at the end belong to the file, not to the letter:
//! they are neither sent nor counted.
//!
//! - **Unique-ids** are the first 128 bits of SHA-256 over From_ line and letter. Identical copies
//!   get `.2`, `.3`, … behind it, and a file of ours beside the mbox remembers which copy has which,
//!   and which ids are used up: see [`MboxMaildrops`].
//! - **Sizes** are counted at login, in the one reading of the file that also finds the letters.
//! - **Locks**: a session holds a lock of its own, so that there is one session at a time. The mbox
//!   itself is locked for others (a dotlock `<mbox>.lock`, and `flock` on the file) only while it is
//!   read at login and while letters are removed or appended, so that mail can arrive during a
//!   session.
//! - **Removal** writes what stays, and what was appended since login, into a new file and renames
//!   it over the old: all or nothing. It happens only if the letters seen at login are still there
//!   as they were; otherwise nothing is touched.
//! - **A letter that another program changes in place** while it is read does not pass for whole:
//!   its reader fails at the end.
//!
//! Since removal replaces the file, a delivering program must use the dotlock, as they all do by
//! default; one that only locks the file could write into the file that was replaced.
//!
//! ```
//! use pop3_maildrop::Maildrop;
//! use pop3_maildrop::mbox::{Mbox, deliver};
//! use pop3_proto::Octets;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("mark");
//! deliver(&path, "mary@example.org", &mut &b"Subject: hello\n\nFrom me\n"[..])?;
//! let mbox = Mbox::open(&path)?;
//! assert_eq!(mbox.messages()[0].octets, Octets(27));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod delivery;
mod ids;
mod letter;
mod quote;
mod scan;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pop3_proto::{MessageInfo, MessageNumber, UserName};

use crate::files::{Replacement, beside};
use crate::lock::SessionLock;
use crate::name::{UnsafeName, file_name};
use crate::storage::{LetterError, Maildrop, Maildrops, OpenError, Removal, RemoveError};
use access::Access;
use ids::Ids;
use letter::Letter;
use scan::Found;

pub use delivery::{Delivery, deliver};
pub use scan::NotMbox;

/// How long to wait for a delivering program to finish, unless told otherwise.
pub const LOCK_WAIT: Duration = Duration::from_secs(10);

/// One mbox for each user, in a common directory: `<root>/<user>`.
///
/// Beside it lie two small files of ours: `.<user>.pop3lock`, locked while a session lasts, and
/// `.<user>.pop3-ids`, which remembers unique-ids. Without the latter the ids of letters stay what
/// they are, except that identical copies may change theirs, and that a letter which was removed
/// and is delivered again, identical to the time in its From_ line, gets the id it had. The last
/// 65,536 removed letters are remembered.
#[derive(Clone, Debug)]
pub struct MboxMaildrops {
    root: PathBuf,
    lock_wait: Duration,
}

impl MboxMaildrops {
    /// The mboxes in `root`. A user without one has no mail.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), lock_wait: LOCK_WAIT }
    }

    /// Waits that long for the locks of delivering programs, instead of [`LOCK_WAIT`].
    #[must_use]
    pub const fn with_lock_wait(mut self, wait: Duration) -> Self {
        self.lock_wait = wait;
        self
    }

    /// Where the user's mbox is, or would be.
    ///
    /// # Errors
    /// When the name is not safe as a file name: it holds `/`, begins with a dot, is longer than
    /// 200 octets, or ends in `.lock`, which would be the dotlock of another user.
    pub fn path(&self, user: &UserName) -> Result<PathBuf, UnsafeName> {
        let name = file_name(user)?;
        if name.ends_with(".lock") { Err(UnsafeName) } else { Ok(self.root.join(name)) }
    }
}

impl Maildrops for MboxMaildrops {
    fn open(&self, user: &UserName) -> Result<Box<dyn Maildrop>, OpenError> {
        Ok(Box::new(Mbox::open_within(&self.path(user)?, self.lock_wait)?))
    }
}

/// An mbox as it was when it was opened, locked against other sessions until it is dropped.
#[derive(Debug)]
pub struct Mbox {
    path: PathBuf,
    lock_wait: Duration,
    messages: Vec<MessageInfo>,
    found: Vec<Found>,
    file: Option<Arc<File>>,
    ids: Ids,
    _lock: SessionLock,
}

impl Mbox {
    /// Opens the mbox at a path; where there is none, there is no mail. Waits up to [`LOCK_WAIT`]
    /// for a delivering program to finish.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when another session has it open or another program keeps it locked;
    /// [`OpenError::Permanent`] when it does not begin with a From_ line ([`NotMbox`]);
    /// [`OpenError::Temporary`] when the file system fails.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_within(path.as_ref(), LOCK_WAIT)
    }

    fn open_within(path: &Path, lock_wait: Duration) -> Result<Self, OpenError> {
        let lock = SessionLock::take(&beside(path, ".", ".pop3lock"))?;
        let (file, found) = match Access::to_existing(path, lock_wait) {
            Ok(access) => {
                let found = scan::scan(access.file())?;
                (Some(Arc::new(access.release()?)), found)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => (None, Vec::new()),
            Err(error) if error.kind() == ErrorKind::TimedOut => return Err(OpenError::InUse),
            Err(error) => return Err(error.into()),
        };
        let mut ids = Ids::read(beside(path, ".", ".pop3-ids"));
        let unique_ids = ids.assign(&found);
        ids.write();
        let messages = found
            .iter()
            .zip(unique_ids)
            .map(|(found, unique_id)| MessageInfo { octets: found.octets, unique_id })
            .collect();
        Ok(Self { path: path.to_owned(), lock_wait, messages, found, file, ids, _lock: lock })
    }

    /// Replaces the mbox by one without the marked letters.
    fn remove_all(&self, marked: &[bool]) -> Removal {
        let access = Access::to_existing(&self.path, self.lock_wait).map_err(|error| {
            if error.kind() == ErrorKind::NotFound { RemoveError::Changed } else { error.into() }
        })?;
        let now = scan::scan(access.file()).map_err(|error| match error {
            scan::ScanError::NotMbox(_) => RemoveError::Changed,
            scan::ScanError::Io(error) => error.into(),
        })?;
        let as_it_was = now.len() >= self.found.len()
            && now.iter().zip(&self.found).all(|(now, then)| now.digest == then.digest);
        if !as_it_was {
            return Err(RemoveError::Changed);
        }
        let kept = now
            .iter()
            .enumerate()
            .filter(|(index, _)| marked.get(*index) != Some(&true))
            .map(|(_, letter)| letter);
        Ok(replace(&self.path, access.file(), kept)?)
    }
}

/// Puts a file with those letters in place of the mbox, of the same owner and mode.
fn replace<'a>(
    path: &Path,
    mut old: &File,
    letters: impl Iterator<Item = &'a Found>,
) -> io::Result<()> {
    let new = Replacement::of(path, old)?;
    for letter in letters {
        old.seek(SeekFrom::Start(letter.start))?;
        let length = letter.end - letter.start;
        if io::copy(&mut io::Read::take(old, length), &mut new.file())? != length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    new.commit()
}

impl Maildrop for Mbox {
    fn messages(&self) -> &[MessageInfo] {
        &self.messages
    }

    fn letter(&self, number: MessageNumber) -> Result<Box<dyn io::Read + Send>, LetterError> {
        match (self.found.get(number.index()), &self.file) {
            (Some(found), Some(file)) => Ok(Box::new(Letter::new(Arc::clone(file), found))),
            _ => Err(LetterError::NoSuchNumber),
        }
    }

    /// Removes all of the letters or none.
    fn remove(&mut self, numbers: &[MessageNumber]) -> Vec<Removal> {
        let mut marked = vec![false; self.messages.len()];
        let known: Vec<bool> = numbers
            .iter()
            .map(|number| marked.get_mut(number.index()).map(|mark| *mark = true).is_some())
            .collect();
        let outcome = if marked.contains(&true) { self.remove_all(&marked) } else { Ok(()) };
        if outcome.is_ok() {
            let gone = self.messages.iter().zip(&marked).filter(|(_, marked)| **marked);
            self.ids.forget(gone.map(|(message, _)| &message.unique_id));
            self.ids.write();
        }
        known
            .into_iter()
            .map(|known| if known { outcome.clone() } else { Err(RemoveError::NoSuchNumber) })
            .collect()
    }
}
