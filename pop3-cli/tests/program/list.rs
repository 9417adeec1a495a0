//! `pop3 list`

use crate::office::Office;
use crate::run::{PASSWORD, pop3};
use crate::script::serve_but;

const LETTER: &[u8] = b"From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>\n\
    Subject: =?utf-8?b?R3LDvMOfZQ==?=\n and more\n\
    Date: Mon, 23 Nov 2026 09:00:00 +0000\n\nbody\n";

#[test]
fn fields_are_parted_by_tabs_where_there_is_no_terminal() {
    let office = Office::with(&[LETTER, b"\nno header\n"]);
    let listing = office.client("list", &[]).run().ok();
    let rows: Vec<Vec<_>> = listing.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0][0], rows[0][1]), ("1", "140"));
    assert_eq!(
        rows[0][3..],
        ["Mon, 23 Nov 2026 09:00:00 +0000", "Jürgen <j@example.org>", "Grüße and more"]
    );
    assert_eq!((rows[1][0], &rows[1][3..]), ("2", &["", "", ""][..]));
    assert_ne!(rows[0][2], rows[1][2]);
}

#[test]
fn json_has_an_object_a_line() {
    let office = Office::with(&[LETTER, LETTER]);
    let listing = office.client("list", &["--json"]).run().ok();
    let objects: Vec<serde_json::Value> =
        listing.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[1]["number"], 2);
    assert_eq!(objects[1]["octets"], 140);
    assert_eq!(objects[1]["subject"], "Grüße and more");
    assert!(objects[1]["unique_id"].is_string());
}

#[test]
fn an_empty_mailbox_is_an_empty_list() {
    assert_eq!(Office::open().client("list", &[]).run().ok(), "");
}

#[test]
fn servers_without_top_and_uidl_are_listed_all_the_same() {
    let url = serve_but(|line| match line {
        "UIDL" | "TOP 1 0" | "TOP 2 0" => Some("-ERR not here\r\n"),
        _ => None,
    });
    let listing = pop3(["list", &url]).password(PASSWORD).run().ok();
    assert_eq!(listing, "1\t22\t\t\t\t\n2\t23\t\t\t\t\n");
}

#[test]
fn headers_cannot_forge_fields_or_lines() {
    let url = serve_but(|line| match line {
        "UIDL" => Some("+OK\r\n1 a\x1b[2J\r\n2 two\r\n.\r\n"),
        "TOP 1 0" => Some("+OK\r\nSubject: =?utf-8?q?a=0D=0A2=091=1B[2J?=\r\n\r\n.\r\n"),
        _ => None,
    });
    let listing = pop3(["list", &url]).password(PASSWORD).run().ok();
    assert_eq!(listing.lines().count(), 2);
    assert!(listing.lines().all(|line| line.matches('\t').count() == 5), "{listing:?}");
    assert!(!listing.contains('\x1b'), "{listing:?}");
}

#[test]
fn a_giant_header_is_looked_at_in_part() {
    let giant = [b"Subject: here\nX: ", &b"x".repeat(3_000_000)[..], b"\n\nbody\n"].concat();
    let office = Office::with(&[&giant, LETTER]);
    let listing = office.client("list", &[]).run().ok();
    assert!(listing.lines().next().unwrap().ends_with("\there"), "{}", &listing[..200]);
    assert!(listing.ends_with("\tGrüße and more\n"));
}
