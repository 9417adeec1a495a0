//! What CAPA tells is what works (RFC 2449, sections 5, 6 and 8).

use super::*;
use crate::capability::Capability;

fn listed(session: &mut Session) -> Vec<String> {
    let answer = session.asks("CAPA");
    let mut lines: Vec<String> = answer.lines().map(String::from).collect();
    assert!(lines.remove(0).starts_with("+OK"), "{answer}");
    assert_eq!(lines.pop().as_deref(), Some("."));
    lines
}

fn without(tag: &str) -> Config {
    let mut config = Config::default();
    config.capabilities.remove(tag);
    config
}

#[test]
fn capa_tells_the_same_in_both_states() {
    let mut session = Session::new();
    let before = listed(&mut session);
    assert_eq!(before[..3], ["TOP", "USER", "UIDL"]);
    assert!(before.iter().all(|line| !line.contains("APOP")), "the greeting tells of APOP");
    session.log_in();
    assert_eq!(listed(&mut session), before);
}

#[test]
fn a_command_whose_capability_is_switched_off_is_refused() {
    let mut session = Session::with(without("USER"), &[]);
    session.is_refused("USER mark");
    session.is_refused("PASS swordfish");
    for (tag, lines) in [("TOP", &["TOP 1 0"][..]), ("UIDL", &["UIDL", "UIDL 1"])] {
        let mut session = Session::with(without(tag), &["a letter"]);
        session.log_in();
        for line in lines {
            session.is_refused(line);
        }
        assert!(!listed(&mut session).iter().any(|line| line == tag));
        assert!(session.asks("RETR 1").starts_with("+OK"), "what is not optional still works");
    }
}

#[test]
fn each_capability_can_be_switched_off_alone() {
    let all = listed(&mut Session::new());
    for line in &all {
        let tag = line.split(' ').next().unwrap();
        let left = listed(&mut Session::with(without(tag), &[]));
        let expected: Vec<String> = all.iter().filter(|other| *other != line).cloned().collect();
        assert_eq!(left, expected);
    }
}

#[test]
fn response_codes_are_sent_only_when_they_are_promised() {
    let busy_and_wrong = |config: Config| {
        let mut session = Session::with(config, &[]);
        session.locked = Some(Refusal::InUse);
        session.asks("USER mark");
        let busy = session.asks("PASS swordfish");
        session.asks("USER mark");
        let wrong = session.asks("PASS wrong");
        (busy.starts_with("-ERR [IN-USE] "), wrong.starts_with("-ERR [AUTH] "))
    };
    assert_eq!(busy_and_wrong(Config::default()), (true, true));
    assert_eq!(busy_and_wrong(without("AUTH-RESP-CODE")), (true, false));
    assert_eq!(busy_and_wrong(without("RESP-CODES")), (false, false));
}

#[test]
fn a_refusal_of_service_keeps_to_the_promise_too() {
    let refusal = Refusal::Temporary(Text::literal("later"));
    let connection = Connection::refused(without("AUTH-RESP-CODE"), refusal);
    assert_eq!(Session::ungreeted(connection, &[]).run(), "-ERR later\r\n");
}

#[test]
fn text_that_looks_like_a_code_does_not_stay_so() {
    let mut session = Session::new();
    session.locked = Some(Refusal::Other(Text::literal("[IN-USE] not really")));
    session.asks("USER mark");
    assert_eq!(session.asks("PASS swordfish"), "-ERR (IN-USE] not really\r\n");
}

#[test]
fn capability_lines_are_bounded_and_stuffed() {
    let mut config = Config::default();
    config.capabilities = [".odd", &"é".repeat(600), "two\r\nlines"]
        .map(|line| Capability::Other(line.into()))
        .into_iter()
        .collect();
    let lines = listed(&mut Session::with(config, &[]));
    assert_eq!(lines[0], "..odd");
    assert!((508..=510).contains(&lines[1].trim_end_matches('\u{fffd}').len()), "{}", lines[1]);
    assert_eq!(lines[2], "twolines");
}

#[test]
fn commands_that_are_not_offered_by_default_are_refused() {
    let mut session = Session::new();
    for line in ["AUTH PLAIN", "AUTH", "UTF8", "STLS"] {
        session.is_refused(line);
    }
}

#[test]
fn login_delay_can_be_told_exactly_after_login() {
    let mut config = Config::default();
    config.capabilities.set(Capability::LoginDelay { seconds: 900, by_user: true });
    let mut session = Session::with(config, &[]);
    assert!(listed(&mut session).contains(&"LOGIN-DELAY 900 USER".into()));
    session.log_in();
    let exactly = Capability::LoginDelay { seconds: 60, by_user: false };
    session.connection.capabilities_mut().set(exactly);
    let lines = listed(&mut session);
    assert_eq!(lines.iter().filter(|line| line.starts_with("LOGIN-DELAY")).count(), 1);
    assert!(lines.contains(&"LOGIN-DELAY 60".into()));
}
