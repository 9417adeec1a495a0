//! However the octets come: the same session, and nothing grows.

use proptest::prelude::*;
use rustls::version::{TLS12, TLS13};

use super::*;

/// What may wait in TLS on one side, or have room kept for it: a queue at its high-water mark with
/// one record more, which has grown by doubling, and a buffer of what came.
const HELD: usize = 2 * (32 + 16 + 1) * 1024 + 2 * 16 * 1024;

fn long_letter(octets: usize) -> Vec<u8> {
    let lines = (0..).flat_map(|line: u32| format!("{line} ..........\r\n").into_bytes());
    let mut letter: Vec<u8> = lines.take(octets).collect();
    letter.extend_from_slice(b"\r\n");
    letter
}

/// A session whose letter is so long, with what waits in TLS watched.
fn watched(mut pair: Pair, octets: usize, cuts: &[usize]) -> Pair {
    pair.letter = long_letter(octets);
    pair.cuts = cuts.to_vec();
    pair.script.extend(["USER mark", "PASS swordfish", "RETR 1", "QUIT"]);
    let mut most = 0;
    while pair.client_host() | pair.server_host() | pair.carry(true) | pair.carry(false) {
        most = most.max(pair.client.held()).max(pair.server.held());
        pair.wire.clear();
    }
    assert!(most > 0 && most <= HELD, "{most} octets waited");
    pair
}

#[test]
fn a_message_of_ten_megabytes_comes_through_whatever_the_transport_takes_at_a_time() {
    let (client, server) = both();
    let expected = long_letter(10_000_000);
    for cuts in [&[61, 17, 301][..], &[1_448], &[usize::MAX]] {
        for config in [client::Config::default(), small()] {
            let pair = Pair::implicit(&client, &server).with_client(config);
            let pair = watched(pair, 10_000_000, cuts);
            assert!(pair.body == expected, "{cuts:?}");
            assert_eq!(pair.told.last().unwrap(), "closed");
        }
    }
}

#[test]
fn a_server_whose_client_is_silent_keeps_no_room() {
    let (client, server) = both();
    let mut pair = Pair::stls(&client, &server);
    pair.letter = long_letter(100_000);
    pair.script.extend(["USER mark", "PASS swordfish", "RETR 1"]);
    pair.run();
    assert!(pair.body == pair.letter);
    assert_eq!(pair.server.held(), 0);
}

#[test]
fn one_octet_at_a_time_will_do() {
    let (client, server) = both();
    for way in [Pair::implicit, Pair::stls] {
        let pair = watched(way(&client, &server), 20_000, &[1]);
        assert!(pair.body == pair.letter);
        assert_eq!(pair.ending, Some(Ending::Quit));
    }
}

#[test]
fn a_client_that_does_not_poll_holds_the_server_back() {
    let (client, server) = both();
    let mut pair = Pair::implicit(&client, &server);
    pair.letter = long_letter(1_000_000);
    pair.script.extend(["USER mark", "PASS swordfish"]);
    pair.run();
    pair.client.connection().send(Command::parse(b"RETR 1").unwrap()).unwrap();
    pair.wire.clear();
    while pair.carry(true) | pair.server_host() | pair.carry(false) {}
    assert!(!pair.client.wants_read() && pair.client.read_buffer().is_empty());
    assert!(pair.server.wants_write());
    assert!(pair.wire.len() < 200_000, "{} octets went to nobody", pair.wire.len());
    assert!(pair.client.held() <= HELD);

    pair.script.push_back("QUIT");
    pair.run();
    assert!(pair.body == pair.letter);
    assert_eq!(pair.told.last().unwrap(), "closed");
}

