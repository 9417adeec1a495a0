use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pop3_proto::multiline::Counter;
use pop3_proto::{MessageNumber, Octets, UserName};
use proptest::prelude::*;

use super::{Delivery, Mbox, MboxMaildrops, deliver};
use crate::{LetterError, Maildrop, Maildrops, OpenError, RemoveError};

const THREE: &str = "From a Thu Jan  1 00:00:00 1970\nSubject: one\n\nbody\n\n\
    From b Thu Jan  1 00:00:00 1970\nSubject: two\n\n>From here\nFrom there\n\n\n\
    From c Thu Jan  1 00:00:00 1970\nSubject: three\n\n";

fn mbox(content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mark");
    fs::write(&path, content).unwrap();
    (dir, path)
}

fn open(path: &Path) -> Result<Mbox, OpenError> {
    Mbox::open_within(path, Duration::from_millis(60))
}

fn read(maildrop: &dyn Maildrop, number: u32) -> Result<Vec<u8>, LetterError> {
    let mut letter = Vec::new();
    maildrop.letter(MessageNumber::new(number).unwrap())?.read_to_end(&mut letter)?;
    Ok(letter)
}

fn letters(path: &Path) -> Vec<Vec<u8>> {
    let open = open(path).unwrap();
    (1..=open.messages().len() as u32).map(|number| read(&open, number).unwrap()).collect()
}

fn numbers(numbers: &[u32]) -> Vec<MessageNumber> {
    numbers.iter().map(|number| MessageNumber::new(*number).unwrap()).collect()
}

fn ids(maildrop: &dyn Maildrop) -> Vec<String> {
    maildrop.messages().iter().map(|message| message.unique_id.to_string()).collect()
}

fn append(path: &Path, octets: impl AsRef<[u8]>) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(octets.as_ref()).unwrap();
}

#[test]
fn from_lines_quoting_and_the_last_empty_line_are_not_part_of_a_letter() {
    let (_dir, path) = mbox(THREE);
    let expected: [&[u8]; 3] = [
        b"Subject: one\n\nbody\n",
        b"Subject: two\n\nFrom here\nFrom there\n\n",
        b"Subject: three\n",
    ];
    assert_eq!(letters(&path), expected);
}

#[test]
fn a_from_line_stands_behind_an_empty_line_with_either_line_end() {
    for (content, count) in [
        ("From a\n\nFrom b\n\n", 2),
        ("From a\r\nx\r\n\r\nFrom b\r\n\r\n", 2),
        ("From a\nFrom b\n", 1),
        ("From a\nx\nFrom b\n", 1),
        ("From a\nx\r\nFrom b\n", 1),
        ("From a\n\nFrom: b\n", 1),
        ("From a", 1),
        ("", 0),
    ] {
        let (_dir, path) = mbox(content);
        assert_eq!(open(&path).unwrap().messages().len(), count, "{content:?}");
    }
}

#[test]
fn from_lines_are_found_wherever_the_buffer_ends() {
    let filler = 128 * 1024 - "From a\n".len();
    for around in 0..20 {
        let content = format!("From a\n{}\n\nFrom b\nx\n\n", "x".repeat(filler - around));
        let (_dir, path) = mbox(content);
        assert_eq!(letters(&path)[1..], [b"x\n".to_vec()], "{around}");
    }
}

#[test]
fn letters_without_a_final_line_end_are_whole() {
    let (_dir, path) = mbox("From a\nx\n\nFrom b\nlast words");
    assert_eq!(letters(&path), [b"x\n".to_vec(), b"last words".to_vec()]);
    assert_eq!(open(&path).unwrap().messages()[1].octets, Octets(12));
}

#[test]
fn a_file_that_is_no_mbox_is_refused() {
    let (_dir, path) = mbox("Subject: hello\n\nFrom a\n");
    assert!(matches!(open(&path), Err(OpenError::Permanent(_))));
}

#[test]
fn a_user_without_mbox_has_no_mail_and_an_unsafe_name_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let drops = MboxMaildrops::new(dir.path()).with_lock_wait(Duration::ZERO);
    assert!(drops.open(&UserName::new("mark").unwrap()).unwrap().messages().is_empty());
    assert!(!dir.path().join("mark").exists());
    for name in ["../mark", ".mark.pop3-ids", "mark.lock"] {
        let refused = drops.open(&UserName::new(name).unwrap());
        assert!(matches!(refused, Err(OpenError::Permanent(_))), "{name}");
    }
}

#[test]
fn a_refused_second_session_does_not_free_the_lock() {
    let (_dir, path) = mbox(THREE);
    let first = open(&path).unwrap();
    for _ in 0..2 {
        assert!(matches!(open(&path), Err(OpenError::InUse)));
    }
    drop(first);
    assert!(open(&path).is_ok());
}

