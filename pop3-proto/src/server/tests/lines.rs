//! How command lines are found, and how status lines look (RFC 1939, section 3; RFC 2449, 4).

use super::*;
use crate::capability::Capability;

#[test]
fn crlf_ends_a_command_however_it_is_cut() {
    let mut session = Session::logged_in(&[]);
    assert_eq!(session.says("NO"), "");
    assert_eq!(session.says("OP\r"), "");
    assert_eq!(session.says("\n"), "+OK nothing done\r\n");
}

#[test]
fn pipelined_commands_are_answered_in_turn() {
    let mut session = Session::new();
    let answer =
        session.says("USER mark\r\nPASS swordfish\r\nSTAT\r\nXYZZ\r\nLIST\r\nNOOP\r\nQUIT\r\n");
    let starts: Vec<&str> = answer.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(starts, ["+OK", "+OK", "+OK", "-ERR", "+OK", ".", "+OK", "+OK"]);
}

#[test]
fn a_bare_lf_is_a_line_end_unless_strict() {
    let mut session = Session::logged_in(&[]);
    assert_eq!(session.connection.forgiven(), 0);
    assert_eq!(session.says("NOOP\n"), "+OK nothing done\r\n");
    assert_eq!(session.connection.forgiven(), 1);

    let mut config = Config::default();
    config.tolerance = Tolerance::STRICT;
    let mut session = Session::with(config, &[]);
    session.says("USER mark\r\n");
    assert_eq!(session.says("CAPA\n"), "-ERR a command line ends with CRLF\r\n");
    session.is_refused("PASS swordfish");
}

#[test]
fn a_long_auth_is_forgiven_and_one_that_fits_needs_no_forgiving() {
    let mut config = Config::default();
    config.capabilities.set(Capability::Sasl(alloc::vec!["PLAIN".into()]));
    config.command_line = 49.try_into().unwrap();
    for (extra, forgiven) in [("", 0), ("YWFh", 1)] {
        let mut session = Session::with(config.clone(), &[]);
        let line = alloc::format!("AUTH PLAIN {}{extra}", "YWFh".repeat(9));
        session.asks(&line);
        assert_eq!(session.connection.forgiven(), forgiven, "{line}");
    }
}

#[test]
fn a_bare_cr_ends_nothing() {
    let mut session = Session::logged_in(&[]);
    let answer = session.says("NOOP\rNOOP\r\n");
    assert!(answer.starts_with("-ERR") && answer.lines().count() == 1, "{answer}");
}

#[test]
fn command_lines_of_255_octets_are_taken_and_longer_ones_refused() {
    let mut session = Session::new();
    let fits = alloc::format!("USER {}", "n".repeat(248));
    assert_eq!(fits.len() + 2, 255);
    assert!(session.asks(&fits).starts_with("+OK"));
    session.is_refused(&alloc::format!("{fits}n"));

    let mut config = Config::default();
    config.command_line = 512.try_into().unwrap();
    assert!(Session::with(config, &[]).asks(&alloc::format!("{fits}n")).starts_with("+OK"));
}

#[test]
fn a_line_of_a_megabyte_is_refused_once_and_the_next_is_in_step() {
    let mut session = Session::logged_in(&[]);
    let mut long = alloc::vec![b'x'; 1 << 20];
    assert_eq!(session.says(&long), "-ERR the command line is too long\r\n");
    long.extend_from_slice(b"\r\nNOOP\r\n");
    assert_eq!(session.says(&long), "+OK nothing done\r\n");
}

/// What is read along with the end of a long line is judged by its own beginning.
#[test]
fn how_long_a_line_may_be_does_not_depend_on_the_one_before() {
    let mut config = Config::default();
    config.capabilities.set(Capability::Sasl(alloc::vec!["PLAIN".into()]));
    let long = "x".repeat(10_000);
    let auth = alloc::format!("AUTH PLAIN {}", "YWFh".repeat(200));
    for behind in ["", "AUTH "] {
        let mut session = Session::with(config.clone(), &[]);
        session.says(&long);
        let answer = session.says(alloc::format!("{behind}\r\n{auth}\r\n"));
        assert!(answer.starts_with("+ "), "{answer}");
        session.asks("*");
        session.says(&long);
        session.is_refused(&alloc::format!("{behind}\r\nUSER {}", "x".repeat(300)));
    }
}

#[test]
fn small_read_buffers_still_hold_a_command() {
    for size in [1, 2, 3, 255] {
        let mut config = Config::default();
        config.read_buffer = size.try_into().unwrap();
        config.command_line = 8.try_into().unwrap();
        let mut session = Session::with(config, &[]);
        assert_eq!(session.says("QUIT\r\n"), "+OK goodbye\r\n", "{size}");
    }
}

#[test]
fn the_smallest_buffers_refuse_and_go_on() {
    for size in 1..6_usize {
        let mut config = Config::default();
        config.read_buffer = size.try_into().unwrap();
        config.command_line = size.try_into().unwrap();
        let mut session = Session::with(config, &[]);
        let answer = session.says("QUIT\r\nQUIT\r\n");
        assert_eq!(answer.matches("too long").count(), 2, "{size}: {answer}");
    }
}

#[test]
fn no_status_line_exceeds_512_octets() {
    let mut session = Session::new();
    let long = Text::new([b'x'; 4_000]).unwrap();
    session.locked = Some(Refusal::Temporary(long));
    session.asks("USER mark");
    let answer = session.asks("PASS swordfish");
    assert_eq!(answer.len(), 512);
    assert!(answer.starts_with("-ERR [SYS/TEMP] x") && answer.ends_with("x\r\n"));
}

#[test]
fn every_reply_begins_with_an_indicator_in_capitals_and_ends_with_crlf() {
    let mut session = Session::logged_in(&["a letter"]);
    for line in ["STAT", "LIST 1", "UIDL 1", "NOOP", "DELE 1", "RSET", "nonsense", "RETR 9", "QUIT"]
    {
        let answer = session.asks(line);
        assert!(answer.starts_with("+OK ") || answer.starts_with("-ERR "), "{answer}");
        assert!(answer.ends_with("\r\n") && answer.matches('\n').count() == 1, "{answer}");
    }
}
