//! Whole sessions.

use rustls::version::{TLS12, TLS13};
use sha2::Digest;

use super::*;

#[track_caller]
fn is_whole(pair: &Pair) {
    assert_eq!(pair.body, pair.letter);
    assert_eq!(pair.told.last().map(String::as_str), Some("closed"), "{:?}", pair.told);
    assert_eq!(pair.ending, Some(Ending::Quit));
    assert!(!holds(&pair.wire, b"swordfish"), "a password went over the wire in clear text");
}

#[test]
fn a_server_keeps_less_room_than_a_client() {
    let (client, server) = both();
    let mut pair = Pair::implicit(&client, &server);
    assert_eq!(pair.client.read_buffer().len(), 16_384);
    assert_eq!(pair.server.read_buffer().len(), 4_096);
}

#[test]
fn a_session_in_tls_from_the_first_octet_on() {
    let (client, server) = both();
    let pair = Pair::implicit(&client, &server).session();
    is_whole(&pair);
    assert!(!holds(&pair.wire, b"+OK"));
    assert!(pair.client.is_in_tls() && pair.server.is_in_tls());
    assert!(!pair.client.is_handshaking() && !pair.server.is_handshaking());
}

#[test]
fn a_session_that_begins_in_clear_text_and_goes_on_in_tls() {
    let (client, server) = both();
    let pair = Pair::stls(&client, &server).session();
    is_whole(&pair);
    assert!(holds(&pair.wire, b"STLS\r\n+OK begin TLS now\r\n"));
    assert!(!holds(&pair.wire, b"CAPA"));
}

#[test]
fn tls_1_2_and_1_3_are_spoken_and_told() {
    let authority = Authority::new();
    let server = serving(&authority.certify(NAME));
    for (version, name) in [(&TLS12, "TLSv1.2"), (&TLS13, "TLSv1.3")] {
        for way in [Pair::implicit, Pair::stls] {
            let pair = way(&trusting_in(&authority, version), &server).session();
            is_whole(&pair);
            let (client, server) = (pair.client.tls().unwrap(), pair.server.tls().unwrap());
            assert_eq!((client.version(), server.version()), (Some(name), Some(name)));
            let suite = client.cipher_suite().unwrap();
            assert!(suite.starts_with("TLS_") && server.cipher_suite() == Some(suite));
        }
    }
}

#[test]
fn both_sides_know_the_same_channel_and_each_connection_has_its_own() {
    let (authority, mut exporters) = (Authority::new(), Vec::new());
    let certificate = authority.certify(NAME);
    let server = serving(&certificate);
    for way in [Pair::implicit, Pair::stls] {
        let mut pair = way(&trusting(&authority), &server).session();
        let client = pair.client.connection().channel().unwrap().clone();
        let server = pair.server.connection().channel().unwrap();
        assert_eq!(client.exporter, server.exporter);
        assert_eq!(client.server_end_point, server.server_end_point);
        let hash = sha2::Sha256::digest(certificate.der()).to_vec();
        assert_eq!(client.server_end_point, Some(hash));
        assert_eq!(client.peer_certificate.as_deref(), Some(&certificate.der()[..]));
        assert_eq!(server.peer_certificate, None);
        exporters.push(client.exporter.unwrap());
    }
    assert_ne!(exporters[0], exporters[1]);
}

#[test]
fn tls_1_2_has_no_exporter_that_others_could_share() {
    let authority = Authority::new();
    let server = serving(&authority.certify(NAME));
    let mut pair = Pair::implicit(&trusting_in(&authority, &TLS12), &server).session();
    let channel = pair.client.connection().channel().unwrap();
    assert!(channel.exporter.is_none() && channel.server_end_point.is_some());
}

#[test]
fn a_server_sees_the_certificate_of_a_client_that_has_one() {
    let (authority, clients) = (Authority::new(), Authority::named("the clients' authority"));
    let server =
        serving(&authority.certify(NAME)).with_client_roots_pem(clients.pem().as_bytes()).unwrap();
    let mark = clients.certify("mark");
    let client = trusting(&authority)
        .with_client_certificate(mark.certificate.as_bytes(), mark.key.as_bytes())
        .unwrap();
    let mut pair = Pair::stls(&client, &server).session();
    is_whole(&pair);
    assert_eq!(pair.server.tls().unwrap().peer_certificate(), Some(&mark.der()[..]));
    let channel = pair.server.connection().channel().unwrap();
    assert_eq!(channel.peer_certificate.as_deref(), Some(&mark.der()[..]));

    let mut pair = Pair::stls(&trusting(&authority), &server).session();
    is_whole(&pair);
    assert!(pair.server.connection().channel().unwrap().peer_certificate.is_none());
}

#[test]
fn a_server_that_refuses_service_says_so_in_tls() {
    let (client, server) = both();
    let mut pair = Pair::implicit(&client, &server);
    let refusal = server::Refusal::Temporary(crate::Text::literal("too many sessions"));
    let connection = server::Connection::refused(server::Config::default(), refusal);
    pair.server = Pipe::in_tls(connection, server.accept().unwrap());
    pair.run();
    assert!(pair.told[0].contains("too many sessions"), "{:?}", pair.told);
    assert_eq!(pair.ending, Some(Ending::Refused));
}

/// In TLS 1.2 alerts show on the wire.
#[test]
fn both_sides_say_that_they_end() {
    let authority = Authority::new();
    let server = serving(&authority.certify(NAME));
    let mut pair = Pair::implicit(&trusting_in(&authority, &TLS12), &server).session();
    is_whole(&pair);
    let alert = [21, 3, 3, 0, 26];
    assert!(holds(&pair.wire, &alert));
    // The server has gone before this can reach it.
    assert!(pair.client.transmit().chunk().starts_with(&alert));
}

#[test]
fn who_leaves_early_says_so() {
    let (client, server) = both();
    let mut pair = Pair::implicit(&client, &server);
    pair.run();
    pair.client.close();
    pair.client.close();
    pair.run();
    assert!(!pair.client.wants_read());
    assert_eq!(pair.ending, Some(Ending::Hangup));
    assert!(pair.server.tls_error().is_none());
}

#[test]
fn a_pipe_in_clear_text_is_its_connection() {
    let client = client::Connection::new(client::Config::default());
    let mut pair = Pair::new(Pipe::new(client), Pipe::new(server_connection())).session();
    assert_eq!(pair.body, pair.letter);
    assert_eq!(pair.ending, Some(Ending::Quit));
    assert!(!pair.client.is_in_tls() && pair.client.tls().is_none() && !pair.client.pump());
}

#[test]
fn tls_that_was_prepared_and_not_agreed_upon_is_never_spoken() {
    let (client, server) = both();
    let mut pair = Pair::stls(&client, &server);
    pair.script.clear();
    pair.client.start_tls(pair.prepared.take().unwrap());
    let pair = pair.session();
    assert!(holds(&pair.wire, b"PASS swordfish") && !pair.client.is_in_tls());
}

#[test]
fn debug_shows_no_more_than_what_is_spoken() {
    let (client, server) = both();
    let mut pair = Pair::stls(&client, &server).session();
    let channel = pair.client.connection().channel().unwrap().clone();
    let shown = format!("{:?} {:?} {client:?} {server:?}", pair.client, pair.server);
    assert!(shown.contains("TLSv1.3") && shown.ends_with("ClientTls { .. } ServerTls { .. }"));
    let secret = format!("{:?}", &channel.exporter.unwrap()[..4]);
    assert!(!shown.contains("PRIVATE") && !shown.contains(secret.trim_matches(['[', ']'])));
}
