//! The letters of a Maildir, wherever other programs move them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::directory::Directory;
use super::name;
use crate::files::{parent, sync_dir};
use crate::storage::{Removal, RemoveError};

/// How often a letter is looked for again before it counts as gone: a directory that is read while
/// a letter is renamed may show neither of its names.
const LOOKS: usize = 3;

/// Where letters are. `new` comes first: a letter that moves to `cur` while they are listed is seen
/// twice rather than never.
const PARTS: [&str; 2] = ["new", "cur"];

/// How old a file in `tmp` is when nobody can still be writing it.
const STALE: Duration = Duration::from_secs(36 * 60 * 60);

/// Makes what is missing of a Maildir, durably. A symbolic link in place of one of its directories
/// is an error, so that nobody who may write into a mailbox can have other mail read or removed.
pub(super) fn create(root: &Path) -> io::Result<()> {
    let made = |path: &Path| match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    };
    if made(root)? {
        sync_dir(parent(root))?;
    }
    let mut any = false;
    for part in ["tmp", "new", "cur"] {
        any |= made(&root.join(part))?;
        Directory::open(root, part)?;
    }
    if any { sync_dir(root) } else { Ok(()) }
}

/// Removes what failed deliveries left in `tmp`, as mail readers are expected to. Failing at that
/// is no reason to keep anybody from their mail.
pub(super) fn sweep(root: &Path) {
    let Ok(tmp) = Directory::open(root, "tmp") else { return };
    for name in tmp.files().unwrap_or_default() {
        let age = tmp.modified(&name).map(|at| SystemTime::now().duration_since(at));
        if matches!(age, Ok(Ok(age)) if age > STALE) {
            let _ = tmp.remove(&name);
        }
    }
}

/// Where a letter was when it was last seen.
#[derive(Debug)]
struct Entry {
    /// Which of [`PARTS`] it was in.
    part: usize,
    name: OsString,
}

impl Entry {
    fn unique(&self) -> &[u8] {
        name::unique(self.name.as_bytes())
    }
}

/// The letters there were at one moment, in order of arrival; each keeps its index.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    /// Places are looked up again while the letters are only lent.
    entries: RefCell<Vec<Entry>>,
}

impl Folder {
    /// The letters that are there now.
    pub(super) fn scan(root: &Path) -> io::Result<Self> {
        let mut entries = list(root)?;
        entries.sort_by(|a, b| order(a.unique()).cmp(&order(b.unique())));
        // A letter that was moved while we looked is seen twice.
        entries.dedup_by(|a, b| a.unique() == b.unique());
        Ok(Self { root: root.to_owned(), entries: RefCell::new(entries) })
    }

    /// The unique names, in order.
    pub(super) fn unique_names(&self) -> Vec<Vec<u8>> {
        self.entries.borrow().iter().map(|entry| entry.unique().to_vec()).collect()
    }

    /// Keeps the letters for which `keep` has a true; the others lose their index.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let mut keep = keep.iter();
        self.entries.get_mut().retain(|_| keep.next() == Some(&true));
    }

    /// Whether a letter was delivered before that time by its name and by its file alike; not when
    /// that cannot be found out.
    pub(super) fn is_older(&self, index: usize, than: SystemTime) -> bool {
        let seconds = than.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let by_name = self.entries.borrow().get(index).map(|entry| name::arrival(entry.unique()).0);
        by_name.is_some_and(|at| at < seconds || at == u64::MAX)
            && self.within(index, Directory::modified).is_ok_and(|at| at < than)
    }

    /// Opens a letter wherever it is now; `NotFound` when it is nowhere.
    pub(super) fn open(&self, index: usize) -> io::Result<File> {
        let open = || self.within(index, Directory::file);
        for _ in 0..LOOKS {
            match open() {
                Err(error) if error.kind() == ErrorKind::NotFound => self.look_again()?,
                opened => return opened,
            }
        }
        open()
    }

    /// Removes letters wherever they are now, and makes that durable. One outcome for each; a
    /// letter that is nowhere to be found is removed.
    pub(super) fn remove(&mut self, indices: &[usize]) -> Vec<Removal> {
        let mut outcomes: Vec<Option<Removal>> = indices.iter().map(|_| None).collect();
        let directories =
            PARTS.map(|part| Directory::open(&self.root, part).map_err(RemoveError::from));
        let mut looked: Removal = Ok(());
        for look in 0..=LOOKS {
            for (outcome, index) in outcomes.iter_mut().zip(indices) {
                if outcome.is_none() {
                    let Entry { part, name } = &self.entries.borrow()[*index];
                    *outcome = match directories[*part].as_ref().map(|part| part.remove(name)) {
                        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => None,
                        Ok(removed) => Some(removed.map_err(RemoveError::from)),
                        Err(error) => Some(Err(error.clone())),
                    };
                }
            }
            let missing = outcomes.iter().any(Option::is_none);
            if missing && look < LOOKS {
                looked = looked.and(self.look_again().map_err(RemoveError::from));
            }
        }
        let synced: Removal = directories.iter().try_for_each(|directory| match directory {
            Ok(directory) => directory.sync().map_err(RemoveError::from),
            Err(error) => Err(error.clone()),
        });
        outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(|| looked.clone()).and(synced.clone()))
            .collect()
    }

    /// Does something with a letter where it was when it was last seen.
    fn within<T>(
        &self,
        index: usize,
        act: impl FnOnce(&Directory, &OsStr) -> io::Result<T>,
    ) -> io::Result<T> {
        let Entry { part, name } = &self.entries.borrow()[index];
        act(&Directory::open(&self.root, PARTS[*part])?, name)
    }

    /// Notes where the letters are now.
    fn look_again(&self) -> io::Result<()> {
        let found = list(&self.root)?;
        let mut entries = self.entries.borrow_mut();
        let mut places: HashMap<Vec<u8>, Entry> =
            found.into_iter().map(|entry| (entry.unique().to_vec(), entry)).collect();
        for entry in entries.iter_mut() {
            if let Some(place) = places.remove(entry.unique()) {
                *entry = place;
            }
        }
        Ok(())
    }
}

fn order(unique: &[u8]) -> ((u64, u64), &[u8]) {
    (name::arrival(unique), unique)
}

/// The regular files in `new` and `cur` whose names do not begin with a dot.
fn list(root: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (part, name) in PARTS.iter().enumerate() {
        let names = Directory::open(root, name)?.files()?.into_iter();
        entries.extend(
            names
                .filter(|name| !name.as_bytes().starts_with(b"."))
                .map(|name| Entry { part, name }),
        );
    }
    Ok(entries)
}