/// The connection has room for a little of it only, and hears of the end behind the last of it.
#[test]
fn what_came_before_the_end_of_the_transport_is_still_read() {
    for version in [&TLS12, &TLS13] {
        let authority = Authority::new();
        let server = serving(&authority.certify(NAME));
        let mut pair = Pair::implicit(&trusting_in(&authority, version), &server);
        pair = pair.with_client(small());
        pair.letter = long_letter(9_000);
        pair.script.extend(["USER mark", "PASS swordfish"]);
        pair.run();
        pair.client.connection().send(Command::parse(b"RETR 1").unwrap()).unwrap();
        while pair.carry(true) | pair.server_host() | pair.carry(false) {}
        pair.client.closed();
        assert!(pair.client.held() > 5_000, "{}", pair.client.held());
        pair.client_host(); // once: there is nothing to wait for
        assert!(pair.body == pair.letter);
        assert!(pair.told.last().unwrap().starts_with("closed: the server closed"));
    }
}

/// A server whose client pipelines faster than it is answered.
#[test]
fn a_server_that_is_not_read_from_stops_reading() {
    let (client, server) = both();
    let mut pair = Pair::implicit(&client, &server);
    pair.letter = long_letter(1_000_000);
    pair.script.extend(["USER mark", "PASS swordfish"]);
    pair.run();
    let mut tls = 0;
    for _ in 0..100_000 {
        pair.server_host();
        if pair.client.connection().has_queue_room() {
            pair.client.connection().send(Command::parse(b"RETR 1").unwrap()).unwrap();
        }
        tls += usize::from(pair.carry(true));
        assert!(pair.server.held() <= HELD);
    }
    assert!(tls < 1_000 && pair.server.wants_write());
}

#[test]
fn filling_more_than_was_lent_does_no_harm() {
    let (client, server) = both();
    let mut pair = Pair::implicit(&client, &server);
    pair.server.filled(usize::MAX);
    pair.run();
    assert!(pair.server.tls_error().is_some());
    pair.server.filled(10);
    assert!(pair.server.read_buffer().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn it_does_not_matter_how_the_octets_are_cut(
        cuts in prop::collection::vec(1_usize..3_000, 1..12),
        octets in 0_usize..60_000,
        stls: bool,
        is_small: bool,
    ) {
        let (client, server) = both();
        let way = if stls { Pair::stls } else { Pair::implicit };
        let uncut = watched(way(&client, &server), octets, &[usize::MAX]);
        let config = if is_small { small() } else { client::Config::default() };
        let cut = watched(way(&client, &server).with_client(config), octets, &cuts);
        prop_assert_eq!(&cut.told, &uncut.told);
        prop_assert!(cut.body == cut.letter);
        prop_assert_eq!(cut.ending, Some(Ending::Quit));
    }

    #[test]
    fn whatever_a_peer_sends_instead_of_tls_ends_in_an_error_or_in_waiting(
        octets in prop::collection::vec(any::<u8>(), 1..2_000),
        record: bool,
        to_server: bool,
    ) {
        let (client, server) = both();
        let mut pair = Pair::implicit(&client, &server);
        let mut sent = octets;
        if record {
            let head = [&[0x16, 3, 3][..], &u16::try_from(sent.len()).unwrap().to_be_bytes()];
            sent.splice(0..0, head.concat());
        }
        let mut rest = &sent[..];
        while !rest.is_empty() {
            let taken = if to_server {
                receive(&mut pair.server, rest)
            } else {
                receive(&mut pair.client, rest)
            };
            let Some(taken) = taken else { break };
            rest = &rest[taken..];
        }
        pair.client.closed();
        pair.server.closed();
        while pair.client_host() | pair.server_host() {}
        prop_assert!(pair.client.tls_error().is_some() && pair.server.tls_error().is_some());
        prop_assert!(!pair.client.is_in_tls() && !pair.server.is_in_tls());
        prop_assert_eq!(pair.ending, Some(Ending::Hangup));
    }
}

/// How much a pipe has taken, if it wants anything.
fn receive(pipe: &mut Pipe<impl Half>, octets: &[u8]) -> Option<usize> {
    let room = pipe.read_buffer();
    let taken = octets.len().min(room.len());
    room[..taken].copy_from_slice(&octets[..taken]);
    pipe.filled(taken);
    (taken > 0).then_some(taken)
}
