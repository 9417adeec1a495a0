//! Asynchronous stores do what blocking ones do.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use pop3_maildrop::{Done, Service, Work};

use crate::office::{LOGIN, asynchronous, blocking, converse, is_locked, mark, next_work, office};

/// Polls work so often; what it comes to, if it is done by then.
fn poll(work: Work, times: usize) -> Option<Done> {
    let mut work = pin!(work.run_async());
    for _ in 0..times {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(done);
        }
    }
    None
}

#[test]
fn a_client_cannot_tell_the_stores_apart() {
    let letters: [&[u8]; 3] = [b"Subject: x\n\n.dot\n", b"", &b"line\n".repeat(20_000)];
    let said = b"STAT\r\nRETR 1\r\nTOP 3 2\r\nRETR 3\r\nRETR 2\r\nDELE 1\r\nRETR 1\r\nQUIT\r\n";
    let [one, other] = [blocking, asynchronous].map(|service| {
        let office = office(&letters);
        let mut session = service(&office).session();
        let login = converse(&mut session, LOGIN).0;
        let wire = converse(&mut session, said).0;
        assert_eq!(office.letters(&mark()).len(), 2);
        assert!(!is_locked(&office));
        (login, wire)
    });
    assert!(one == other);
}

#[test]
fn work_says_whether_it_blocks_and_is_ready_at_once_if_it_does() {
    for blocks in [true, false] {
        let service = if blocks { blocking } else { asynchronous };
        for (said, works) in [(&b""[..], 0), (b"RETR 1\r\n", 2), (b"DELE 1\r\nQUIT\r\n", 2)] {
            let mut session = service(&office(&[b"x"])).session();
            session.connection().receive(LOGIN);
            session.connection().receive(said);
            for _ in 0..works {
                let done = next_work(&mut session, &mut Vec::new()).unwrap().run();
                session.done(done);
            }
            let work = next_work(&mut session, &mut Vec::new()).unwrap();
            assert_eq!(work.is_blocking(), blocks, "{work:?}");
            assert_eq!(poll(work, 1).is_some(), blocks);
        }
    }
}

#[test]
fn passwords_may_be_hashed_where_it_blocks_and_the_mail_lie_where_it_does_not() {
    let office = office(&[b"x"]);
    let maildrops = crate::office::doors(&office);
    let mut session = Service::with_async_maildrops(office.clone(), maildrops).session();
    session.connection().receive(LOGIN);
    session.connection().receive(b"RETR 1\r\nDELE 1\r\nQUIT\r\n");
    let mut blocking = Vec::new();
    while let Some(work) = next_work(&mut session, &mut Vec::new()) {
        blocking.push(work.is_blocking());
        session.done(work.run());
    }
    // The password, the maildrop, two pieces of the letter of which the last is its end, removal.
    assert_eq!(blocking, [true, false, false, false, false]);
}

#[test]
fn work_that_is_cancelled_leaves_no_lock() {
    for times in 0..4 {
        for command in ["", "RETR 1\r\n", "DELE 1\r\nQUIT\r\n"] {
            let office = office(&[b"x"]);
            let mut session = asynchronous(&office).session();
            if command.is_empty() {
                session.connection().receive(LOGIN);
                let done = next_work(&mut session, &mut Vec::new()).unwrap().run();
                session.done(done);
            } else {
                converse(&mut session, LOGIN);
                session.connection().receive(command.as_bytes());
            }
            let work = next_work(&mut session, &mut Vec::new()).unwrap();
            drop(poll(work, times));
            drop(session);
            assert!(!is_locked(&office), "{command}, {times}");
            let removed = office.letters(&mark()).is_empty();
            assert!(!removed || (command.ends_with("QUIT\r\n") && times > 0));
        }
    }
}
