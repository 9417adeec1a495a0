//! What a client left in its directory, whatever the container.

use std::fs;
use std::path::Path;

/// Files larger than this are not looked into, in octets.
const LARGEST: u64 = 256 << 20;

/// All that was saved.
#[derive(Debug, Default)]
pub(super) struct Saved {
    /// What each file holds, with LF in place of CRLF.
    files: Vec<Vec<u8>>,
}

impl Saved {
    /// Reads all files below a directory. What lies in a `tmp` beside `new` and `cur` was not
    /// delivered: that is a Maildir.
    pub(super) fn in_directory(directory: &Path) -> Self {
        let mut saved = Self::default();
        saved.add(directory);
        saved
    }

    fn add(&mut self, directory: &Path) {
        let is_maildir = directory.join("new").is_dir() && directory.join("cur").is_dir();
        let Ok(entries) = fs::read_dir(directory) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                if !(is_maildir && entry.file_name() == "tmp") {
                    self.add(&path);
                }
            } else if entry.metadata().is_ok_and(|it| it.is_file() && it.len() <= LARGEST)
                && let Ok(content) = fs::read(&path)
            {
                self.files.push(with_lf(&content));
            }
        }
    }

    /// Whether a letter is there in whole: from the start of a line (what a client puts on top of
    /// it is its own business) up to the end of the file or the beginning of another letter.
    pub(super) fn has(&self, letter: &[u8], others: &[Vec<u8>]) -> bool {
        let letter = with_lf(letter);
        let letter = trimmed(&letter);
        let others: Vec<_> = others.iter().map(|other| with_lf(other)).collect();
        self.files.iter().any(|file| {
            memchr::memmem::find_iter(file, letter).any(|at| {
                let begins = at == 0 || file[at - 1] == b'\n';
                let rest = &file[at + letter.len()..];
                let lines = rest.iter().take_while(|octet| **octet == b'\n').count();
                let behind = &rest[lines..];
                let is_other = |other: &Vec<u8>| {
                    let start = &other[..other.len().min(64)];
                    !start.is_empty() && behind.starts_with(start)
                };
                let ends = behind.is_empty()
                    || (lines > 0 && (behind.starts_with(b"From ") || others.iter().any(is_other)));
                begins && ends
            })
        })
    }

    /// Whether some file holds these octets.
    pub(super) fn mentions(&self, octets: &[u8]) -> bool {
        let octets = with_lf(octets);
        self.files.iter().any(|file| memchr::memmem::find(file, &octets).is_some())
    }
}

fn with_lf(octets: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(octets.len());
    for (at, octet) in octets.iter().enumerate() {
        if *octet != b'\r' || octets.get(at + 1) != Some(&b'\n') {
            lines.push(*octet);
        }
    }
    lines
}

/// Without the line ends behind the last line: containers add and take them.
fn trimmed(letter: &[u8]) -> &[u8] {
    let end = letter.iter().rposition(|octet| *octet != b'\n').map_or(0, |at| at + 1);
    &letter[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(files: &[&str]) -> Saved {
        Saved { files: files.iter().map(|file| with_lf(file.as_bytes())).collect() }
    }

    const LETTER: &[u8] = b"a: b\r\n\r\n.c\r\nd\r\n";

    #[test]
    fn a_letter_is_found_in_each_container() {
        for file in [
            "a: b\r\n\r\n.c\r\nd\r\n",
            "a: b\n\n.c\nd",
            "From x\na: b\n\n.c\nd\n\nFrom y\nq\n",
            "Received: x\na: b\n\n.c\nd\n\n",
            "a: b\n\n.c\nd\ne: f\n\ng\n",
        ] {
            assert!(saved(&[file]).has(LETTER, &[b"e: f\r\n\r\ng\r\n".to_vec()]), "{file:?}");
        }
    }

    #[test]
    fn what_is_not_all_of_it_is_not_it() {
        for file in [
            "a: b\n\n..c\nd\n",
            "a: b\n\n.c\n",
            "a: b\n\n.c\nd\n.\n",
            "a: b\n\n.c\nd\nd\n",
            "xa: b\n\n.c\nd\n",
            "a: b\n\n.c\nde: f\n\ng\n",
        ] {
            assert!(!saved(&[file]).has(LETTER, &[b"e: f\r\n\r\ng\r\n".to_vec()]), "{file:?}");
        }
    }

    #[test]
    fn what_a_maildir_has_not_delivered_is_not_saved() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["tmp", "new", "cur"] {
            fs::create_dir(directory.path().join(name)).unwrap();
        }
        fs::write(directory.path().join("tmp/1"), LETTER).unwrap();
        assert!(!Saved::in_directory(directory.path()).has(LETTER, &[]));
        fs::rename(directory.path().join("tmp/1"), directory.path().join("new/1")).unwrap();
        assert!(Saved::in_directory(directory.path()).has(LETTER, &[]));
        assert!(Saved::in_directory(directory.path()).mentions(b"\r\n.c"));
    }
}
