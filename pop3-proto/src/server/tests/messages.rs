//! RETR and TOP (RFC 1939, sections 3, 5, 7 and 11).

use super::*;

const LETTER: &str = "Subject: dots\nTo: you\n\n.one\r\n..\n.\nlast";
const ON_THE_WIRE: &str = "Subject: dots\r\nTo: you\r\n\r\n..one\r\n...\r\n..\r\nlast\r\n.\r\n";

/// What stands behind the status line.
fn content(answer: &str) -> &str {
    answer.split_once("\r\n").expect("a status line").1
}

#[test]
fn a_message_goes_out_with_crlf_stuffed_and_ended() {
    let mut session = Session::logged_in(&[LETTER]);
    let answer = session.asks("RETR 1");
    assert!(answer.starts_with("+OK 45 octets\r\n"), "{answer}");
    assert_eq!(content(&answer), ON_THE_WIRE);
    assert_eq!(session.asks("RETR 1"), answer, "as often as it is asked for");
}

#[test]
fn octets_announced_equal_octets_sent() {
    for letter in [LETTER, "", "\n", ".", "no end", "a\rb\r\n\nc\r", ".\n.\n.\n", "é\0\u{7f}\n"] {
        let mut session = Session::logged_in(&[letter]);
        let listed: usize = {
            let line = session.asks("LIST 1");
            line.trim_end().rsplit(' ').next().unwrap().parse().unwrap()
        };
        assert_eq!(session.asks("STAT"), alloc::format!("+OK 1 {listed}\r\n"));
        let answer = session.asks("RETR 1");
        let unstuffed: usize = content(&answer)
            .strip_suffix(".\r\n")
            .unwrap()
            .split_inclusive("\r\n")
            .map(|line| line.strip_prefix('.').unwrap_or(line).len())
            .sum();
        assert_eq!(unstuffed, listed, "{letter:?}");
    }
}

#[test]
fn first_line_dot_is_stuffed() {
    let mut session = Session::logged_in(&[".dot first\n"]);
    assert_eq!(content(&session.asks("RETR 1")), "..dot first\r\n.\r\n");
    assert_eq!(content(&session.asks("TOP 1 0")), "..dot first\r\n.\r\n");
}

#[test]
fn top_zero_is_headers_only() {
    let mut session = Session::logged_in(&[LETTER]);
    assert_eq!(content(&session.asks("TOP 1 0")), "Subject: dots\r\nTo: you\r\n\r\n.\r\n");
}

#[test]
fn top_counts_lines_of_the_body() {
    let mut session = Session::logged_in(&[LETTER]);
    let two = "Subject: dots\r\nTo: you\r\n\r\n..one\r\n...\r\n.\r\n";
    assert_eq!(content(&session.asks("TOP 1 2")), two);
    for many in ["4", "999999999", "99999999999999999999"] {
        assert_eq!(content(&session.asks(&alloc::format!("TOP 1 {many}"))), ON_THE_WIRE);
    }
}

#[test]
fn top_tells_the_host_when_it_has_enough() {
    let mut session = Session::logged_in(&[LETTER]);
    session.idle_host = true;
    session.asks("TOP 1 1");
    let Some(Action::Fetch { part, ticket, .. }) = session.asked.pop() else { panic!() };
    assert_eq!(part, Part::Top(1));
    let taken = session.connection.message(&ticket, b"A: b\n\none\ntwo\nthree").unwrap();
    assert_eq!(taken, Taken { octets: 19, enough: true });
    let taken = session.connection.message(&ticket, b"more").unwrap();
    assert_eq!(taken, Taken { octets: 4, enough: true }, "saying more does no harm");
    session.connection.message_complete(ticket).unwrap();
    assert_eq!(content(&session.run()), "A: b\r\n\r\none\r\n.\r\n");
}

#[test]
fn an_empty_message_has_an_end() {
    let mut session = Session::logged_in(&[""]);
    assert_eq!(session.asks("RETR 1"), "+OK 0 octets\r\n.\r\n");
    assert_eq!(content(&session.asks("TOP 1 5")), ".\r\n");
}

#[test]
fn a_message_that_cannot_be_opened_is_refused_in_one_line() {
    let mut session = Session::logged_in(&[LETTER]);
    session.broken_after = Some(0);
    assert_eq!(session.asks("RETR 1"), "-ERR [SYS/TEMP] disk on fire\r\n");
    assert!(session.asks("NOOP").starts_with("+OK"));
}

#[test]
fn a_message_that_breaks_off_cuts_the_connection_without_a_final_dot() {
    let mut session = Session::logged_in(&[LETTER]);
    session.broken_after = Some(20);
    session.asks("DELE 1\r\nRSET");
    let answer = session.asks("RETR 1\r\nQUIT");
    assert_eq!(content(&answer), "Subject: dots\r\nTo: yo");
    assert_eq!(session.ending, Some(Ending::BrokenMessage));
    assert_eq!(session.committed, None);
}

#[test]
fn what_waits_of_a_broken_message_is_not_sent() {
    let mut session = Session::logged_in(&[LETTER]);
    session.idle_host = true;
    session.asks("RETR 1");
    let Some(Action::Fetch { ticket, .. }) = session.asked.pop() else { panic!() };
    session.connection.message(&ticket, b"whole line\n").unwrap();
    session.connection.message_failed(ticket, Refusal::InUse).unwrap();
    assert_eq!(session.run(), "");
    assert_eq!(session.ending, Some(Ending::BrokenMessage));
}

#[test]
fn pieces_may_be_cut_anywhere() {
    for size in 1..LETTER.len() {
        let mut session = Session::logged_in(&[LETTER]);
        session.idle_host = true;
        session.asks("RETR 1");
        let Some(Action::Fetch { ticket, .. }) = session.asked.pop() else { panic!() };
        for piece in LETTER.as_bytes().chunks(size) {
            session.connection.message(&ticket, piece).unwrap();
        }
        session.connection.message_complete(ticket).unwrap();
        assert_eq!(content(&session.run()), ON_THE_WIRE);
    }
}
