//! The answer to CAPA: what is understood survives being said again, and what a server says of its
//! list is what a client hears.

use pop3_proto::bytes::Buf;
use pop3_proto::client::{self, Event, Item};
use pop3_proto::server;
use pop3_proto::{Capabilities, Capability, Command, Reply};

/// Takes each line for a capability, and all together for what a server can do.
pub fn check(input: &[u8]) {
    let lines = || input.split(|octet| *octet == b'\n').take(100);
    for line in lines() {
        round_trip(line);
    }
    let mut list = Capabilities::default();
    for line in lines() {
        let capability = Capability::parse(line);
        list.set(capability.clone());
        is_listed_once(&list, &capability);
    }
    said_and_heard(&list);
}

fn round_trip(line: &[u8]) {
    let capability = Capability::parse(line);
    let said = capability.to_string();
    assert_eq!(Capability::parse(said.as_bytes()), capability);
    assert!(said.starts_with(capability.tag()), "{} in {said:?}", capability.tag());
    let is_one_line = !line.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0));
    assert!(!is_one_line || !said.contains(['\r', '\n', '\0']), "two lines: {said:?}");
    for odd in [line.to_ascii_lowercase(), [b"  ", line, b"\t "].concat()] {
        let tag = Capability::parse(&odd).tag().to_ascii_uppercase();
        assert_eq!(tag, capability.tag().to_ascii_uppercase());
    }
}

fn is_listed_once(list: &Capabilities, capability: &Capability) {
    assert!(list.has(capability.tag()));
    let same = |other: &&Capability| other.tag().eq_ignore_ascii_case(capability.tag());
    assert_eq!(list.iter().filter(same).count(), 1);
    let mut without = list.clone();
    without.remove(&capability.tag().to_ascii_lowercase());
    assert!(!without.has(capability.tag()));
    assert_eq!(without.iter().count() + 1, list.iter().count());
}

/// A server that has this list answers CAPA by lines of lawful length, one a capability at most,
/// whatever stands in the list; and a client has from it what could be said.
fn said_and_heard(list: &Capabilities) {
    let mut config = server::Config::default();
    config.capabilities = list.clone();
    let mut server = server::Connection::new(config, None);
    let greeting = said(&mut server);
    assert_eq!(server.receive(b"CAPA\r\n"), 6);
    assert!(server.poll().is_none());
    let answer = said(&mut server);
    for line in answer.split_inclusive(|octet| *octet == b'\n') {
        assert!(line.len() <= Reply::MAX && line.ends_with(b"\r\n"), "{}", line.escape_ascii());
    }

    let mut client = client::Connection::new(client::Config::default());
    client.receive(&greeting);
    assert!(matches!(client.poll(), Some(Event::Greeting(_))));
    client.send(Command::Capa).expect("CAPA is lawful now");
    let mut rest = &answer[..];
    let mut heard = Vec::new();
    while !rest.is_empty() || client.pending() > 0 {
        rest = &rest[client.receive(rest)..];
        match client.poll().expect("the answer is there to its end") {
            Event::Item { item: Item::Capability(capability), .. } => heard.push(capability),
            Event::Closed(outcome) => panic!("closed: {outcome:?}"),
            _ => {}
        }
    }
    let is_plain = |line: &str| {
        let fits = line.len() <= Reply::MAX - 3;
        fits && !line.is_empty() && !line.contains(char::is_control)
    };
    let told = list.iter().filter(|one| !matches!(one, Capability::Sasl(_)));
    for capability in told.filter(|one| is_plain(&one.to_string())) {
        assert!(heard.contains(capability), "{capability:?} is not heard");
    }
    assert!(heard.len() <= list.iter().count(), "more than was listed");
}

/// What a server has to say, which it has said then.
fn said(server: &mut server::Connection) -> Vec<u8> {
    let mut transmit = server.transmit();
    let waiting = transmit.chunk().to_vec();
    transmit.advance(waiting.len());
    waiting
}
