//! One of the directories of a Maildir, held while something is done in it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
#[cfg(target_os = "linux")]
use rustix::{fs::RenameFlags, io::Errno};

use crate::files::regular;

/// `tmp`, `new` or `cur`. A symbolic link in its place is an error, and since everything in it is
/// done by names within what was opened, nobody can put one there in between.
#[derive(Debug)]
pub(super) struct Directory(OwnedFd);

impl Directory {
    /// That part of a Maildir.
    pub(super) fn open(maildir: &Path, part: &str) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(CWD, maildir.join(part), flags, Mode::empty()) {
            Ok(directory) => Ok(Self(directory)),
            Err(error) => match io::Error::from(error) {
                error if error.kind() == ErrorKind::NotADirectory => {
                    Err(io::Error::new(error.kind(), format!("{part} is no directory")))
                }
                error => Err(error),
            },
        }
    }

    /// The names of the regular files in it.
    pub(super) fn files(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            let is_file = match entry.file_type() {
                // Not every file system tells; then the file may be gone before it is asked.
                FileType::Unknown => match self.status(name) {
                    Ok(status) => FileType::from_raw_mode(status.st_mode) == FileType::RegularFile,
                    Err(error) if error.kind() == ErrorKind::NotFound => false,
                    Err(error) => return Err(error),
                },
                kind => kind == FileType::RegularFile,
            };
            if is_file {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Opens a regular file of it for reading; a link is an error.
    pub(super) fn file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        regular(rustix::fs::openat(&self.0, name, flags, Mode::empty())?.into())
    }

    /// Makes a file in it, for its owner alone.
    pub(super) fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// When a file of it, or a link, was last written to.
    pub(super) fn modified(&self, name: &OsStr) -> io::Result<SystemTime> {
        let status = self.status(name)?;
        let seconds = Duration::from_secs(status.st_mtime.unsigned_abs());
        let second = match status.st_mtime {
            ..0 => SystemTime::UNIX_EPOCH.checked_sub(seconds),
            _ => SystemTime::UNIX_EPOCH.checked_add(seconds),
        };
        // Of another type on other systems.
        let within = Duration::from_nanos(status.st_mtime_nsec as _);
        let time = second.and_then(|second| second.checked_add(within));
        time.ok_or_else(|| ErrorKind::InvalidData.into())
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Moves a file into another directory, under a name that no other file has there: a clock that
    /// is set back, and processes that all have the same number, as in containers, can make a name
    /// twice.
    pub(super) fn move_to(&self, name: &str, other: &Self, new: &str) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        match rustix::fs::renameat_with(&self.0, name, &other.0, new, RenameFlags::NOREPLACE) {
            // Not every file system knows how.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
            moved => return Ok(moved?),
        }
        Ok(rustix::fs::renameat(&self.0, name, &other.0, new)?)
    }

    /// Makes what was done in it durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.0)?)
    }

    fn status(&self, name: &OsStr) -> io::Result<rustix::fs::Stat> {
        Ok(rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn times_are_told_on_both_sides_of_the_epoch() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("cur")).unwrap();
        let file = File::create(dir.path().join("cur/1.h")).unwrap();
        let directory = Directory::open(dir.path(), "cur").unwrap();
        let (epoch, day) = (SystemTime::UNIX_EPOCH, Duration::from_secs(86_400));
        let moment = Duration::from_nanos(1);
        for time in [epoch - day, epoch - moment, epoch, epoch + moment, epoch + day + moment] {
            file.set_modified(time).unwrap();
            assert_eq!(directory.modified("1.h".as_ref()).unwrap(), time);
        }
    }

    #[test]
    fn nothing_but_regular_files_is_listed_and_opened() {
        let dir = tempfile::tempdir().unwrap();
        let cur = dir.path().join("cur");
        fs::create_dir_all(cur.join("directory")).unwrap();
        fs::write(cur.join("file"), "a letter").unwrap();
        symlink(cur.join("file"), cur.join("link")).unwrap();
        let directory = Directory::open(dir.path(), "cur").unwrap();
        assert_eq!(directory.files().unwrap(), ["file"]);
        assert!(directory.file("file".as_ref()).is_ok());
        for other in ["link", "directory", ".", "missing"] {
            assert!(directory.file(other.as_ref()).is_err(), "{other}");
        }
    }
}
