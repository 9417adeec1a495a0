//! The maildrop that is judged, seen from the other side: filled and looked into on disk.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::exchange::without_end;

/// A way round the server to the maildrop of its user. Nothing is done while a session is open, but
/// for deliveries.
pub trait Fixture: Send + Sync {
    /// Takes out whatever is in the maildrop, and puts these letters in.
    ///
    /// # Errors
    /// When that fails.
    fn fill(&self, letters: &[Vec<u8>]) -> io::Result<()>;

    /// Puts one more letter in, as a program does that delivers mail.
    ///
    /// # Errors
    /// When that fails.
    fn deliver(&self, letter: &[u8]) -> io::Result<()>;

    /// The letters in the maildrop, in any order.
    ///
    /// # Errors
    /// When that fails.
    fn letters(&self) -> io::Result<Vec<Vec<u8>>>;

    /// Whether servers write into it what they remember of a letter, so that it has to be filled
    /// anew for each case, once the sessions of the last one have written what they had to.
    fn is_written_into(&self) -> bool {
        false
    }
}

/// A letter as it is on the wire: with CRLF line ends, and with one at its end.
#[must_use]
pub fn wire_form(letter: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(letter.len() + letter.len() / 32);
    for line in letter.split_inclusive(|octet| *octet == b'\n') {
        wire.extend_from_slice(without_end(line));
        wire.extend_from_slice(b"\r\n");
    }
    wire
}

/// A Maildir: a letter is a file in `new` or `cur`.
#[derive(Clone, Debug)]
pub struct Maildir {
    directory: PathBuf,
}

impl Maildir {
    /// The Maildir in this directory, which must be there, with `tmp`, `new` and `cur`.
    ///
    /// # Errors
    /// When it is not.
    pub fn new(directory: impl Into<PathBuf>) -> io::Result<Self> {
        let directory = directory.into();
        for folder in ["tmp", "new", "cur"] {
            let folder = directory.join(folder);
            if !folder.is_dir() {
                let text = format!("no Maildir: {} is not there", folder.display());
                return Err(io::Error::new(io::ErrorKind::NotFound, text));
            }
        }
        Ok(Self { directory })
    }

    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for folder in ["new", "cur"] {
            for entry in fs::read_dir(self.directory.join(folder))? {
                let entry = entry?;
                if entry.file_type()?.is_file() {
                    files.push(entry.path());
                }
            }
        }
        Ok(files)
    }
}

impl Fixture for Maildir {
    fn fill(&self, letters: &[Vec<u8>]) -> io::Result<()> {
        for file in self.files()? {
            fs::remove_file(file)?;
        }
        letters.iter().try_for_each(|letter| self.deliver(letter))
    }

    fn deliver(&self, letter: &[u8]) -> io::Result<()> {
        static DELIVERED: AtomicU64 = AtomicU64::new(0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let count = DELIVERED.fetch_add(1, Ordering::Relaxed);
        let (seconds, micros, process) = (now.as_secs(), now.subsec_micros(), std::process::id());
        // The count has so many digits that names sort in the order of delivery.
        let name = format!("{seconds}.M{micros:06}P{process}Q{count:06}.conformance");
        let temporary = self.directory.join("tmp").join(&name);
        let mut file = File::create_new(&temporary)?;
        file.write_all(letter)?;
        belong_like(&temporary, &self.directory.join("new"))?;
        fs::rename(&temporary, self.directory.join("new").join(name))
    }

    fn letters(&self) -> io::Result<Vec<Vec<u8>>> {
        self.files()?.into_iter().map(fs::read).collect()
    }
}

/// An mbox file. Letters in it must end in a line end, and may not hold lines that begin with
/// `From `.
#[derive(Clone, Debug)]
pub struct Mbox {
    file: PathBuf,
}

/// How the line before each letter begins.
const SEPARATOR: &[u8] = b"From ";

impl Mbox {
    /// This file, which must be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn new(file: impl Into<PathBuf>) -> io::Result<Self> {
        let file = file.into();
        let metadata = fs::metadata(&file)?;
        if metadata.is_file() {
            return Ok(Self { file });
        }
        Err(io::Error::new(io::ErrorKind::NotFound, format!("no mbox: {}", file.display())))
    }
}

fn write_letter(mbox: &mut impl Write, letter: &[u8]) -> io::Result<()> {
    mbox.write_all(b"From mary@example.org Wed Oct  1 12:00:00 2025\n")?;
    for line in letter.split_inclusive(|octet| *octet == b'\n') {
        mbox.write_all(without_end(line))?;
        mbox.write_all(b"\n")?;
    }
    mbox.write_all(b"\n")
}

