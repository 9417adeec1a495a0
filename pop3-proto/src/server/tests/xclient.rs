//! XCLIENT: heard from those alone who may say so.

use super::*;
use crate::state::State;

fn behind_a_proxy() -> Session {
    let mut session = Session::new();
    session.connection.allow_xclient();
    session
}

#[test]
fn xclient_is_unknown_unless_the_peer_is_trusted() {
    let mut session = Session::new();
    assert!(!session.asks("CAPA").contains("XCLIENT"));
    assert_eq!(session.asks("XCLIENT ADDR=192.0.2.7"), "-ERR unknown command\r\n");
    assert_eq!(session.relayed, None);
}

#[test]
fn a_trusted_peer_tells_whom_it_speaks_for() {
    let mut session = behind_a_proxy();
    assert!(session.asks("CAPA").contains("\r\nXCLIENT\r\n"));
    let said = session.asks("xclient addr=192.0.2.7 PORT=49152 SESSION=ab+/ TTL=4 FORWARD=eA==");
    assert_eq!(said, "+OK updated\r\n");
    let client = session.relayed.take().unwrap();
    assert_eq!(client.address, Some([192, 0, 2, 7].into()));
    assert_eq!(client.port, Some(49_152));
    assert_eq!(client.session.as_deref(), Some("ab+/"));
    assert_eq!(client.ttl, Some(4));
    assert!(!client.is_encrypted());
    session.log_in();
}

#[test]
fn after_login_it_is_too_late() {
    let mut session = behind_a_proxy();
    session.log_in();
    assert_eq!(session.connection.state(), State::Transaction);
    assert!(!session.asks("CAPA").contains("XCLIENT"));
    session.is_refused("XCLIENT ADDR=192.0.2.7");
    assert_eq!(session.relayed, None);
}

#[test]
fn nonsense_is_refused_and_tells_the_host_nothing() {
    let mut session = behind_a_proxy();
    for odd in ["ADDR", "ADDR=next-door", "PORT=65536", "PORT=+1", "TTL=-1", "SESSION="] {
        session.is_refused(&alloc::format!("XCLIENT {odd}"));
    }
    session.is_refused("XCLIENT ADDR=192.0.2.7 PORT=x");
    assert_eq!(session.relayed, None);
}

#[test]
fn a_name_from_before_xclient_is_forgotten() {
    let mut session = behind_a_proxy();
    session.asks("USER mark");
    session.asks("XCLIENT ADDR=192.0.2.7");
    session.is_refused("PASS swordfish");
}
