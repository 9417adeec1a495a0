use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use pop3_proto::multiline::Counter;
use pop3_proto::{MessageNumber, Octets, UserName};
use proptest::prelude::*;

use super::{Delivery, Maildir, MaildirMaildrops, deliver};
use crate::{LetterError, Maildrop, Maildrops, OpenError, RemoveError};

/// A Maildir with letters of those names (with `new/` or `cur/` in front), each with its name in it.
fn maildir(names: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    super::folder::create(dir.path()).unwrap();
    for name in names {
        fs::write(dir.path().join(name), format!("{name}\n")).unwrap();
    }
    dir
}

fn read(maildrop: &dyn Maildrop, number: u32) -> Result<Vec<u8>, LetterError> {
    let mut letter = Vec::new();
    maildrop.letter(MessageNumber::new(number).unwrap())?.read_to_end(&mut letter)?;
    Ok(letter)
}

fn numbers(numbers: &[u32]) -> Vec<MessageNumber> {
    numbers.iter().map(|number| MessageNumber::new(*number).unwrap()).collect()
}

fn ids(maildrop: &dyn Maildrop) -> Vec<String> {
    maildrop.messages().iter().map(|message| message.unique_id.to_string()).collect()
}

fn files(path: impl AsRef<Path>) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn counted(letter: &[u8]) -> Octets {
    let mut counter = Counter::new();
    counter.push(letter);
    counter.finish()
}

#[test]
fn letters_come_in_order_of_arrival() {
    let dir =
        maildir(&["cur/1000000000.M5P1.h:2,S", "new/999999999.P1.h", "new/1000000000.M10P1.h"]);
    let open = Maildir::open(dir.path()).unwrap();
    assert_eq!(ids(&open), ["999999999.P1.h", "1000000000.M5P1.h", "1000000000.M10P1.h"]);
    assert_eq!(read(&open, 2).unwrap(), b"cur/1000000000.M5P1.h:2,S\n");
}

#[test]
fn only_regular_files_without_a_leading_dot_are_letters() {
    let dir = maildir(&["new/1.a", "new/.hidden", "tmp/1.b"]);
    fs::create_dir(dir.path().join("cur/1.directory")).unwrap();
    fs::write(dir.path().join("secret"), "root:x").unwrap();
    symlink(dir.path().join("secret"), dir.path().join("cur/1.link")).unwrap();
    assert_eq!(ids(&Maildir::open(dir.path()).unwrap()), ["1.a"]);
}

#[test]
fn a_letter_that_becomes_a_link_is_not_followed() {
    let dir = maildir(&["new/1.a"]);
    let open = Maildir::open(dir.path()).unwrap();
    fs::write(dir.path().join("secret"), "root:x").unwrap();
    fs::remove_file(dir.path().join("new/1.a")).unwrap();
    symlink(dir.path().join("secret"), dir.path().join("new/1.a")).unwrap();
    assert!(matches!(read(&open, 1), Err(LetterError::Io(_))));
}

#[test]
fn directories_that_are_links_are_not_followed() {
    for part in ["tmp", "new", "cur"] {
        let (dir, other) = (maildir(&["cur/1.h"]), maildir(&["new/2.other", "cur/3.other"]));
        fs::rename(dir.path().join(part), dir.path().join("away")).unwrap();
        symlink(other.path().join(part), dir.path().join(part)).unwrap();
        assert!(matches!(Maildir::open(dir.path()), Err(OpenError::Temporary(_))), "{part}");
        assert!(deliver(dir.path(), &mut &b"x\n"[..]).is_err(), "{part}");
        assert_eq!(files(other.path().join("tmp")).len(), 0);
        assert_eq!(files(other.path().join("new")).len(), 1);
    }
}

