//! What the stores do with files: open them without being led astray, and change them so that a
//! crash at any moment leaves either the old or the new.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// For files that only their owner reads.
pub(crate) const PRIVATE: u32 = 0o600;

/// Opens a regular file for reading. A symbolic link in its place is an error, so that nobody who
/// may write into a mailbox can have other files read; nor does a FIFO block the session.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    regular(OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)?)
}

/// A file, if it is a regular one.
pub(crate) fn regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}

/// Makes the directory's entries durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// The directory that a file lies in.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != "" => parent,
        _ => Path::new("."),
    }
}

/// A file of the same directory whose name is the given one between `prefix` and `suffix`.
pub(crate) fn beside(path: &Path, prefix: &str, suffix: &str) -> PathBuf {
    let mut name = OsString::from(prefix);
    name.push(path.file_name().unwrap_or_default());
    name.push(suffix);
    path.with_file_name(name)
}

/// A file in that directory without a name, which goes with the process, however that ends. An
/// error where there are no such files: not on every system, nor on every file system.
pub(crate) fn nameless(directory: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        let mut options = OpenOptions::new();
        let flags = OFlags::TMPFILE.bits() as i32;
        options.read(true).write(true).mode(PRIVATE).custom_flags(flags).open(directory)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = directory;
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// The successor of a file, written beside it, unseen until [`commit`](Self::commit). Dropping it
/// leaves the file as it was.
///
/// Whoever makes one holds a lock on the file it replaces.
#[derive(Debug)]
pub(crate) struct Replacement {
    file: File,
    temporary: PathBuf,
    target: PathBuf,
    committed: bool,
}

impl Replacement {
    /// An empty successor of `target`, with that mode.
    pub(crate) fn begin(target: &Path, mode: u32) -> io::Result<Self> {
        let temporary = beside(target, ".", ".new");
        // What a crash left behind; under the lock it is nobody else's.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file =
            OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&temporary)?;
        let new = Self { file, temporary, target: target.to_owned(), committed: false };
        new.file.set_permissions(Permissions::from_mode(mode))?;
        Ok(new)
    }

    /// An empty successor of a file that is open, with its mode and owner.
    pub(crate) fn of(target: &Path, old: &File) -> io::Result<Self> {
        let old = old.metadata()?;
        let replacement = Self::begin(target, old.mode() & 0o7777)?;
        let new = replacement.file.metadata()?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            fchown(&replacement.file, Some(old.uid()), Some(old.gid()))?;
        }
        Ok(replacement)
    }

    /// The file being written.
    pub(crate) const fn file(&self) -> &File {
        &self.file
    }

    /// Puts the successor in place, durably.
    pub(crate) fn commit(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.target)?;
        self.committed = true;
        sync_dir(parent(&self.target))
    }
}

impl Write for Replacement {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.file.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        // After a commit a file of this name is that of somebody who came next.
        if !self.committed {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abandoned_replacement_leaves_the_old_file_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "old").unwrap();
        Replacement::begin(&path, PRIVATE).unwrap().write_all(b"half").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_replacement_is_not_stopped_by_what_a_crash_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(dir.path().join(".file.new"), "torn").unwrap();
        let mut new = Replacement::begin(&path, PRIVATE).unwrap();
        new.write_all(b"new").unwrap();
        new.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn links_and_directories_are_not_opened() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(open_regular(&file).is_ok());
        assert!(open_regular(&link).is_err());
        assert!(open_regular(dir.path()).is_err());
    }
}
