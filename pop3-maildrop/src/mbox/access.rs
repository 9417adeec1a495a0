//! Keeping delivering programs out of the mbox for a moment.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::OFlags;
#[cfg(target_os = "linux")]
use rustix::fs::{AtFlags, CWD, linkat};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

#[cfg(target_os = "linux")]
use crate::files::nameless;
use crate::files::{PRIVATE, beside, open_regular, parent, sync_dir};
use crate::stamp::Stamp;

/// How old a dotlock is when its owner must have died, where that cannot be found out otherwise:
/// nobody holds one for that long.
const STALE: Duration = Duration::from_secs(5 * 60);

/// How long one that is so old has to be seen unchanged, where there is time for that: when the clock
/// has just been set forward, one that is held looks old, but it will soon be gone.
const OBSERVED: Duration = Duration::from_secs(1);

/// How long to sleep between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// Sole access to an mbox, by both customs: a dotlock, and `flock` on the file.
#[derive(Debug)]
pub(super) struct Access {
    // Dropped in this order: the file is unlocked before the dotlock goes.
    file: File,
    _dotlock: Dotlock,
}

impl Access {
    /// Access to an mbox for reading. `NotFound` when there is none, `TimedOut` when others keep it
    /// locked for longer than `wait`.
    pub(super) fn to_existing(path: &Path, wait: Duration) -> io::Result<Self> {
        // Without an mbox there may not even be a directory to put a dotlock into.
        fs::symlink_metadata(path)?;
        Self::take(path, wait, open_regular)
    }

    /// Access to an mbox for appending; makes one when there is none.
    pub(super) fn to_append(path: &Path, wait: Duration) -> io::Result<Self> {
        Self::take(path, wait, |path| {
            let mut options = OpenOptions::new();
            let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
            options.read(true).append(true).mode(PRIVATE).custom_flags(flags.bits() as i32);
            match options.open(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let file = options.create_new(true).open(path)?;
                    sync_dir(parent(path))?;
                    Ok(file)
                }
                opened => opened,
            }
        })
    }

    fn take(
        path: &Path,
        wait: Duration,
        open: impl Fn(&Path) -> io::Result<File>,
    ) -> io::Result<Self> {
        let deadline = Instant::now() + wait;
        let dotlock = Dotlock::take(beside(path, "", ".lock"), deadline)?;
        loop {
            let file = open(path)?;
            lock(&file, deadline)?;
            // Somebody without regard for dotlocks may have replaced it while we waited.
            let (ours, there) = (file.metadata()?, fs::symlink_metadata(path)?);
            if (ours.dev(), ours.ino()) == (there.dev(), there.ino()) {
                return Ok(Self { file, _dotlock: dotlock });
            }
            pause(deadline)?;
        }
    }

    /// The locked file.
    pub(super) const fn file(&self) -> &File {
        &self.file
    }

    /// Lets the others in again; the file can still be read.
    pub(super) fn release(self) -> io::Result<File> {
        self.file.unlock()?;
        Ok(self.file)
    }
}

fn lock(file: &File, deadline: Instant) -> io::Result<()> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => pause(deadline)?,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

fn pause(deadline: Instant) -> io::Result<()> {
    if Instant::now() >= deadline {
        return Err(io::Error::new(ErrorKind::TimedOut, "another program keeps the mbox locked"));
    }
    thread::sleep(PAUSE);
    Ok(())
}

/// `<mbox>.lock`: whoever can create it has the mbox until they remove it. It tells who that is, as
/// `<process>:<host>`.
#[derive(Debug)]
struct Dotlock(PathBuf);

impl Dotlock {
    fn take(path: PathBuf, deadline: Instant) -> io::Result<Self> {
        let patience = deadline.saturating_duration_since(Instant::now()) / 2;
        let mut old: Option<(Stamp, Instant)> = None;
        loop {
            match make(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            let looks_old = fs::symlink_metadata(&path).ok().filter(is_old);
            old = looks_old.as_ref().map(Stamp::of).map(|now| match old {
                Some((then, since)) if then == now => (then, since),
                _ => (now, Instant::now()),
            });
            let stays = old.is_some_and(|(_, since)| since.elapsed() >= patience.min(OBSERVED));
            if stays || is_of_the_dead(&path).unwrap_or(false) {
                old = None;
                remove(&path)?;
            } else {
                pause(deadline)?;
            }
        }
    }
}

/// Makes a dotlock that tells its owner from the first moment on: whoever is killed right behind an
/// empty one would keep everybody else out until it is [`STALE`].
#[cfg(target_os = "linux")]
fn make(path: &Path) -> io::Result<()> {
    let Ok(file) = nameless(parent(path)) else { return make_in_place(path) };
    sign(&file)?;
    let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
    match linkat(CWD, unnamed, CWD, path, AtFlags::SYMLINK_FOLLOW) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => Err(ErrorKind::AlreadyExists.into()),
        Err(_) => make_in_place(path),
    }
}

#[cfg(not(target_os = "linux"))]
fn make(path: &Path) -> io::Result<()> {
    make_in_place(path)
}

/// The same where a file has to have its name before its content.
fn make_in_place(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path)?;
    sign(&file).inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

/// Writes down whose it is.
fn sign(mut dotlock: &File) -> io::Result<()> {
    writeln!(dotlock, "{}:{}", std::process::id(), host())
}