/// Somebody who may write into a mailbox, and not into another one, has the time between two steps.
#[test]
fn a_directory_that_becomes_a_link_is_not_followed() {
    let old = SystemTime::now() - Duration::from_secs(48 * 3600);
    for part in ["tmp", "new", "cur"] {
        let names = ["new/1.h", "cur/2.h", "tmp/3.h"];
        let (dir, other) = (maildir(&names), maildir(&names));
        names.iter().for_each(|name| touch(&other, name, old));
        let mut open = Maildir::open(dir.path()).unwrap();
        let dropped = Delivery::begin(dir.path()).unwrap();
        for temporary in files(dir.path().join("tmp")) {
            fs::write(other.path().join("tmp").join(temporary.file_name().unwrap()), "x").unwrap();
        }
        touch(&other, "tmp/3.h", old);
        let mut delivery = Delivery::begin(dir.path()).unwrap();
        delivery.write_all(b"a letter\n").unwrap();

        fs::rename(dir.path().join(part), dir.path().join("away")).unwrap();
        symlink(other.path().join(part), dir.path().join(part)).unwrap();
        drop(dropped);
        super::folder::sweep(dir.path());
        for (number, at) in [(1, "new"), (2, "cur")] {
            assert_eq!(read(&open, number).is_ok(), at != part, "{part}");
        }
        assert_eq!(delivery.commit().is_ok(), part == "cur", "{part}");
        let reached = open.expire(SystemTime::now() + Duration::from_secs(60));
        assert_eq!(reached.is_ok(), part == "tmp", "{part}");
        open.remove(&numbers(&[1, 2]));
        let lie = |part: &str| files(other.path().join(part)).len();
        assert_eq!((lie("new"), lie("cur"), lie("tmp")), (1, 1, 2), "{part}");
    }
}

#[test]
fn the_files_beside_the_letters_are_not_followed_either() {
    let (dir, other) = (maildir(&["new/1.h"]), tempfile::tempdir().unwrap());
    let outside = other.path().join("file");
    fs::write(&outside, "precious").unwrap();
    for name in ["pop3-sizes", ".pop3-sizes.new"] {
        symlink(&outside, dir.path().join(name)).unwrap();
    }
    assert_eq!(ids(&Maildir::open(dir.path()).unwrap()), ["1.h"]);
    symlink(&outside, dir.path().join("lock")).unwrap();
    fs::rename(dir.path().join("lock"), dir.path().join("pop3.lock")).unwrap();
    assert!(matches!(Maildir::open(dir.path()), Err(OpenError::Temporary(_))));
    assert_eq!(fs::read(&outside).unwrap(), b"precious");
}

/// Names that delivering programs may make, and those that only an attacker would.
#[test]
fn letters_with_strange_names_can_be_read_and_removed() {
    let long = format!("new/{}", "x".repeat(250));
    let names = [
        "new/1.a\nb",
        "new/2.\x1b[2J",
        "cur/:2,S",
        "cur/3.h:2,:2,S",
        "cur/4.h,S=9,W=9:2,",
        "new/5.h,W=99999999999999999999",
        &long,
    ];
    let dir = maildir(&names);
    let bytes = dir.path().join("new").join(std::ffi::OsStr::from_bytes(b"6.\xff\xfe"));
    fs::write(bytes, "octets\n").unwrap();
    let mut open = Maildir::open(dir.path()).unwrap();
    assert_eq!(open.messages().len(), names.len() + 1);
    let unique: std::collections::HashSet<_> = ids(&open).into_iter().collect();
    assert_eq!(unique.len(), names.len() + 1);
    for (index, message) in open.messages().iter().enumerate() {
        let letter = read(&open, index as u32 + 1).unwrap();
        assert_eq!(message.octets, counted(&letter), "{}", letter.escape_ascii());
    }
    let all: Vec<_> = (1..=open.messages().len() as u32).collect();
    assert!(open.remove(&numbers(&all)).iter().all(Result::is_ok));
    assert!(files(dir.path().join("new")).is_empty() && files(dir.path().join("cur")).is_empty());
}

#[test]
fn a_letter_that_is_cut_short_while_it_is_read_does_not_pass_for_whole() {
    let dir = maildir(&["new/1.a"]);
    let open = Maildir::open(dir.path()).unwrap();
    let mut reader = open.letter(MessageNumber::FIRST).unwrap();
    reader.read_exact(&mut [0; 4]).unwrap();
    fs::File::options().write(true).open(dir.path().join("new/1.a")).unwrap().set_len(4).unwrap();
    for _ in 0..2 {
        let cut = reader.read(&mut [0; 4]).unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);
    }
}

#[test]
fn a_letter_in_new_and_cur_at_once_counts_once() {
    let dir = maildir(&["new/1.a", "cur/1.a:2,", "cur/1.a:2,S"]);
    assert_eq!(ids(&Maildir::open(dir.path()).unwrap()), ["1.a"]);
}

#[test]
fn strange_names_are_kept_under_a_hash() {
    let dir = maildir(&["new/two words"]);
    let long = "x".repeat(200);
    for name in [&b"\xff\xfe\n"[..], long.as_bytes()] {
        fs::write(dir.path().join("new").join(std::ffi::OsStr::from_bytes(name)), name).unwrap();
    }
    for _ in 0..2 {
        let open = Maildir::open(dir.path()).unwrap();
        assert_eq!(open.messages().len(), 3);
        assert!(open.messages().iter().all(|message| message.unique_id.is_conformant()));
        for (number, info) in (1..).zip(open.messages()) {
            assert_eq!(counted(&read(&open, number).unwrap()), info.octets);
        }
    }
}

