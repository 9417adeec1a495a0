//! From AUTHORIZATION to TRANSACTION (RFC 1939, sections 4 and 7).

use super::*;
use crate::auth::Timestamp;
use crate::state::State;

#[test]
fn pass_comes_straight_after_user_alone() {
    let long = "x".repeat(1_000);
    for between in ["CAPA", "XYZZ", "", "STAT", "USER", long.as_str(), "ST\0AT"] {
        let mut session = Session::new();
        assert!(session.asks("USER mark").starts_with("+OK"));
        session.asks(between);
        session.is_refused("PASS swordfish");
    }
    let mut session = Session::new();
    session.is_refused("PASS swordfish");
}

#[test]
fn the_last_user_counts() {
    let mut session = Session::new();
    session.asks("USER joan");
    session.asks("USER mark");
    assert!(session.asks("PASS swordfish").starts_with("+OK"));
}

#[test]
fn pass_may_contain_spaces() {
    let mut session = Session::new();
    session.idle_host = true;
    session.asks("USER mark");
    session.asks("PASS  a b  c ");
    let Some(Action::Authenticate { credentials, .. }) = session.asked.pop() else { panic!() };
    let Credentials::Password { password, .. } = credentials else { panic!() };
    assert_eq!(password.expose(), b" a b  c ");
}

#[test]
fn a_failed_pass_needs_a_new_user() {
    let mut session = Session::new();
    session.asks("USER mark");
    session.is_refused("PASS wrong");
    session.is_refused("PASS swordfish");
    assert_eq!(session.connection.state(), State::Authorization);
    session.log_in();
}

#[test]
fn user_and_pass_need_an_argument() {
    let mut session = Session::new();
    session.is_refused("USER");
    session.asks("USER mark");
    session.is_refused("PASS");
    session.asks("USER mark");
    session.is_refused("PASS ");
}

#[test]
fn names_that_do_not_exist_look_like_those_that_do() {
    let refusal = |name: &str| {
        let mut session = Session::new();
        let user = session.asks(&alloc::format!("USER {name}"));
        (user, session.asks("PASS wrong"), session.waits)
    };
    assert_eq!(refusal("mark"), refusal("nobody"));
    assert!(refusal("mark").1.starts_with("-ERR [AUTH] "));
}

#[test]
fn failed_logins_are_answered_later_each_time_until_the_session_ends() {
    let mut session = Session::new();
    for _ in 0..3 {
        assert_eq!(session.ending, None);
        session.asks("USER mark");
        session.is_refused("PASS wrong");
    }
    assert_eq!(session.waits, [2, 4, 8].map(Duration::from_secs));
    assert_eq!(session.ending, Some(Ending::FailedLogins));
}

#[test]
fn nothing_is_looked_at_while_a_failed_login_waits() {
    let mut session = Session::new();
    session.idle_host = true;
    session.asks("USER mark");
    assert_eq!(session.asks("PASS wrong\r\nCAPA"), "");
    let Some(Action::Authenticate { ticket, .. }) = session.asked.pop() else { panic!() };
    session.connection.authenticated(ticket, Err(Refusal::Credentials)).unwrap();
    assert_eq!(session.run(), "");
    let Some(Action::Wait { ticket, .. }) = session.asked.pop() else { panic!() };
    session.connection.waited(ticket).unwrap();
    let answer = session.run();
    assert!(answer.starts_with("-ERR [AUTH]") && answer.contains("+OK capabilities"), "{answer}");
}

#[test]
fn a_maildrop_that_cannot_be_opened_refuses_the_login_and_another_may_be_tried() {
    let trouble = Text::literal("trouble");
    for (refusal, code) in [
        (Refusal::InUse, "-ERR [IN-USE] "),
        (Refusal::TooSoon, "-ERR [LOGIN-DELAY] "),
        (Refusal::Temporary(trouble.clone()), "-ERR [SYS/TEMP] trouble\r\n"),
        (Refusal::Permanent(trouble.clone()), "-ERR [SYS/PERM] trouble\r\n"),
        (Refusal::Other(trouble.clone()), "-ERR trouble\r\n"),
    ] {
        let mut session = Session::new();
        session.locked = Some(refusal);
        session.asks("USER mark");
        let answer = session.asks("PASS swordfish");
        assert!(answer.starts_with(code), "{answer}");
        assert!(session.waits.is_empty(), "the credentials were right");
        session.log_in();
    }
}

