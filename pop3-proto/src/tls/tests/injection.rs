//! Nothing crosses from clear text into TLS (RFC 2595, section 4).

use super::*;

/// Up to the reply to STLS, which has not reached the client yet.
fn about_to_start(config: client::Config) -> Pair {
    let (client, server) = both();
    let mut pair = Pair::stls(&client, &server);
    pair.client = Pipe::new(client::Connection::new(config));
    while !holds(&pair.wire, b"STLS\r\n") {
        pair.client_host();
        pair.server_host();
        assert!(pair.carry(true) | pair.carry(false));
    }
    pair.server_host();
    pair
}

/// Puts octets behind what a pipe sends, in the same read.
fn inject(from: &mut Pipe<impl Half>, to: &mut Pipe<impl Half>, injected: &[u8]) {
    let mut octets = from.transmit().chunk().to_vec();
    from.transmit().advance(octets.len());
    octets.extend_from_slice(injected);
    to.read_buffer()[..octets.len()].copy_from_slice(&octets);
    to.filled(octets.len());
}

#[test]
fn what_is_injected_behind_the_reply_to_stls_is_not_of_the_session_in_tls() {
    for injected in [&b"+OK\r\nX-INJECTED\r\n.\r\n"[..], b"+O", b"\x16\x03\x03\x00\x04\x0e\0\0\0"] {
        let mut pair = about_to_start(client::Config::default());
        inject(&mut pair.server, &mut pair.client, injected);
        let mut pair = pair.session();
        assert!(pair.told.contains(&"quirk BehindStls".to_owned()), "{:?}", pair.told);
        assert_eq!(pair.body, pair.letter);
        let capabilities = pair.client.connection().capabilities();
        assert!(!capabilities.is_some_and(|list| list.has("X-INJECTED")));
    }
}

#[test]
fn a_strict_client_ends_the_session_when_something_is_injected() {
    let config = client::Config { tolerance: client::Tolerance::STRICT, ..Default::default() };
    let mut pair = about_to_start(config);
    inject(&mut pair.server, &mut pair.client, b"+OK\r\n");
    let pair = pair.session();
    let last = pair.told.last().unwrap();
    assert!(last.starts_with("closed: the server sent something between STLS and TLS"), "{last}");
    assert!(pair.body.is_empty());
}

#[test]
fn a_server_hangs_up_on_what_comes_in_one_read_with_stls() {
    for behind in [&b"USER mark\r\n"[..], b"\x16\x03\x01\x02\x00\x01"] {
        let (client, server) = both();
        let mut pair = Pair::stls(&client, &server);
        pair.script.clear();
        pair.run();
        pair.client.connection().send(Command::Stls).unwrap();
        inject(&mut pair.client, &mut pair.server, behind);
        pair.run();
        assert_eq!(pair.ending, Some(Ending::BehindStls));
        assert!(!pair.server.is_in_tls() && !pair.server.is_handshaking());
    }
}

/// What comes later goes to TLS, which cannot read it.
#[test]
fn a_command_between_stls_and_tls_is_never_carried_out() {
    let mut pair = about_to_start(client::Config::default());
    pair.carry(false);
    pair.server_host();
    assert!(pair.server.is_handshaking());
    let command = b"USER mark\r\nPASS swordfish\r\n";
    pair.server.read_buffer()[..command.len()].copy_from_slice(command);
    pair.server.filled(command.len());
    pair.run();
    assert_eq!(pair.server.tls_error(), Some(&TlsError::NotTls));
    assert_eq!(pair.ending, Some(Ending::Hangup));
    assert!(!holds(&pair.wire, b"maildrop"));
}
