//! The client without std, against a server whose lines stand here.

use pop3_by_hand::{Collector, Wire};
use pop3_proto::{Secret, UserName};

/// What the server expects, and what it says then.
const SERVER: [(&str, &str); 7] = [
    ("USER mark\r\n", "+OK\r\n"),
    ("PASS swordfish\r\n", "+OK\r\n"),
    ("STAT\r\n", "+OK 2 99\r\n"),
    ("RETR 1\r\n", "+OK\r\nSubject: one\r\n\r\n..\r\n.\r\n"),
    ("DELE 1\r\n", "+OK\r\n"),
    ("RETR 2\r\n", "+OK\r\nSubject: two\r\n\r\n.\r\n"),
    ("DELE 2\r\n", "+OK\r\n"),
];

#[test]
fn a_client_without_std_collects_octet_by_octet() {
    let user = UserName::new("mark").unwrap();
    let mut client = Collector::new(user, Secret::new("swordfish").unwrap());
    let mut wire = Wire::default();
    let mut say = |client: &mut Collector, wire: &mut Wire, text: &str| {
        for octet in text.bytes() {
            wire.to_client.push_back(octet);
            if let Some(outcome) = client.go_on(wire) {
                return Some(outcome);
            }
        }
        None
    };
    say(&mut client, &mut wire, "+OK ready\r\n");
    for (expected, answer) in SERVER {
        let said: Vec<u8> = wire.to_server.drain(..).collect();
        assert_eq!(String::from_utf8(said).unwrap(), expected);
        assert!(say(&mut client, &mut wire, answer).is_none());
    }
    assert!(wire.to_server.iter().eq(b"QUIT\r\n"));
    let letters = say(&mut client, &mut wire, "+OK bye\r\n").unwrap().unwrap();
    assert_eq!(letters, [&b"Subject: one\r\n\r\n.\r\n"[..], b"Subject: two\r\n\r\n"]);
}