#[test]
fn an_mbox_that_is_being_written_is_in_use() {
    let (dir, path) = mbox(THREE);
    fs::write(dir.path().join("mark.lock"), "").unwrap();
    assert!(matches!(open(&path), Err(OpenError::InUse)));
}

#[test]
fn mail_can_arrive_during_a_session_and_survives_its_removals() {
    let (dir, path) = mbox(THREE);
    let mut session = open(&path).unwrap();
    deliver(&path, "d", &mut &b"late\n"[..]).unwrap();
    assert_eq!(session.messages().len(), 3);
    assert_eq!(read(&session, 1).unwrap(), b"Subject: one\n\nbody\n");
    assert!(session.remove(&numbers(&[1, 3])).iter().all(Result::is_ok));
    drop(session);
    assert_eq!(letters(&path)[1..], [b"late\n".to_vec()]);
    assert!(letters(&path)[0].starts_with(b"Subject: two"));
    assert!(!dir.path().join("mark.lock").exists());
}

#[test]
fn a_letter_can_still_be_read_after_another_program_replaced_the_file() {
    let (dir, path) = mbox(THREE);
    let mut session = open(&path).unwrap();
    fs::write(dir.path().join("other"), "From z\nother\n\n").unwrap();
    fs::rename(dir.path().join("other"), &path).unwrap();
    assert_eq!(read(&session, 3).unwrap(), b"Subject: three\n");
    let outcomes = session.remove(&numbers(&[3]));
    assert!(matches!(outcomes[..], [Err(RemoveError::Changed)]));
    assert_eq!(fs::read(&path).unwrap(), b"From z\nother\n\n");
}

#[test]
fn a_letter_changed_in_place_does_not_pass_for_whole() {
    let (_dir, path) = mbox(THREE);
    let session = open(&path).unwrap();
    fs::write(&path, THREE.replace("body", "BODY")).unwrap();
    assert!(matches!(read(&session, 1), Err(LetterError::Io(_))));
    assert!(read(&session, 2).is_ok());

    let mut reader = session.letter(MessageNumber::FIRST).unwrap();
    assert!(io::copy(&mut reader, &mut io::sink()).is_err());
    assert!(reader.read(&mut [0; 8]).is_err(), "it does not seem to end well when asked again");
    fs::write(&path, "").unwrap();
    assert!(matches!(read(&session, 2), Err(LetterError::Io(_))));
}

#[test]
fn nothing_is_removed_from_an_mbox_that_was_changed() {
    for changed in [THREE.replace("body", "BODY"), THREE[THREE.find("From b").unwrap()..].into()] {
        let (dir, path) = mbox(THREE);
        let mut session = open(&path).unwrap();
        fs::write(&path, &changed).unwrap();
        let outcomes = session.remove(&numbers(&[3]));
        assert!(matches!(outcomes[..], [Err(RemoveError::Changed)]));
        assert_eq!(fs::read_to_string(&path).unwrap(), changed);
        assert!(!dir.path().join("mark.lock").exists());
    }
}

#[test]
fn a_letter_that_grew_after_login_is_not_torn() {
    let (_dir, path) = mbox("From a\nx\n\nFrom b\nhalf");
    let mut session = open(&path).unwrap();
    append(&path, " and half\n\n");
    let outcomes = session.remove(&numbers(&[1, 2]));
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(RemoveError::Changed))));
    drop(session);
    assert_eq!(letters(&path)[1], b"half and half\n");
}

#[test]
fn an_unknown_number_is_an_error_of_its_own() {
    let (_dir, path) = mbox(THREE);
    let outcomes = open(&path).unwrap().remove(&numbers(&[4, 1]));
    assert!(matches!(outcomes[..], [Err(RemoveError::NoSuchNumber), Ok(())]));
    assert_eq!(letters(&path).len(), 2);
}

