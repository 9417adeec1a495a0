//! What a store remembers beside the mail: a small text file that may be damaged, but never
//! believed when it is.
//!
//! ```text
//! <kind> <version> <SHA-256 of all that follows>
//! <lines, as the store likes them>
//! ```

use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::files::{PRIVATE, Replacement, open_regular};

/// No more than this is read, in octets: far beyond a million letters.
const MAX: u64 = 1 << 30;

/// A kind of notes, with its version: the first words of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind(pub(crate) &'static str);

impl Kind {
    fn header(self, body: &str) -> String {
        format!("{} {}\n", self.0, hex(&Sha256::digest(body)))
    }

    /// The lines that were written last; none when there are none, or not in this version, or not
    /// intact.
    pub(crate) fn read(self, path: &Path) -> Option<String> {
        let mut text = String::new();
        open_regular(path).and_then(|file| file.take(MAX).read_to_string(&mut text)).ok()?;
        let header = text.find('\n')? + 1;
        let body = text.split_off(header);
        (text == self.header(&body)).then_some(body)
    }

    /// Replaces the file, or leaves the old one.
    pub(crate) fn write(self, path: &Path, body: &str) -> io::Result<()> {
        let mut file = Replacement::begin(path, PRIVATE)?;
        file.write_all(self.header(body).as_bytes())?;
        file.write_all(body.as_bytes())?;
        file.commit()
    }
}

/// Octets as lower-case hexadecimal digits.
pub(crate) fn hex(octets: &[u8]) -> String {
    use std::fmt::Write;
    octets.iter().fold(String::with_capacity(2 * octets.len()), |mut hex, octet| {
        let _ = write!(hex, "{octet:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const KIND: Kind = Kind("notes 1");

    #[test]
    fn damaged_notes_are_no_notes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notes");
        assert_eq!(KIND.read(&path), None);
        KIND.write(&path, "one\ntwo\n").unwrap();
        assert_eq!(KIND.read(&path).as_deref(), Some("one\ntwo\n"));
        assert_eq!(Kind("notes 2").read(&path), None, "another version");

        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(KIND.read(&path), None, "octet {at} changed");
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(KIND.read(&path), None, "cut at {at}");
        }
    }
}