#[test]
fn a_missing_maildir_is_made_empty_and_a_missing_root_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let mark = UserName::new("mark").unwrap();
    let open = MaildirMaildrops::new(dir.path()).open(&mark).unwrap();
    assert!(open.messages().is_empty());
    assert!(dir.path().join("mark/new").is_dir());
    let unmounted = MaildirMaildrops::new(dir.path().join("unmounted")).open(&mark);
    assert!(matches!(unmounted, Err(OpenError::Temporary(_))));
}

#[test]
fn an_unsafe_user_name_does_not_touch_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mail = dir.path().join("mail");
    fs::create_dir(&mail).unwrap();
    for name in ["../x", "a/b", "..", ".x", "/"] {
        let refused = MaildirMaildrops::new(&mail).open(&UserName::new(name).unwrap());
        assert!(matches!(refused, Err(OpenError::Permanent(_))), "{name}");
    }
    assert!(files(&mail).is_empty() && files(dir.path()) == [mail]);
}

#[test]
fn a_refused_second_session_does_not_free_the_lock() {
    let dir = maildir(&["new/1.a"]);
    let first = Maildir::open(dir.path()).unwrap();
    for _ in 0..2 {
        assert!(matches!(Maildir::open(dir.path()), Err(OpenError::InUse)));
    }
    drop(first);
    assert!(Maildir::open(dir.path()).is_ok());
}

#[test]
fn a_second_login_opens_no_letters() {
    let dir = maildir(&["new/1.a", "cur/2.b,S=8,W=9:2,S"]);
    let before = Maildir::open(dir.path()).unwrap().messages().to_vec();
    // Whoever opened them now would see another size.
    for file in ["new/1.a", "cur/2.b,S=8,W=9:2,S"] {
        fs::write(dir.path().join(file), "changed behind our back").unwrap();
    }
    fs::rename(dir.path().join("new/1.a"), dir.path().join("cur/1.a:2,R")).unwrap();
    assert_eq!(Maildir::open(dir.path()).unwrap().messages(), before);
}

#[test]
fn sizes_of_letters_with_backslashes_in_their_names_are_not_mixed_up() {
    let dir = maildir(&["new/\\", "new/\\\\", "new/a\\b"]);
    let before = Maildir::open(dir.path()).unwrap().messages().to_vec();
    assert_ne!(before[0].octets, before[1].octets);
    assert_eq!(Maildir::open(dir.path()).unwrap().messages(), before);
}

#[test]
fn damaged_size_notes_are_counted_anew() {
    let dir = maildir(&["new/1.a"]);
    let before = Maildir::open(dir.path()).unwrap().messages().to_vec();
    let notes = dir.path().join("pop3-sizes");
    for damage in ["", "\0\0\0", "pop3-sizes 2 0\n99 1.a\n"] {
        fs::write(&notes, damage).unwrap();
        assert_eq!(Maildir::open(dir.path()).unwrap().messages(), before);
    }
    assert!(fs::read_to_string(&notes).unwrap().ends_with("\n9 1.a\n"));
}

#[test]
fn sizes_of_gone_letters_are_forgotten() {
    let dir = maildir(&["new/1.a", "new/2.b"]);
    drop(Maildir::open(dir.path()).unwrap());
    fs::remove_file(dir.path().join("new/1.a")).unwrap();
    drop(Maildir::open(dir.path()).unwrap());
    let notes = fs::read_to_string(dir.path().join("pop3-sizes")).unwrap();
    assert!(notes.contains(" 2.b\n") && !notes.contains(" 1.a\n"));
}

#[test]
fn a_size_in_the_name_is_used_without_counting_unless_it_is_impossible() {
    let dir = maildir(&[]);
    let cases: [(&str, &[u8], u64); 6] = [
        ("new/1.true,S=4,W=6", b"a\nb\n", 6),
        ("new/2.no-final-line-end,W=4", b"a\nb", 6),
        ("new/3.too-small,W=1", b"a\nb\n", 6),
        ("new/4.too-large,W=99", b"a\nb\n", 6),
        ("new/5.empty,W=0", b"", 0),
        ("new/6.empty-lie,W=7", b"", 0),
    ];
    for (name, letter, _) in cases {
        fs::write(dir.path().join(name), letter).unwrap();
    }
    let open = Maildir::open(dir.path()).unwrap();
    for ((name, _, octets), info) in cases.iter().zip(open.messages()) {
        assert_eq!(info.octets, Octets(*octets), "{name}");
    }
}

