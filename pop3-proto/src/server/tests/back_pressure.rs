//! A client that does not read is not answered, and nothing grows.

use super::*;

fn tight(letters: &[&str]) -> Session {
    let mut config = Config::default();
    config.high_water = 1_000.try_into().unwrap();
    config.read_buffer = 512.try_into().unwrap();
    let mut session = Session::with(config, letters);
    session.log_in();
    session
}

/// What is waiting to be sent.
fn waiting(session: &mut Session) -> usize {
    session.connection.transmit().remaining()
}

#[test]
fn a_huge_listing_is_sent_as_it_is_read() {
    let letters = alloc::vec![""; 5_000];
    let mut session = tight(&letters);
    session.connection.receive(b"LIST\r\nUIDL\r\nSTAT\r\n");
    let mut wire = Vec::new();
    loop {
        assert!(session.connection.poll().is_none());
        let octets = waiting(&mut session);
        assert!(octets < 1_100, "{octets}");
        if octets == 0 {
            break;
        }
        // A transport that takes little at a time.
        let mut transmit = session.connection.transmit();
        let taken = octets.min(300);
        wire.extend_from_slice(&transmit.chunk()[..taken]);
        transmit.advance(taken);
    }
    let wire = String::from_utf8(wire).unwrap();
    assert_eq!(wire.lines().count(), 2 * (5_000 + 2) + 1);
    assert!(wire.ends_with("5000 id-5000\r\n.\r\n+OK 5000 0\r\n"));
}

#[test]
fn a_huge_message_is_taken_as_it_is_sent() {
    let mut session = tight(&["x"]);
    session.idle_host = true;
    session.asks("RETR 1");
    let Some(Action::Fetch { ticket, .. }) = session.asked.pop() else { panic!() };
    let lines = ".\n".repeat(100_000);
    let (mut rest, mut sent) = (lines.as_bytes(), 0);
    while !rest.is_empty() {
        assert!(session.connection.wants_message());
        let taken = session.connection.message(&ticket, rest).unwrap().octets;
        assert!((1..=1_000).contains(&taken));
        rest = &rest[taken..];
        let again = session.connection.message(&ticket, rest).unwrap().octets;
        rest = &rest[again..];
        // Each octet is doubled at most, and pieces are cut to what there is room for.
        let octets = waiting(&mut session);
        assert!(octets <= 2_010, "{octets}");
        sent += session.run().len();
    }
    session.connection.message_complete(ticket).unwrap();
    sent += session.run().len();
    assert_eq!(sent, "+OK 3 octets\r\n".len() + 4 * 100_000 + ".\r\n".len());
}

#[test]
fn ten_thousand_pipelined_retrs_are_held_back() {
    let mut session = tight(&["a letter\n"]);
    let mut rest = &*b"RETR 1\r\n".repeat(10_000);
    let mut answers = 0;
    while !rest.is_empty() {
        // Without reading, no more is taken than the buffers hold.
        let mut held = 0;
        loop {
            let taken = session.connection.receive(rest);
            rest = &rest[taken..];
            held += taken;
            if taken == 0 || rest.is_empty() {
                break;
            }
        }
        assert!(held <= 512, "{held}");
        answers += session.run().matches("a letter\r\n.\r\n").count();
    }
    assert_eq!(answers, 10_000);
}

#[test]
fn replies_alone_reach_high_water_too() {
    let mut session = tight(&[]);
    for _ in 0..100 {
        session.connection.receive(&b"NOOP\r\n".repeat(80));
        assert!(session.connection.poll().is_none());
        let octets = waiting(&mut session);
        assert!(octets <= 1_000 + 512, "{octets}");
    }
    assert!(!session.connection.wants_read(), "the client is held back");
    session.run();
    assert!(session.connection.wants_read());
}

#[test]
fn at_the_high_water_mark_a_listing_waits() {
    let mut config = Config::default();
    config.high_water = ("+OK 9 messages\r\n".len() + 4 * "1 0\r\n".len()).try_into().unwrap();
    let mut session = Session::with(config.clone(), &[""; 9]);
    session.log_in();
    session.connection.receive(b"LIST\r\n");
    assert!(session.connection.poll().is_none());
    assert_eq!(waiting(&mut session), config.high_water.get());
}
