//! `pop3 fetch`

use std::fs;

use crate::office::Office;

const PLAIN: &[u8] = b"Subject: plain\n\nhello\n";
/// Dots, bare CRs, NUL and 8-bit octets, lines that look like another letter, no final line end.
const HARD: &[u8] =
    b"Subject: hard\n\n.\n..\nbare\rCR\r\r\n\0\xff\xfe\nFrom here\n>From there\nend";

fn crlf(letter: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, octet) in letter.iter().enumerate() {
        if *octet == b'\n' && (at == 0 || letter[at - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(*octet);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn lf(letter: &[u8]) -> Vec<u8> {
    let crlf = crlf(letter);
    let keep = |at: usize| crlf[at] != b'\r' || crlf.get(at + 1) != Some(&b'\n');
    (0..crlf.len()).filter(|at| keep(*at)).map(|at| crlf[at]).collect()
}

#[test]
fn a_maildir_gets_letters_with_lf() {
    let office = Office::with(&[PLAIN, HARD, b""]);
    let said = office.client("fetch", &["--to", "inbox"]).run().ok();
    let octets = crlf(PLAIN).len() + crlf(HARD).len();
    // An empty letter may travel as one empty line.
    assert!(said.starts_with("fetched 3 messages ("), "{said}");
    assert!(said.ends_with("octets), skipped 0, deleted 0\n"), "{said}");
    let told: usize = said.split(['(', ' ']).nth(4).unwrap().parse().unwrap();
    assert!((octets..=octets + 2).contains(&told), "{said}");

    let letters = office.contents("inbox/new");
    assert_eq!(letters.len(), 3);
    assert!(letters.contains(&lf(PLAIN)) && letters.contains(&lf(HARD)), "{letters:?}");
    assert!(office.files("inbox/tmp").is_empty());
    assert_eq!(office.waiting(), 3, "nothing is deleted unless asked for");
}

#[test]
fn eml_files_keep_crlf_and_are_never_overwritten() {
    let office = Office::with(&[PLAIN, HARD]);
    let fetch = || office.client("fetch", &["--to", "letters", "--format", "eml"]).run().ok();
    fetch();
    let first = office.files("letters");
    assert_eq!(first.len(), 2);
    assert!(first.iter().all(|(name, _)| name.ends_with(".eml") && !name.starts_with('.')));
    let letters: Vec<_> = first.iter().map(|(_, letter)| letter.clone()).collect();
    assert!(letters.contains(&crlf(PLAIN)) && letters.contains(&crlf(HARD)));

    let (name, _) = &first[0];
    fs::write(office.path("letters").join(name), "mine").unwrap();
    fetch();
    let second = office.files("letters");
    assert_eq!(second.len(), 4);
    assert_eq!(fs::read(office.path("letters").join(name)).unwrap(), b"mine");
}

#[test]
fn an_mbox_is_appended_to_and_quoted() {
    let office = Office::with(&[HARD, PLAIN]);
    for _ in 0..2 {
        office.client("fetch", &["--to", "box", "--format", "mbox"]).run().ok();
    }
    let mbox = fs::read(office.path("box")).unwrap();
    let mbox = String::from_utf8_lossy(&mbox);
    assert_eq!(mbox.lines().filter(|line| line.starts_with("From ")).count(), 4);
    assert!(mbox.contains("\n>From here\n>>From there\nend\n\n"), "{mbox}");
}

#[test]
fn what_was_saved_is_deleted_when_asked_for() {
    let office = Office::with(&[PLAIN, HARD]);
    let said = office.client("fetch", &["--to", "inbox", "--delete"]).run().ok();
    assert!(said.ends_with("skipped 0, deleted 2\n"), "{said}");
    assert_eq!((office.waiting(), office.contents("inbox/new").len()), (0, 2));
    let said = office.client("fetch", &["--to", "inbox", "--delete"]).run().ok();
    assert_eq!(said, "fetched 0 messages (0 octets), skipped 0, deleted 0\n");
}

#[test]
fn a_giant_is_skipped_named_and_left_on_the_server() {
    let giant = b"0123456789abcde\n".repeat(8_192);
    let office = Office::with(&[PLAIN, &giant, HARD]);
    let fetch = ["--to", "inbox", "--delete", "--max-size", "64KiB"];
    let outcome = office.client("fetch", &fetch).run();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.err.contains("message 2") && outcome.err.lines().count() == 1, "{outcome:?}");
    assert!(outcome.out.ends_with("skipped 1, deleted 2\n"), "{outcome:?}");
    assert_eq!((office.waiting(), office.contents("inbox/new").len()), (1, 2));
    office.client("fetch", &["--to", "inbox", "--delete", "--max-size", "1M"]).run().ok();
    assert!(office.contents("inbox/new").contains(&giant));
}

#[test]
fn single_messages_can_be_asked_for() {
    let office = Office::with(&[PLAIN, HARD, PLAIN]);
    let outcome =
        office.client("fetch", &["--to", "inbox", "--message", "2", "--message", "9"]).run();
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.err.contains("no message 9"), "{outcome:?}");
    assert_eq!(office.contents("inbox/new"), [lf(HARD)]);
}

#[test]
fn many_letters_come_in_whole() {
    let office = Office::open();
    fs::create_dir_all(office.path("mail/mark/new")).unwrap();
    for part in ["cur", "tmp"] {
        fs::create_dir(office.path("mail/mark").join(part)).unwrap();
    }
    let letter = |n: usize| format!("Subject: {n}\n\n{}", ".x\n".repeat(n % 97)).into_bytes();
    for n in 0..1_000 {
        fs::write(office.path("mail/mark/new").join(format!("{}.x", 1_000_000 + n)), letter(n))
            .unwrap();
    }
    let said = office.client("fetch", &["--to", "inbox", "--delete"]).run().ok();
    assert!(said.contains("fetched 1000 ") && said.contains("deleted 1000"), "{said}");
    let (mut fetched, mut sent) =
        (office.contents("inbox/new"), (0..1_000).map(letter).collect::<Vec<_>>());
    fetched.sort();
    sent.sort();
    assert!(fetched == sent);
    assert_eq!(office.waiting(), 0);
}

#[test]
fn a_place_that_cannot_be_written_to_is_told_before_anything_is_fetched() {
    let office = Office::with(&[PLAIN]);
    fs::write(office.path("file"), "in the way").unwrap();
    for format in ["maildir", "eml"] {
        let fetch = ["--to", "file/inbox", "--format", format, "--delete"];
        office.client("fetch", &fetch).run().fails(1);
    }
    assert_eq!(office.waiting(), 1);
    assert_eq!(fs::read(office.path("file")).unwrap(), b"in the way");
}