#[test]
fn a_letter_renamed_by_an_imap_server_is_found_again() {
    let dir = maildir(&["new/1.a", "cur/2.b:2,", "new/3.c"]);
    let mut open = Maildir::open(dir.path()).unwrap();
    let rename =
        |from: &str, to: &str| fs::rename(dir.path().join(from), dir.path().join(to)).unwrap();
    rename("new/1.a", "cur/1.a:2,");
    rename("cur/2.b:2,", "cur/2.b:2,FS");
    assert_eq!(read(&open, 1).unwrap(), b"new/1.a\n");
    assert_eq!(read(&open, 2).unwrap(), b"cur/2.b:2,\n");
    rename("cur/1.a:2,", "cur/1.a:2,S");
    rename("new/3.c", "cur/3.c:2,");
    assert!(open.remove(&numbers(&[1, 3])).iter().all(Result::is_ok));
    assert_eq!(files(dir.path().join("cur")), [dir.path().join("cur/2.b:2,FS")]);
    assert!(files(dir.path().join("new")).is_empty());
}

#[test]
fn a_letter_that_vanished_is_gone_and_counts_as_removed() {
    let dir = maildir(&["new/1.a", "new/2.b"]);
    let mut open = Maildir::open(dir.path()).unwrap();
    fs::remove_file(dir.path().join("new/1.a")).unwrap();
    assert!(matches!(read(&open, 1), Err(LetterError::Gone)));
    assert_eq!(read(&open, 2).unwrap(), b"new/2.b\n");
    assert!(open.remove(&numbers(&[2, 1])).iter().all(Result::is_ok));
}

#[test]
fn a_letter_that_cannot_be_removed_is_reported_and_the_others_go() {
    let dir = maildir(&["new/1.a", "new/2.b"]);
    let mut open = Maildir::open(dir.path()).unwrap();
    // A directory in its place cannot be unlinked, not even by root.
    fs::remove_file(dir.path().join("new/1.a")).unwrap();
    fs::create_dir(dir.path().join("new/1.a")).unwrap();
    let outcomes = open.remove(&numbers(&[1, 2, 3]));
    assert!(matches!(
        outcomes[..],
        [Err(RemoveError::Io(_)), Ok(()), Err(RemoveError::NoSuchNumber)]
    ));
    assert!(!dir.path().join("new/2.b").exists());
}

#[test]
fn mail_that_arrives_during_a_session_is_not_seen_and_not_lost() {
    let dir = maildir(&["new/1.a"]);
    let mut open = Maildir::open(dir.path()).unwrap();
    let late = deliver(dir.path(), &mut &b"late\n"[..]).unwrap();
    assert_eq!(open.messages().len(), 1);
    assert!(matches!(open.letter(MessageNumber::new(2).unwrap()), Err(LetterError::NoSuchNumber)));
    assert!(open.remove(&numbers(&[1]))[0].is_ok());
    assert_eq!(files(dir.path().join("new")), [late]);
}

#[test]
fn stale_deliveries_are_swept_and_fresh_ones_stay() {
    let dir = maildir(&["tmp/stale", "tmp/fresh"]);
    let hours = |hours: u64| SystemTime::now() - Duration::from_secs(hours * 3600);
    for (name, age) in [("tmp/stale", 37), ("tmp/fresh", 35)] {
        let file = fs::File::options().write(true).open(dir.path().join(name)).unwrap();
        file.set_modified(hours(age)).unwrap();
    }
    Maildir::open(dir.path()).unwrap();
    assert_eq!(files(dir.path().join("tmp")), [dir.path().join("tmp/fresh")]);
}

#[test]
fn a_letter_is_invisible_until_it_is_committed() {
    let dir = maildir(&[]);
    let mut delivery = Delivery::begin(dir.path()).unwrap();
    delivery.write_all(b"half").unwrap();
    assert!(Maildir::open(dir.path()).unwrap().messages().is_empty());
    delivery.write_all(b" and half\n").unwrap();
    let path = delivery.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"half and half\n");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(Maildir::open(dir.path()).unwrap().messages().len(), 1);
    assert!(files(dir.path().join("tmp")).is_empty());
}

