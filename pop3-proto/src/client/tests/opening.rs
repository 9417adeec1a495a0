//! From the greeting to TLS (RFC 2595, section 4).

use super::*;
use crate::client::exchange::{Exchange, Opening, Stls};
use core::task::Poll;

const CAPA: &str = "+OK\r\nSTLS\r\n.\r\n";

fn greeted() -> Scene {
    let mut scene = Scene::ungreeted(Config::default());
    scene.connection.receive(b"+OK ready\r\n");
    scene
}

fn opens(stls: Stls, dialogue: &[(&str, &str)]) -> Result<bool, Error> {
    let mut scene = greeted();
    let greeting = scene.drive(Opening::with_stls(stls), dialogue)?;
    assert_eq!(greeting.reply.to_string(), "+OK ready");
    Ok(scene.connection.is_in_tls())
}

#[test]
fn stls_is_tried_where_it_is_wanted_and_offered() {
    for stls in [Stls::IfOffered, Stls::Required] {
        let mut scene = greeted();
        let mut opening = Opening::with_stls(stls);
        assert!(opening.poll(&mut scene.connection).is_pending());
        assert_eq!(scene.said(), "CAPA\r\n");
        scene.connection.receive(CAPA.as_bytes());
        assert!(opening.poll(&mut scene.connection).is_pending());
        assert_eq!(scene.said(), "STLS\r\n");
        assert!(!scene.connection.wants_tls());
        scene.connection.receive(b"+OK go\r\n");
        assert!(opening.poll(&mut scene.connection).is_pending());
        assert!(scene.connection.wants_tls());
        assert_eq!(scene.said(), "", "nothing in clear text");
        scene.connection.tls_started(Channel::default());
        assert!(opening.poll(&mut scene.connection).is_pending());
        assert_eq!(scene.said(), "CAPA\r\n", "asked anew");
        scene.connection.receive(b"+OK\r\nUSER\r\n.\r\n");
        let Poll::Ready(Ok(greeting)) = opening.poll(&mut scene.connection) else { panic!() };
        assert_eq!(greeting.reply.to_string(), "+OK ready");
        assert!(scene.connection.is_in_tls() && !scene.connection.wants_tls());
        assert!(!scene.connection.capabilities().unwrap().has("STLS"));
    }
}

#[test]
fn clear_text_goes_on_only_where_that_is_allowed() {
    let without = [("CAPA", "+OK\r\nUSER\r\n.\r\n")];
    let no_capa = [("CAPA", "-ERR what\r\n")];
    let refused = [("CAPA", CAPA), ("STLS", "-ERR not now\r\n")];
    assert_eq!(opens(Stls::IfOffered, &without), Ok(false));
    assert_eq!(opens(Stls::IfOffered, &no_capa), Ok(false));
    assert_eq!(opens(Stls::IfOffered, &refused), Ok(false));
    assert_eq!(opens(Stls::Never, &[("CAPA", CAPA)]), Ok(false));
    assert_eq!(opens(Stls::Required, &without), Err(Error::NoTls));
    let error = opens(Stls::Required, &refused).unwrap_err();
    assert_eq!(error.to_string(), "STLS was refused: -ERR not now");
}

/// A server may have STLS and not CAPA; only trying tells.
#[test]
fn where_tls_is_required_a_server_without_capa_is_asked() {
    let dialogue = [("CAPA", "-ERR\r\n"), ("STLS", "-ERR unknown\r\n")];
    assert!(opens(Stls::Required, &dialogue).is_err());
}

#[test]
fn what_is_in_tls_already_stays_as_it_is() {
    let mut scene = greeted();
    scene.connection.already_in_tls(Channel::default());
    assert!(scene.drive(Opening::with_stls(Stls::Required), &[("CAPA", CAPA)]).is_ok());
}

#[test]
fn what_its_host_has_asked_before_tells_an_opening_nothing() {
    let mut scene = Scene::ungreeted(Config::default());
    scene.send("CAPA");
    scene.connection.receive(b"+OK ready\r\n");
    let dialogue = [("CAPA", "-ERR not yet\r\n"), ("CAPA", CAPA), ("STLS", "-ERR not now\r\n")];
    assert!(scene.drive(Opening::with_stls(Stls::IfOffered), &dialogue).is_ok());
}
