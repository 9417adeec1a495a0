//! AUTH as far as the connection sees it (RFC 5034, section 4).

use super::*;
use crate::error::ApiMisuse;
use crate::state::State;

fn authenticating() -> Scene {
    let mut scene = Scene::new();
    scene.send("AUTH CRAM-MD5");
    scene.said();
    scene
}

#[test]
fn challenges_are_told_and_responded_to() {
    let mut scene = authenticating();
    assert_eq!(scene.says("+ PDE+\r\n"), ["0 challenge PDE+"]);
    scene.connection.respond(b"bWFyaw==").unwrap();
    assert_eq!(scene.said(), "bWFyaw==\r\n");
    assert_eq!(scene.says("+OK welcome\r\n"), ["0 +OK welcome", "0 done"]);
    assert_eq!(scene.connection.state(), State::Transaction);
}

#[test]
fn a_challenge_may_be_empty_with_or_without_its_space() {
    for line in ["+ \r\n", "+\r\n"] {
        let mut scene = authenticating();
        assert_eq!(scene.says(line), ["0 challenge "]);
        scene.connection.respond(b"").unwrap();
        assert_eq!(scene.said(), "\r\n");
    }
}

#[test]
fn a_challenge_is_responded_to_once_by_base64_or_a_cancellation() {
    let mut scene = authenticating();
    assert_eq!(scene.connection.respond(b"YQ=="), Err(ApiMisuse::NoChallenge), "none has come");
    scene.says("+ \r\n");
    for bad in [&b"a b"[..], b"\r\nDELE 1", b"**"] {
        assert_eq!(scene.connection.respond(bad), Err(ApiMisuse::NoChallenge));
    }
    scene.connection.respond(b"*").unwrap();
    assert_eq!(scene.connection.respond(b"*"), Err(ApiMisuse::NoChallenge));
    assert_eq!(scene.said(), "*\r\n");
    assert_eq!(scene.says("-ERR cancelled\r\n"), ["0 -ERR cancelled", "0 done"]);
}

#[test]
fn nothing_is_sent_within_an_exchange() {
    let mut scene = authenticating();
    scene.send("CAPA");
    scene.says("+ \r\n");
    assert_eq!(scene.said(), "");
    scene.connection.respond(b"").unwrap();
    assert_eq!(scene.said(), "\r\n");
    scene.says("-ERR no\r\n");
    assert_eq!(scene.said(), "CAPA\r\n");
}

#[test]
fn no_response_is_sent_after_the_end() {
    let mut scene = authenticating();
    scene.says("+ \r\n");
    scene.connection.timed_out();
    assert_eq!(scene.connection.respond(b"YQ=="), Err(ApiMisuse::NoChallenge));
    assert!(!scene.connection.wants_write());
}

#[test]
fn a_server_that_challenges_without_reading_is_not_responded_to_without_end() {
    let mut config = Config::default();
    config.window = "AUTH CRAM-MD5\r\n".len().try_into().unwrap();
    let mut scene = Scene::with(config);
    scene.send("AUTH CRAM-MD5");
    scene.says("+ \r\n");
    scene.connection.respond(b"YWFh").unwrap();
    scene.says("+ \r\n");
    assert_eq!(scene.connection.respond(b"YWFh"), Err(ApiMisuse::QueueFull));
    assert_eq!(scene.said(), "AUTH CRAM-MD5\r\nYWFh\r\n");
    scene.connection.respond(b"YWFh").unwrap();
    assert_eq!(scene.said(), "YWFh\r\n");
}
