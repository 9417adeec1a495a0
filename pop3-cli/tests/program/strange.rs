//! Servers that refuse, lie, break off.

use std::fs;
use std::path::Path;

use crate::run::{Outcome, PASSWORD, pop3};
use crate::script::serve_but;

fn fetch(url: &str, directory: &Path, arguments: &[&str]) -> Outcome {
    let all = [&["fetch", url, "--to", "inbox"], arguments].concat();
    pop3(all).within(directory).password(PASSWORD).run()
}

fn letters(directory: &Path) -> usize {
    fs::read_dir(directory.join("inbox/new")).map_or(0, Iterator::count)
}

#[test]
fn a_letter_that_is_refused_does_not_stop_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let url = serve_but(|line| (line == "RETR 1").then_some("-ERR it is burnt\r\n"));
    let outcome = fetch(&url, directory.path(), &["--delete"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.err.contains("message 1") && outcome.err.contains("burnt"), "{outcome:?}");
    assert!(outcome.out.ends_with("deleted 1\n"), "{outcome:?}");
    assert_eq!(letters(directory.path()), 1);
}

#[test]
fn a_letter_that_is_listed_in_no_readable_form_is_missed_and_not_forgotten() {
    for size in ["-1", "%!d(float64=22)", ""] {
        let directory = tempfile::tempdir().unwrap();
        let list: &str = format!("+OK\r\n1 {size}\r\n2 23\r\n.\r\n").leak();
        let url = serve_but(move |line| (line == "LIST").then_some(list));
        let outcome = fetch(&url, directory.path(), &[]);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.err.contains("cannot be read"), "{outcome:?}");
        assert_eq!(letters(directory.path()), 1);
    }
}

#[test]
fn a_letter_that_was_cut_is_not_saved() {
    let directory = tempfile::tempdir().unwrap();
    let url = serve_but(|line| {
        (line == "RETR 2").then_some("+OK\r\nSubject: two\r\n\r\n2nd\r\n(hang up)")
    });
    fetch(&url, directory.path(), &["--delete"]).fails(3);
    assert_eq!(letters(directory.path()), 1);
    assert_eq!(fs::read_dir(directory.path().join("inbox/tmp")).unwrap().count(), 0);
}

#[test]
fn a_server_that_hangs_up_keeps_its_letters() {
    let directory = tempfile::tempdir().unwrap();
    let url = serve_but(|line| (line == "RETR 2").then_some("(hang up)"));
    let outcome = fetch(&url, directory.path(), &["--delete"]);
    assert!(
        !outcome.out.contains("deleted 1") && !outcome.out.contains("deleted 2"),
        "{outcome:?}"
    );
    outcome.fails(3);
    assert_eq!(letters(directory.path()), 1, "what came in whole is kept");
}

#[test]
fn a_goodbye_that_is_refused_or_missing_is_told_honestly() {
    for answer in ["-ERR [SYS/TEMP] 1 of 2 removed\r\n", "(hang up)"] {
        let directory = tempfile::tempdir().unwrap();
        let url = serve_but(move |line| (line == "QUIT").then_some(answer));
        let outcome = fetch(&url, directory.path(), &["--delete"]);
        assert!(outcome.out.ends_with("deleted 0\n"), "{outcome:?}");
        assert!(outcome.fails(3).contains("may come again"));
        assert_eq!(letters(directory.path()), 2);
    }
}

#[test]
fn a_mark_that_is_refused_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let url = serve_but(|line| (line == "DELE 1").then_some("-ERR no\r\n"));
    let outcome = fetch(&url, directory.path(), &["--delete"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.out.ends_with("deleted 1\n"), "{outcome:?}");
    assert!(outcome.err.contains("message 1"), "{outcome:?}");
}

#[test]
fn a_password_that_the_server_repeats_is_hidden() {
    let url =
        serve_but(|line| line.starts_with("PASS").then_some("-ERR PASS open sesame? \x1b[2J\r\n"));
    let error = pop3(["list", &url]).password(PASSWORD).run().fails(4);
    assert!(error.contains("********") && !error.contains('\x1b'), "{error:?}");
}

#[test]
fn a_server_that_refuses_service_is_status_3() {
    let url = serve_but(|line| (line == "CAPA").then_some("(hang up)"));
    pop3(["list", &url]).password(PASSWORD).run().fails(3);
}

#[test]
fn unique_ids_stay_within_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let url = serve_but(|line| {
        (line == "UIDL").then_some("+OK\r\n1 ../../../evil\r\n2 ../../../evil\r\n.\r\n")
    });
    let outcome = fetch(&url, directory.path(), &["--format", "eml"]);
    outcome.ok();
    let names = fs::read_dir(directory.path().join("inbox")).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}