impl Drop for Dotlock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Whether a dotlock is [`STALE`] by the clock; also when it is of a time to come, which a clock that
/// was set back makes of an old one.
fn is_old(dotlock: &Metadata) -> bool {
    let age = dotlock.modified().map(|made| {
        let now = SystemTime::now();
        now.duration_since(made).unwrap_or_else(|ahead| ahead.duration())
    });
    age.is_ok_and(|age| age > STALE)
}

/// Whether the dotlock was made by a process of this machine that is no more. None when it does not
/// say.
fn is_of_the_dead(path: &Path) -> Option<bool> {
    let mut text = String::new();
    open_regular(path).ok()?.take(1024).read_to_string(&mut text).ok()?;
    let (process, made_on) = text.trim_end().split_once(':')?;
    let process = Pid::from_raw(process.parse().ok()?)?;
    Some(made_on == host() && test_kill_process(process) == Err(Errno::SRCH))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(60);

    fn mbox() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let (path, dotlock) = (dir.path().join("mark"), dir.path().join("mark.lock"));
        fs::write(&path, "").unwrap();
        (dir, path, dotlock)
    }

    #[test]
    fn a_foreign_dotlock_is_waited_for_and_left_alone() {
        let (_dir, path, dotlock) = mbox();
        fs::write(&dotlock, "").unwrap();
        let refused = Access::to_existing(&path, SHORT).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::TimedOut);
        assert!(dotlock.exists());
        fs::remove_file(&dotlock).unwrap();
        assert!(Access::to_existing(&path, SHORT).is_ok());
        assert!(!dotlock.exists());
    }

    #[test]
    fn a_stale_dotlock_is_broken() {
        let (_dir, path, dotlock) = mbox();
        let file = File::create(&dotlock).unwrap();
        file.set_modified(SystemTime::now() - STALE - Duration::from_secs(1)).unwrap();
        assert!(Access::to_existing(&path, SHORT).is_ok());
    }

    /// Else a clock that is set back keeps everybody out until it has caught up.
    #[test]
    fn a_dotlock_of_a_time_far_ahead_is_broken() {
        let (_dir, path, dotlock) = mbox();
        let file = File::create(&dotlock).unwrap();
        file.set_modified(SystemTime::now() + STALE + Duration::from_secs(60)).unwrap();
        assert!(Access::to_existing(&path, SHORT).is_ok());
    }

    /// Else a clock that is set forward takes the mbox from whoever is writing it.
    #[test]
    fn a_dotlock_that_looks_old_and_is_given_back_soon_is_not_broken() {
        let (_dir, path, dotlock) = mbox();
        let file = File::create(&dotlock).unwrap();
        file.set_modified(SystemTime::now() - 2 * STALE).unwrap();
        thread::scope(|scope| {
            let holder = scope.spawn(|| {
                thread::sleep(Duration::from_millis(400));
                let held = fs::metadata(&dotlock).is_ok_and(|lock| lock.len() == 0);
                fs::remove_file(&dotlock).unwrap();
                held
            });
            let access = Access::to_existing(&path, Duration::from_secs(20)).unwrap();
            assert!(holder.join().unwrap(), "the dotlock was broken");
            drop(access);
        });
    }

    #[test]
    fn a_dotlock_of_a_killed_process_of_this_machine_is_broken() {
        let (_dir, path, dotlock) = mbox();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let (dead, alive) = (child.id(), std::process::id());
        for foreign in [format!("{alive}:{}", host()), format!("{dead}:another"), dead.to_string()]
        {
            fs::write(&dotlock, foreign).unwrap();
            assert!(Access::to_existing(&path, SHORT).is_err());
        }
        fs::write(&dotlock, format!("{dead}:{}\n", host())).unwrap();
        assert!(Access::to_existing(&path, SHORT).is_ok());
    }

    /// Else a program that is killed at that moment locks everybody out for minutes.
    #[test]
    fn a_dotlock_tells_its_owner_from_the_first_moment_on() {
        let (_dir, path, dotlock) = mbox();
        let stop = std::sync::atomic::AtomicBool::new(false);
        thread::scope(|scope| {
            let seen = scope.spawn(|| {
                let mut seen = 0;
                while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                    if let Ok(text) = fs::read_to_string(&dotlock) {
                        assert!(text.ends_with('\n'), "{text:?}");
                        seen += 1;
                    }
                }
                seen
            });
            for _ in 0..2_000 {
                drop(Access::to_existing(&path, SHORT).unwrap());
            }
            stop.store(true, std::sync::atomic::Ordering::SeqCst);
            assert!(seen.join().unwrap() > 0, "nobody has looked");
        });
    }

    #[test]
    fn a_locked_file_is_waited_for() {
        let (_dir, path, dotlock) = mbox();
        let other = File::open(&path).unwrap();
        other.lock().unwrap();
        let refused = Access::to_existing(&path, SHORT).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::TimedOut);
        assert!(!dotlock.exists());
        other.unlock().unwrap();
        assert!(Access::to_existing(&path, SHORT).is_ok());
    }

    #[test]
    fn access_excludes_others_until_it_is_released() {
        let (_dir, path, dotlock) = mbox();
        let access = Access::to_append(&path, SHORT).unwrap();
        assert!(dotlock.exists());
        assert!(Access::to_existing(&path, SHORT).is_err());
        let file = access.release().unwrap();
        assert!(Access::to_existing(&path, SHORT).is_ok());
        drop(file);
    }

    #[test]
    fn where_there_is_no_mbox_nothing_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Access::to_existing(&dir.path().join("mark"), SHORT).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
