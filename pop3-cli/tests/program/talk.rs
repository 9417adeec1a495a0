//! `pop3 talk`

use crate::office::Office;
use crate::run::{PASSWORD, pop3};
use crate::script::serve_but;

#[test]
fn a_session_from_a_pipe() {
    let office = Office::with(&[b"Subject: x\n\n.dot\n"]);
    let url = format!("pop3://{}", office.address);
    let typed = format!("user mark\npass {PASSWORD}\nstat\nlist\nxyzzy\nretr 1\ndele 1\nquit\n");
    let said = office.pop3(&["talk", &url]).input(typed).ok();
    let lines: Vec<_> = said.lines().collect();
    assert!(lines[0].starts_with("+OK"), "{said}");
    assert_eq!(lines[3], "+OK 1 20");
    assert_eq!(lines[5..7], ["1 20", "."]);
    assert!(lines[7].starts_with("-ERR"), "{said}");
    assert!(lines[8].starts_with("+OK"), "{said}");
    assert_eq!(lines[9..13], ["Subject: x", "", "..dot", "."], "as it goes over the wire");
    assert!(lines[13].starts_with("+OK") && lines[14].starts_with("+OK"), "{said}");
    assert_eq!((lines.len(), office.waiting()), (15, 0));
}

#[test]
fn without_quit_nothing_is_deleted() {
    let office = Office::with(&[b"Subject: x\n\n"]);
    let said = office.client("talk", &[]).input("dele 1\n").ok();
    assert!(said.contains("marked"), "{said}");
    // The server may take a moment to see that we have gone.
    let gone = |_| {
        office.client("list", &[]).run().code == Some(0) || {
            std::thread::sleep(std::time::Duration::from_millis(50));
            false
        }
    };
    assert!((0..100).any(gone));
    assert_eq!(office.waiting(), 1);
}

#[test]
fn a_user_in_the_url_is_logged_in_without_showing_the_password() {
    let office = Office::open();
    let said = office.client("talk", &[]).input("stat\nquit\n").ok();
    assert!(said.contains("USER mark") && said.contains("+OK 0 0"), "{said}");
    office.client("talk", &[]).password("wrong").input("quit\n").fails(4);
}

#[test]
fn a_server_that_hangs_up_is_status_3() {
    let url = serve_but(|line| (line == "NOOP").then_some("(hang up)"));
    let url = url.replace("mark@", "");
    assert!(pop3(["talk", &url]).input("NOOP\nSTAT\n").fails(3).contains("hung up"));
}

#[test]
fn a_reply_of_unknown_shape_does_not_shift_the_next() {
    let url = serve_but(|line| match line {
        "XTND" => Some("+OK more follows\r\nmore\r\n.\r\n"),
        "NOOP" => Some("+OK noop\r\n"),
        _ => None,
    });
    let url = url.replace("mark@", "");
    let said = pop3(["talk", &url]).input("XTND\nNOOP\nQUIT\n").ok();
    assert_eq!(said, "+OK ready\n+OK more follows\nmore\n.\n+OK noop\n+OK\n");
}
