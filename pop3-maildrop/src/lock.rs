//! One session at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use crate::files::PRIVATE;
use crate::storage::OpenError;

/// The exclusive lock of a session on a maildrop, held until it is dropped.
///
/// It is a kernel lock on a file of its own: it goes with the process that holds it, however that
/// ends, and the file itself says nothing. The file stays, since whoever removed it could remove
/// the one that another session has just locked.
#[derive(Debug)]
pub(crate) struct SessionLock(File);

impl SessionLock {
    /// Takes the lock, without waiting.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(PRIVATE)
            .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse),
            Err(TryLockError::Error(error)) => Err(io::Error::into(error)),
        }
    }
}

impl Drop for SessionLock {
    fn drop(&mut self) {
        // Closing frees it as well, but later when a child process has just inherited the file.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_excludes_others_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = SessionLock::take(&path).unwrap();
        for _ in 0..2 {
            assert!(matches!(SessionLock::take(&path), Err(OpenError::InUse)));
        }
        drop(first);
        assert!(SessionLock::take(&path).is_ok());
    }

    #[test]
    fn a_symbolic_link_in_place_of_the_lock_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), &path).unwrap();
        assert!(matches!(SessionLock::take(&path), Err(OpenError::Temporary(_))));
        assert!(!dir.path().join("elsewhere").exists());
    }
}