#[test]
fn unique_ids_that_are_not_unique_or_malformed_are_refused_with_sys_perm() {
    let long = "x".repeat(71).leak();
    for ids in [["same", "same"], ["a b", "c"], ["ok", long]] {
        let mut session = Session::with(Config::default(), &["one", "two"]);
        session.unique_ids = ids.to_vec();
        session.asks("USER mark");
        let answer = session.asks("PASS swordfish");
        assert!(answer.starts_with("-ERR [SYS/PERM] "), "{answer}");
        assert_eq!(session.connection.state(), State::Authorization);
    }
}

#[test]
fn the_greeting_is_one_line_unasked() {
    let mut session = Session::ungreeted(Connection::new(Config::default(), None), &[]);
    assert_eq!(session.run(), "+OK POP3 server ready\r\n");
    assert_eq!(session.run(), "");
}

#[test]
fn a_refusal_of_service_is_a_greeting_and_an_end() {
    let refusal = Refusal::Temporary(Text::literal("too many sessions"));
    let mut session = Session::ungreeted(Connection::refused(Config::default(), refusal), &[]);
    assert_eq!(session.says("CAPA\r\n"), "-ERR [SYS/TEMP] too many sessions\r\n");
    assert_eq!(session.ending, Some(Ending::Refused));
}

fn with_timestamp(greeting: &str) -> (Session, String) {
    let mut config = Config::default();
    config.greeting = Text::new(greeting).unwrap();
    let timestamp = Timestamp::find(b"<1896.697170952@dbc.mtview.ca.us>");
    let mut session = Session::ungreeted(Connection::new(config, timestamp), &[]);
    let greeting = session.run();
    (session, greeting)
}

#[test]
fn without_a_timestamp_there_is_no_apop() {
    Session::new().is_refused("APOP mark c4c9334bac560ecc979e58001b3e22fb");
}

#[cfg(feature = "apop")]
#[test]
fn apop_logs_in_by_the_digest_of_the_timestamp() {
    let (mut session, greeting) = with_timestamp("ready");
    assert_eq!(greeting, "+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n");
    session.is_refused("APOP mark");
    session.is_refused("APOP mark c4c9334bac560ecc979e58001b3e22fc");
    assert_eq!(session.waits.len(), 1);
    let answer = session.asks("APOP mark c4c9334bac560ecc979e58001b3e22fb");
    assert!(answer.starts_with("+OK"), "{answer}");
    assert_eq!(session.connection.state(), State::Transaction);
}

#[test]
fn a_long_greeting_loses_its_text_and_not_its_timestamp() {
    let (_, greeting) = with_timestamp(&"x".repeat(600));
    assert!(greeting.ends_with("x <1896.697170952@dbc.mtview.ca.us>\r\n"), "{greeting}");
    assert_eq!(greeting.len(), Reply::MAX);
    let (_, greeting) = with_timestamp("");
    assert_eq!(greeting, "+OK <1896.697170952@dbc.mtview.ca.us>\r\n");
}

#[test]
fn angle_brackets_in_a_greeting_belong_to_the_timestamp() {
    let (_, greeting) = with_timestamp("<pop.example.org> ready");
    assert_eq!(greeting, "+OK (pop.example.org) ready <1896.697170952@dbc.mtview.ca.us>\r\n");
}

#[test]
fn secret_in_no_log() {
    let mut session = Session::new();
    session.idle_host = true;
    session.connection.receive(b"USER mark\r\nPASS s3cr3t\r\nPASS s3cr");
    session.run();
    let shown = alloc::format!("{:?} {:?}", session.connection, session.asked);
    assert!(shown.contains("mark") && !shown.contains("s3cr"), "{shown}");
    let digest = "c4c9334bac560ecc979e58001b3e22fb";
    let (mut session, _) = with_timestamp("");
    session.idle_host = true;
    session.asks(&alloc::format!("APOP mark {digest}"));
    let shown = alloc::format!("{:?}", session.asked);
    assert!(shown.contains("mark") && !shown.contains(digest), "{shown}");
}
