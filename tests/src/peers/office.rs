//! Somebody else's server while it runs, and the maildrop that it serves.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::authority::Authority;
use crate::compare::{LineEnds, stored_form, wire_form};
use crate::letters::{Letter, lay_out};

/// The only user of an office.
pub const USER: &str = "mark";
/// The user's password.
pub const PASSWORD: &str = "swordfish";

/// Whom a maildrop belongs to: a user of the system that owns nothing and may do nothing.
pub(super) const NOBODY: u32 = 65_534;

/// A server on loopback, which runs until this is dropped. Its maildrop is empty at first.
#[derive(Debug)]
#[non_exhaustive]
pub struct Office {
    /// Where it speaks clear text, and TLS after STLS if it has that.
    pub clear: SocketAddr,
    /// Where it speaks TLS from the first octet.
    pub implicit_tls: Option<SocketAddr>,
    /// Where the letters of [`USER`] are. Who puts some there, or takes some away, does it between
    /// sessions.
    pub maildrop: Maildrop,
    /// Who has signed its certificate (PEM), if it has one, which is for `localhost` and
    /// `127.0.0.1`.
    pub ca: Option<PathBuf>,
    _until_dropped: Box<dyn fmt::Debug + Send + Sync>,
}

impl Office {
    /// One without TLS.
    pub(super) fn new(
        clear: SocketAddr,
        maildrop: Maildrop,
        until_dropped: impl fmt::Debug + Send + Sync + 'static,
    ) -> Self {
        let _until_dropped = Box::new(until_dropped);
        Self { clear, implicit_tls: None, maildrop, ca: None, _until_dropped }
    }

    /// It has STLS, too, and that address in TLS.
    pub(super) fn with_tls(self, address: SocketAddr, authority: &Authority) -> Self {
        Self { implicit_tls: Some(address), ca: Some(authority.root.clone()), ..self }
    }
}

/// Where letters are kept. Whoever the directory or the file belongs to owns every letter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Maildrop {
    /// In a directory that has `tmp`, `new` and `cur`, a file each.
    Maildir(PathBuf),
    /// In one file, one behind the other.
    Mbox(PathBuf),
}

impl Maildrop {
    /// An empty Maildir that belongs to nobody in particular.
    pub(super) fn maildir(path: PathBuf) -> io::Result<Self> {
        lay_out(&path, &[])?;
        for folder in ["", "tmp", "new", "cur"] {
            chown(path.join(folder), Some(NOBODY), Some(NOBODY))?;
        }
        Ok(Self::Maildir(path))
    }

    /// An empty mbox that belongs to nobody in particular, and so does its directory, which is made
    /// for it: for lock files.
    pub(super) fn mbox(path: PathBuf) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            fs::create_dir(directory)?;
            chown(directory, Some(NOBODY), Some(NOBODY))?;
        }
        File::create_new(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        chown(&path, Some(NOBODY), Some(NOBODY))?;
        Ok(Self::Mbox(path))
    }

    /// Puts letters behind those that are there, as a delivering program does.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn deliver(&self, letters: &[Letter]) -> io::Result<()> {
        match self {
            Self::Maildir(path) => {
                lay_out(path, letters)?;
                let owner = fs::metadata(path)?;
                for file in fs::read_dir(path.join("new"))? {
                    chown(file?.path(), Some(owner.uid()), Some(owner.gid()))?;
                }
                Ok(())
            }
            Self::Mbox(path) => append(path, letters),
        }
    }
}

/// Unix line ends, a separator line before each letter, a blank line behind it, and lines that look
/// like separators quoted.
fn append(mbox: &Path, letters: &[Letter]) -> io::Result<()> {
    let mut mbox = BufWriter::new(OpenOptions::new().append(true).open(mbox)?);
    for letter in letters {
        writeln!(mbox, "From mary@example.org Wed Oct  1 12:00:00 2025")?;
        let stored = stored_form(&wire_form(&letter.content), LineEnds::Unix);
        mbox.write_all(&quote_from(&stored))?;
        writeln!(mbox)?;
    }
    mbox.flush()
}

/// Puts `>` before every line that an mbox would take for a separator.
#[must_use]
pub fn quote_from(letter: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(letter.len());
    for line in letter.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b"From ") {
            quoted.push(b'>');
        }
        quoted.extend_from_slice(line);
    }
    quoted
}
