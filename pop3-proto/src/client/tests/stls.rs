//! STLS (RFC 2595, section 4): nothing crosses from clear text into TLS.

use core::time::Duration;

use super::*;
use crate::error::ApiMisuse;

fn starting_tls(scene: Scene, reply: &str) -> Scene {
    let mut scene = scene.offering("PIPELINING,STLS");
    scene.send("STLS");
    scene.send("CAPA");
    assert_eq!(scene.said(), "STLS\r\n");
    assert_eq!(scene.says(reply), ["1 +OK", "1 done", "start tls"]);
    scene
}

#[test]
fn nothing_is_said_or_read_until_tls_has_started() {
    let mut scene = starting_tls(Scene::new(), "+OK\r\n");
    assert_eq!(scene.said(), "");
    assert!(!scene.connection.wants_read());
    assert_eq!(scene.connection.receive(b"+OK\r\n"), 0);
    scene.connection.tls_started(Channel::default());
    assert_eq!(scene.said(), "CAPA\r\n");
    assert!(scene.connection.wants_read());
}

#[test]
fn capabilities_from_before_tls_are_forgotten() {
    let mut scene = starting_tls(Scene::new(), "+OK\r\n");
    scene.connection.tls_started(Channel::default());
    assert!(scene.connection.capabilities().is_none());
    scene.send("CAPA");
    assert_eq!(scene.said(), "CAPA\r\n", "and so is PIPELINING");
}

#[test]
fn stls_then_pipelined_octets_are_dropped() {
    for injected in ["+OK\r\nX-INJECTED\r\n.\r\n", "-ERR no", "+O"] {
        let mut scene = starting_tls(Scene::new(), &alloc::format!("+OK\r\n{injected}"));
        scene.connection.tls_started(Channel::default());
        assert_eq!(
            scene.says("+OK\r\nTOP\r\n.\r\n"),
            ["quirk BehindStls", "2 +OK", "2 can TOP", "2 done"]
        );
        assert!(!scene.connection.capabilities().unwrap().has("X-INJECTED"));
    }
}

#[test]
fn a_strict_client_ends_the_session_when_octets_are_injected() {
    let mut scene = starting_tls(Scene::strict(), "+OK\r\n+OK\r\n");
    scene.connection.tls_started(Channel::default());
    let told = scene.says("");
    assert!(told[0].starts_with("closed: the server sent something between STLS and TLS"));
    assert_eq!(scene.said(), "");
}

#[test]
fn a_refused_stls_changes_nothing() {
    let mut scene = Scene::new().offering("STLS");
    scene.send("STLS");
    assert_eq!(scene.says("-ERR not now\r\n"), ["1 -ERR not now", "1 done"]);
    scene.connection.tls_started(Channel::default());
    assert!(scene.connection.capabilities().is_some());
}

#[test]
fn a_handshake_does_not_last_for_ever() {
    let scene = starting_tls(Scene::new(), "+OK\r\n");
    assert_eq!(scene.connection.idle_limit(), Some(Duration::from_secs(120)));
}

#[test]
fn a_server_that_leaves_during_the_handshake_is_told_as_that() {
    let mut scene = starting_tls(Scene::new(), "+OK\r\n");
    assert_eq!(
        scene.closes(),
        ["closed: the server closed the connection while TLS was being started"]
    );
    scene.connection.tls_started(Channel::default());
    assert!(scene.connection.capabilities().is_some(), "after the end nothing changes");
}

#[test]
fn a_secret_cannot_wait_behind_stls() {
    let mut scene = Scene::new().offering("STLS");
    scene.send("STLS");
    for line in ["PASS swordfish", "AUTH PLAIN AGEAYg==", "XFOO bar"] {
        let unsent = scene.connection.send(Command::parse(line.as_bytes()).unwrap()).unwrap_err();
        assert!(matches!(unsent.reason, ApiMisuse::BehindStls { .. }), "{line}");
    }
    scene.send("CAPA");
    scene.says("-ERR not now\r\n");
    scene.send("PASS swordfish"); // now the host knows what it does
}

#[test]
fn a_secret_may_wait_for_the_handshake() {
    let mut scene = starting_tls(Scene::new(), "+OK\r\n");
    scene.send("PASS swordfish");
    assert_eq!(scene.said(), "");
    scene.connection.tls_started(Channel::default());
    scene.says("");
    assert_eq!(scene.said(), "CAPA\r\n");
}

#[test]
fn octets_that_nobody_lent_room_for_are_not_taken_for_injected_ones() {
    let mut scene = starting_tls(Scene::new(), "+OK\r\n");
    scene.connection.filled(100);
    scene.connection.tls_started(Channel::default());
    assert_eq!(scene.says(""), [""; 0]);
}
