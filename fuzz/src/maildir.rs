//! Names of letters in a Maildir: whatever a delivering program calls them, each letter that can be
//! told from the others has a lawful unique-id of its own, and keeps it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use pop3_maildrop::Maildrop;
use pop3_maildrop::maildir::Maildir;
use pop3_proto::multiline::Counter;
use pop3_proto::{MessageInfo, MessageNumber, Octets};

/// As many letters as are looked at.
const LETTERS: usize = 16;

/// Takes each line for the name of a letter.
///
/// The letters have as many octets as they have predecessors, so that a size in a name is right
/// only by accident.
pub fn check(input: &[u8]) {
    let place = tempfile::tempdir().expect("a directory");
    let root = place.path().join("mark");
    drop(Maildir::open(&root).expect("an empty Maildir"));

    let letters = deliver(&root, input);
    let first = look(&root);
    each_letter_is_there_once(&letters, &first);
    sizes_are_those_of_the_letters(&root, &letters, &first);
    assert_eq!(look(&root), first, "another time, by the notes");

    // What becomes of a letter that is read, and then kept in other flags.
    for (unique, path) in &letters {
        let name = [unique.as_slice(), b":2,RS"].concat();
        let seen = root.join("cur").join(OsStr::from_bytes(&name));
        // The name may have become too long for a file.
        let _ = fs::rename(path, seen);
    }
    assert_eq!(look(&root), first, "with other flags");
    let _ = fs::remove_file(root.join("pop3-sizes"));
    let ids = |messages: &[MessageInfo]| -> Vec<_> {
        messages.iter().map(|message| message.unique_id.clone()).collect()
    };
    assert_eq!(ids(&look(&root)), ids(&first), "without the notes");
}

/// Puts letters into `new`; those that the file system takes, by their unique names.
fn deliver(root: &Path, names: &[u8]) -> BTreeMap<Vec<u8>, PathBuf> {
    let mut letters = BTreeMap::new();
    for (index, name) in names.split(|octet| *octet == b'\n').take(LETTERS).enumerate() {
        let unique = name.split(|octet| *octet == b':').next().unwrap_or_default();
        // Names with a slash are not in the directory, those with a dot in front are no letters.
        let is_name = !name.is_empty() && !name.contains(&b'/') && !name.starts_with(b".");
        if is_name && !letters.contains_key(unique) {
            let path = root.join("new").join(OsStr::from_bytes(name));
            if fs::write(&path, vec![b'\n'; index]).is_ok() {
                letters.insert(unique.to_vec(), path);
            }
        }
    }
    letters
}

fn look(root: &Path) -> Vec<MessageInfo> {
    Maildir::open(root).expect("a Maildir").messages().to_vec()
}

fn each_letter_is_there_once(letters: &BTreeMap<Vec<u8>, PathBuf>, messages: &[MessageInfo]) {
    assert_eq!(messages.len(), letters.len());
    let mut ids: Vec<_> = messages.iter().map(|message| &message.unique_id).collect();
    assert!(ids.iter().all(|id| id.is_conformant()), "{ids:?}");
    ids.sort_unstable();
    assert!(ids.is_sorted_by(|one, next| one < next), "not unique: {ids:?}");
    for unique in letters.keys() {
        let looks_hashed = unique.len() == 64 && unique.iter().all(u8::is_ascii_hexdigit);
        let is_lawful = (1..=70).contains(&unique.len()) && unique.iter().all(u8::is_ascii_graphic);
        let is_id = ids.iter().any(|id| id.as_bytes() == unique);
        assert!(is_id || !is_lawful || looks_hashed, "{} is an id", unique.escape_ascii());
    }
}

/// A size is that of the letter, or the one in the name where that can be.
fn sizes_are_those_of_the_letters(
    root: &Path,
    letters: &BTreeMap<Vec<u8>, PathBuf>,
    messages: &[MessageInfo],
) {
    let maildir = Maildir::open(root).expect("a Maildir");
    let sizes_in_names = letters.keys().any(|unique| unique.windows(3).any(|word| word == b",W="));
    for (index, message) in messages.iter().enumerate() {
        let number = MessageNumber::from_index(index).expect("a number");
        let mut letter = Vec::new();
        maildir.letter(number).expect("a letter").read_to_end(&mut letter).expect("octets");
        let mut counter = Counter::new();
        counter.push(&letter);
        let Octets(right) = counter.finish();
        let Octets(told) = message.octets;
        assert!(told == right || sizes_in_names && told <= 2 * letter.len() as u64 + 2);
    }
}
