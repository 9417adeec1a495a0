//! STLS (RFC 2595, section 4): nothing crosses from clear text into TLS.

use super::*;
use crate::capability::Capability;

fn offering_stls() -> Session {
    let mut config = Config::default();
    config.capabilities.set(Capability::Stls);
    Session::with(config, &[])
}

fn in_tls() -> Session {
    let mut session = offering_stls();
    assert_eq!(session.asks("STLS"), "+OK begin TLS now\r\n");
    session.connection.tls_started(Channel::default());
    session
}

#[test]
fn tls_is_wanted_once_the_reply_has_been_sent() {
    let mut session = offering_stls();
    session.connection.receive(b"STLS\r\n");
    assert!(session.connection.poll().is_none());
    assert!(session.connection.wants_write() && !session.connection.wants_read());
    assert_eq!(session.run(), "+OK begin TLS now\r\n");
    assert!(session.tls_wanted);
    assert!(session.connection.idle_limit().is_some(), "a handshake may not last for ever");
}

#[test]
fn stls_then_pipelined_octets_are_dropped() {
    for behind in ["NOOP\r\n", "U", "\r\n"] {
        let mut session = offering_stls();
        assert_eq!(session.says(alloc::format!("STLS\r\n{behind}")), "");
        assert_eq!(session.ending, Some(Ending::BehindStls));
        assert!(!session.tls_wanted);
    }
}

#[test]
fn octets_that_come_during_the_handshake_are_not_the_sessions() {
    let mut session = offering_stls();
    session.asks("STLS");
    assert_eq!(session.connection.receive(b"USER mark\r\n"), 0);
    assert!(session.connection.read_buffer().is_empty());
    session.connection.filled(100);
    session.connection.tls_started(Channel::default());
    assert_eq!(session.asks("QUIT"), "+OK goodbye\r\n");
}

#[test]
fn a_name_from_before_tls_is_forgotten() {
    let mut session = offering_stls();
    session.asks("USER mark");
    session.asks("STLS");
    session.connection.tls_started(Channel::default());
    session.is_refused("PASS swordfish");
    session.log_in();
}

#[test]
fn stls_is_neither_offered_nor_taken_in_tls_or_after_login() {
    let mut session = in_tls();
    assert!(!session.asks("CAPA").contains("STLS"));
    session.is_refused("STLS");

    let mut session = offering_stls();
    assert!(session.asks("CAPA").contains("STLS"));
    session.log_in();
    assert!(!session.asks("CAPA").contains("STLS"));
    session.is_refused("STLS");

    let mut session = offering_stls();
    session.connection.already_in_tls(Channel::default());
    session.is_refused("STLS");
}

#[test]
fn failed_logins_from_before_tls_still_count() {
    let mut session = offering_stls();
    session.says("USER mark\r\nPASS wrong\r\n");
    session.says("USER mark\r\nPASS wrong\r\n");
    session.asks("STLS");
    session.connection.tls_started(Channel::default());
    session.says("USER mark\r\nPASS wrong\r\n");
    assert_eq!(session.ending, Some(Ending::FailedLogins));
}

#[test]
fn a_client_that_leaves_during_the_handshake_ends_the_session() {
    let mut session = offering_stls();
    session.asks("STLS");
    session.connection.closed();
    assert_eq!(session.run(), "");
    assert_eq!(session.ending, Some(Ending::Hangup));
}

#[test]
fn tls_that_nobody_asked_for_changes_nothing() {
    let mut session = offering_stls();
    session.asks("USER mark");
    session.connection.tls_started(Channel::default());
    assert!(session.asks("PASS swordfish").starts_with("+OK"));
}