#[test]
fn a_failed_delivery_leaves_nothing() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the peer went away"))
        }
    }
    let dir = maildir(&[]);
    let mut letter = (&b"Subject: half\n"[..]).chain(Broken);
    assert_eq!(deliver(dir.path(), &mut letter).unwrap_err().to_string(), "the peer went away");
    assert!(files(dir.path().join("tmp")).is_empty() && files(dir.path().join("new")).is_empty());
}

#[test]
fn deliveries_arrive_in_order_with_conformant_names() {
    let dir = maildir(&[]);
    let paths: Vec<_> =
        (0..20).map(|n| deliver(dir.path(), &mut format!("{n}\n").as_bytes()).unwrap()).collect();
    let open = Maildir::open(dir.path()).unwrap();
    let names: Vec<_> =
        paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(ids(&open), names);
}

/// Writes the file's time.
fn touch(dir: &tempfile::TempDir, name: &str, time: SystemTime) {
    fs::File::open(dir.path().join(name)).unwrap().set_modified(time).unwrap();
}

#[test]
fn what_name_and_file_call_old_expires_and_nothing_else() {
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let limit = old + Duration::from_secs(1);
    let names = [
        "cur/1000000000.M1.old:2,S",
        "new/1000000000.M2.touched",
        "new/1000000001.M3.young",
        "new/nameless",
        "new/nameless.touched",
    ];
    let dir = maildir(&names);
    for name in [names[0], names[2], names[3]] {
        touch(&dir, name, old);
    }
    for name in [names[1], names[4]] {
        touch(&dir, name, limit);
    }
    let mut open = Maildir::open(dir.path()).unwrap();
    assert_eq!(open.expire(limit).unwrap(), 2);
    assert_eq!(ids(&open), ["1000000000.M2.touched", "1000000001.M3.young", "nameless.touched"]);
    // The numbers are those of the letters that are left.
    assert_eq!(read(&open, 2).unwrap(), b"new/1000000001.M3.young\n");
    assert_eq!(files(dir.path().join("new")).len(), 3);
    assert!(files(dir.path().join("cur")).is_empty());
    drop(open);
    assert_eq!(Maildir::open(dir.path()).unwrap().expire(limit).unwrap(), 0);
}

#[test]
fn a_letter_that_cannot_be_removed_when_it_is_old_stays_in_the_snapshot() {
    let dir = maildir(&["new/1000000000.M1.h", "new/2.h"]);
    let mut open = Maildir::open(dir.path()).unwrap();
    // A directory in its place cannot be removed as a file.
    let path = dir.path().join("new/1000000000.M1.h");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fs::File::open(&path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    touch(&dir, "new/2.h", SystemTime::UNIX_EPOCH);
    assert!(open.expire(SystemTime::now()).is_err());
    assert_eq!(ids(&open), ["1000000000.M1.h"]);
}

/// Letters in which line ends meet each other.
fn letter() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), any::<u8>()];
    proptest::collection::vec(octet, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sizes_are_what_the_codec_counts(letters in proptest::collection::vec(letter(), 1..8)) {
        let dir = maildir(&[]);
        for (n, letter) in letters.iter().enumerate() {
            // Half of them say their size in the name, half have to be read.
            if n % 2 == 0 {
                deliver(dir.path(), &mut &letter[..]).unwrap();
            } else {
                fs::write(dir.path().join(format!("cur/{n}.x:2,")), letter).unwrap();
            }
        }
        for _ in 0..2 {
            let open = Maildir::open(dir.path()).unwrap();
            prop_assert_eq!(open.messages().len(), letters.len());
            for (number, info) in (1..).zip(open.messages()) {
                prop_assert_eq!(counted(&read(&open, number).unwrap()), info.octets);
            }
        }
    }

    #[test]
    fn any_subset_can_be_removed_and_the_rest_keeps_its_ids(gone in proptest::collection::vec(any::<bool>(), 1..12)) {
        let dir = maildir(&[]);
        for n in 0..gone.len() {
            deliver(dir.path(), &mut format!("letter {n}\n").as_bytes()).unwrap();
        }
        let mut open = Maildir::open(dir.path()).unwrap();
        let before = ids(&open);
        let marked: Vec<u32> = (1..).zip(&gone).filter(|(_, gone)| **gone).map(|(n, _)| n).collect();
        prop_assert!(open.remove(&numbers(&marked)).iter().all(Result::is_ok));
        drop(open);
        let kept: Vec<_> = before.iter().zip(&gone).filter(|(_, gone)| !**gone).map(|(id, _)| id.clone()).collect();
        prop_assert_eq!(ids(&Maildir::open(dir.path()).unwrap()), kept);
    }
}