#[test]
fn the_mode_of_the_mbox_is_kept_and_a_new_one_is_private() {
    let (dir, path) = mbox(THREE);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
    assert!(open(&path).unwrap().remove(&numbers(&[1]))[0].is_ok());
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o664);
    let new = dir.path().join("mary");
    deliver(&new, "a", &mut &b"x"[..]).unwrap();
    assert_eq!(new.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn identical_copies_have_ids_of_their_own_that_stay() {
    let (_dir, path) = mbox("From a\nsame\n\n".repeat(3));
    let mut session = open(&path).unwrap();
    let before = ids(&session);
    assert!(session.messages().iter().all(|message| message.unique_id.is_conformant()));
    assert!(before[0] != before[1] && before[1] != before[2] && before[0] != before[2]);
    assert!(session.remove(&numbers(&[1]))[0].is_ok());
    drop(session);
    append(&path, "From a\nsame\n\n");
    let after = ids(&open(&path).unwrap());
    assert_eq!(after[..2], before[1..]);
    assert!(!before.contains(&after[2]), "an id is never used again");
}

#[test]
fn an_id_does_not_change_when_the_next_letter_arrives() {
    let (_dir, path) = mbox("From a\nlast, without an empty line\n");
    let before = ids(&open(&path).unwrap());
    deliver(&path, "b", &mut &b"next"[..]).unwrap();
    assert_eq!(ids(&open(&path).unwrap())[..1], before);
}

#[test]
fn a_torn_letter_at_the_end_does_not_swallow_the_next() {
    for torn in ["From a\nx\n\nFrom b\nto", "From a\nx\n\nFrom b\nto\n", "From a\nx\n\nFrom b"] {
        let (_dir, path) = mbox(torn);
        deliver(&path, "c", &mut &b"next\n"[..]).unwrap();
        let letters = letters(&path);
        assert_eq!((letters.len(), &letters[2][..]), (3, &b"next\n"[..]), "{torn:?}");
    }
}

#[test]
fn an_abandoned_or_failed_delivery_leaves_the_mbox_alone() {
    let (dir, path) = mbox(THREE);
    let mut delivery = Delivery::begin(&path, "d").unwrap();
    delivery.write_all(b"half").unwrap();
    drop(delivery);
    assert_eq!(fs::read_to_string(&path).unwrap(), THREE);

    let other = dir.path().join("notes.txt");
    fs::write(&other, "no mbox\n").unwrap();
    assert_eq!(
        deliver(&other, "d", &mut &b"x"[..]).unwrap_err().kind(),
        io::ErrorKind::InvalidData
    );
    assert_eq!(fs::read_to_string(&other).unwrap(), "no mbox\n");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing else is left");
}

/// Letters in which line ends and From_ lines meet each other.
fn letter() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just(&b"From "[..]),
        Just(&b">"[..]),
        Just(&b"\n"[..]),
        Just(&b"\r\n"[..]),
        Just(&b"\r"[..]),
        Just(&b"\n\n"[..]),
        Just(&b"text"[..]),
        Just(&b"\0\xff"[..]),
    ];
    proptest::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

/// The letter as an mbox holds it: LF as line end, the last one supplied.
fn lf(letter: &[u8]) -> Vec<u8> {
    let mut lf = Vec::new();
    for (at, octet) in letter.iter().enumerate() {
        if *octet != b'\r' || letter.get(at + 1) != Some(&b'\n') {
            lf.push(*octet);
        }
    }
    if !lf.is_empty() && !lf.ends_with(b"\n") {
        lf.push(b'\n');
    }
    lf
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_delivered_is_read_with_exact_sizes(written in proptest::collection::vec(letter(), 0..6)) {
        let (_dir, path) = mbox("");
        for letter in &written {
            deliver(&path, "a", &mut &letter[..]).unwrap();
        }
        prop_assert_eq!(letters(&path), written.iter().map(|letter| lf(letter)).collect::<Vec<_>>());
        let open = open(&path).unwrap();
        for (number, info) in (1..).zip(open.messages()) {
            let mut counter = Counter::new();
            counter.push(&read(&open, number).unwrap());
            prop_assert_eq!(counter.finish(), info.octets);
        }
    }

    #[test]
    fn any_subset_can_be_removed_and_the_rest_keeps_its_ids(
        written in proptest::collection::vec((letter(), any::<bool>()), 1..8),
    ) {
        let (_dir, path) = mbox("");
        for (letter, _) in &written {
            deliver(&path, "a", &mut &letter[..]).unwrap();
        }
        let mut session = open(&path).unwrap();
        let before = ids(&session);
        let marked: Vec<u32> =
            (1..).zip(&written).filter(|(_, (_, gone))| *gone).map(|(number, _)| number).collect();
        prop_assert!(session.remove(&numbers(&marked)).iter().all(Result::is_ok));
        drop(session);
        let kept = written.iter().zip(before).filter(|((_, gone), _)| !gone);
        let (kept, kept_ids): (Vec<_>, Vec<_>) = kept.map(|((letter, _), id)| (lf(letter), id)).unzip();
        prop_assert_eq!(letters(&path), kept);
        prop_assert_eq!(ids(&open(&path).unwrap()), kept_ids);
    }

    #[test]
    fn no_file_whatsoever_makes_it_panic(content in proptest::collection::vec(letter(), 0..6)) {
        let content = [b"From ", &content.concat()[..]].concat();
        let (_dir, path) = mbox(&content);
        let read: usize = letters(&path).iter().map(Vec::len).sum();
        prop_assert!(read <= content.len());
    }
}