/// Fields in which servers keep what they remember of a letter in an mbox.
const NOTES: [&str; 6] = ["Status", "X-Status", "X-UID", "X-UIDL", "X-IMAPbase", "X-Keywords"];

/// A letter without the notes of servers in its header.
fn without_notes(letter: &[u8]) -> Vec<u8> {
    let mut in_header = true;
    let mut bare = Vec::with_capacity(letter.len());
    for line in letter.split_inclusive(|octet| *octet == b'\n') {
        in_header &= !without_end(line).is_empty();
        let name = line.split(|octet| *octet == b':').next().unwrap_or_default();
        let is_note = NOTES.iter().any(|note| name.eq_ignore_ascii_case(note.as_bytes()));
        if !(in_header && is_note) {
            bare.extend_from_slice(line);
        }
    }
    bare
}

impl Fixture for Mbox {
    fn is_written_into(&self) -> bool {
        true
    }

    fn fill(&self, letters: &[Vec<u8>]) -> io::Result<()> {
        let mut mbox = io::BufWriter::new(File::create(&self.file)?);
        letters.iter().try_for_each(|letter| write_letter(&mut mbox, letter))?;
        mbox.flush()
    }

    fn deliver(&self, letter: &[u8]) -> io::Result<()> {
        let mut written = Vec::new();
        write_letter(&mut written, letter)?;
        File::options().append(true).open(&self.file)?.write_all(&written)
    }

    fn letters(&self) -> io::Result<Vec<Vec<u8>>> {
        let mut letters: Vec<Vec<u8>> = Vec::new();
        for line in fs::read(&self.file)?.split_inclusive(|octet| *octet == b'\n') {
            match letters.last_mut() {
                _ if line.starts_with(SEPARATOR) => letters.push(Vec::new()),
                Some(letter) => letter.extend_from_slice(line),
                None => {}
            }
        }
        for letter in &mut letters {
            // The blank line before the next separator.
            if letter.ends_with(b"\n\n") || letter == b"\n" {
                letter.pop();
            }
        }
        Ok(letters.iter().map(|letter| without_notes(letter)).collect())
    }
}

/// Gives a file to whom the directory belongs, so that the server may read it.
fn belong_like(file: &Path, directory: &Path) -> io::Result<()> {
    let metadata = fs::metadata(directory)?;
    let own = fs::metadata(file)?;
    fs::set_permissions(file, fs::Permissions::from_mode(metadata.mode() & 0o666))?;
    if (metadata.uid(), metadata.gid()) != (own.uid(), own.gid()) {
        chown(file, Some(metadata.uid()), Some(metadata.gid()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_has_crlf_everywhere() {
        assert_eq!(wire_form(b"a\nb\r\n\nc"), b"a\r\nb\r\n\r\nc\r\n");
        assert_eq!(wire_form(b""), b"");
    }

    fn holds_what_it_was_given(fixture: &dyn Fixture) {
        let letters = [b"Subject: a\n\nx\n".to_vec(), b"Subject: b\n\n\n".to_vec()];
        fixture.fill(&letters).unwrap();
        fixture.fill(&letters).unwrap();
        fixture.deliver(b"Subject: c\n").unwrap();
        let mut held = fixture.letters().unwrap();
        held.sort();
        assert_eq!(held, [&letters[0][..], &letters[1], b"Subject: c\n"]);
        fixture.fill(&[]).unwrap();
        assert!(fixture.letters().unwrap().is_empty());
    }

    #[test]
    fn a_maildir_holds_what_it_was_given() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Maildir::new(directory.path()).is_err());
        for folder in ["tmp", "new", "cur"] {
            fs::create_dir(directory.path().join(folder)).unwrap();
        }
        holds_what_it_was_given(&Maildir::new(directory.path()).unwrap());
    }

    #[test]
    fn notes_of_servers_are_no_part_of_a_letter() {
        let noted = b"Subject: a\nX-UID: 3\nStatus: RO\n\nStatus: mine\n";
        assert_eq!(without_notes(noted), b"Subject: a\n\nStatus: mine\n");
    }

    #[test]
    fn an_mbox_holds_what_it_was_given() {
        let file = tempfile::NamedTempFile::new().unwrap();
        holds_what_it_was_given(&Mbox::new(file.path()).unwrap());
    }
}
