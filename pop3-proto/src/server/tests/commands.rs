//! Keywords, arguments, states (RFC 1939, section 3).

use super::*;
use crate::keyword::Keyword;
use crate::state::{State, rule};

/// Each keyword with arguments that are well-formed.
fn example(keyword: Keyword) -> String {
    let arguments = match keyword {
        Keyword::User => " mark",
        Keyword::Pass => " swordfish",
        Keyword::Apop => " mark c4c9334bac560ecc979e58001b3e22fb",
        Keyword::Auth => " PLAIN",
        Keyword::Retr | Keyword::Dele => " 1",
        Keyword::Top => " 1 0",
        _ => "",
    };
    alloc::format!("{keyword}{arguments}")
}

#[test]
fn each_command_is_refused_where_the_table_says_so() {
    for keyword in Keyword::ALL {
        let line = example(*keyword);
        if !rule(*keyword).lawful_in(State::Authorization) {
            Session::new().is_refused(&line);
        }
        if !rule(*keyword).lawful_in(State::Transaction) {
            Session::logged_in(&["a letter"]).is_refused(&line);
        }
    }
}

#[test]
fn each_command_that_is_offered_is_answered_in_transaction() {
    for keyword in Keyword::ALL {
        let in_vocabulary_only = *keyword == Keyword::Lang;
        if rule(*keyword).lawful_in(State::Transaction) && !in_vocabulary_only {
            let answer = Session::logged_in(&["a letter"]).asks(&example(*keyword));
            assert!(answer.starts_with("+OK"), "{keyword}: {answer}");
        }
    }
}

#[test]
fn keywords_match_in_any_case() {
    let mut session = Session::new();
    assert!(session.asks("user mark").starts_with("+OK"));
    assert!(session.asks("pAsS swordfish").starts_with("+OK"));
    assert_eq!(session.asks("Stat"), session.asks("STAT"));
}

#[test]
fn bad_syntax_is_refused_and_the_session_goes_on() {
    let mut session = Session::logged_in(&["a letter"]);
    for line in [
        "",
        " ",
        "RETR",
        "RETR x",
        "RETR 1 2",
        "DELE",
        "DELE -1",
        "DELE 1 1",
        "LIST 1 2",
        "LIST +1",
        "UIDL a",
        "TOP",
        "TOP 1",
        "TOP 1 -1",
        "TOP 1 x",
        "TOP 1 1 1",
        "STAT 1",
        "NOOP x",
        "RSET 1",
        "QUIT now",
        "CAPA x",
        "XYZZ",
        "ST\0AT",
        "RE TR 1",
        "..",
        "LAST",
        " STAT",
    ] {
        session.is_refused(line);
    }
    assert_eq!(session.asks("STAT"), "+OK 1 10\r\n");
}

#[test]
fn retr_zero_is_refused() {
    Session::logged_in(&["a letter"]).is_refused("RETR 0");
}

#[test]
fn retr_4294967297_is_refused() {
    let mut session = Session::logged_in(&["a letter"]);
    for line in ["RETR 4294967297", "LIST 99999999999999999999", "DELE 18446744073709551617"] {
        session.is_refused(line);
    }
}

#[test]
fn retr_1x_is_refused() {
    Session::logged_in(&["a letter"]).is_refused("RETR 1x");
}

#[test]
fn doubled_and_trailing_spaces_are_forgiven_unless_strict() {
    let mut session = Session::logged_in(&["a letter"]);
    assert_eq!(session.asks("LIST  1 "), "+OK 1 10\r\n");
    assert_eq!(session.connection.forgiven(), 1);

    let mut config = Config::default();
    config.tolerance = Tolerance::STRICT;
    let mut session = Session::with(config, &["a letter"]);
    session.log_in();
    session.is_refused("LIST  1");
    session.is_refused("STAT ");
    assert_eq!(session.asks("LIST 1"), "+OK 1 10\r\n");
}

#[test]
fn too_many_bad_commands_in_a_row_end_the_session() {
    for bad in ["XYZZ", "RETR x", "PASS straight", "STAT", "", "X", "AUTH PLAIN"] {
        let mut config = Config::default();
        config.bad_commands = 3.try_into().unwrap();
        let mut session = Session::with(config, &[]);
        session.is_refused(bad);
        session.is_refused(bad);
        assert!(session.asks("CAPA").starts_with("+OK"), "a good one ends the row");
        session.is_refused(bad);
        session.is_refused(bad);
        assert_eq!(session.ending, None, "{bad}");
        session.is_refused(bad);
        assert_eq!(session.ending, Some(Ending::BadCommands), "{bad}");
    }
}

#[test]
fn extensions_are_the_hosts_to_answer() {
    let mut config = Config::default();
    config.extensions = alloc::vec![
        ExtensionCommand::new("xecho", &[State::Authorization, State::Transaction]),
        ExtensionCommand::new("XLIST", &[State::Transaction]),
    ];
    let mut session = Session::with(config, &[]);
    assert_eq!(session.asks("XECHO  two  words"), "+OK two  words\r\n");
    session.is_refused("XLIST");
    session.is_refused("XOTHER");
    session.log_in();
    assert_eq!(session.asks("xlist"), "+OK\r\n..a\r\nb\r\n.\r\n", "stuffed and ended");
}

#[test]
fn an_extension_between_user_and_pass_forgets_the_name() {
    let mut config = Config::default();
    config.extensions = alloc::vec![ExtensionCommand::new("XECHO", &[State::Authorization])];
    let mut session = Session::with(config, &[]);
    session.asks("USER mark");
    session.asks("XECHO hi");
    session.is_refused("PASS swordfish");
}

#[test]
fn no_reply_repeats_what_was_sent() {
    let mut session = Session::new();
    for line in ["PASS s3cr3t", "s3cr3t", "USER mark s3cr3t", "APOP mark s3cr3t", "AUTH s3cr3t!"] {
        let answer = session.asks(line);
        assert!(!answer.contains("s3cr3t"), "{answer}");
    }
}
