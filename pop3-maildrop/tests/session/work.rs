//! What becomes of work, and of what travels with it.

use std::sync::Arc;
use std::{io, iter};

use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::{LetterError, Maildrop, Maildrops, Next, OpenError, Removal, Service};
use pop3_proto::server::Ending;
use pop3_proto::{MessageInfo, MessageNumber, UserName};

use crate::office::{LOGIN, blocking, converse, is_locked, mark, next_work, office, transmit};

#[test]
fn a_small_letter_is_one_piece_of_work() {
    let office = office(&[b"Subject: x\n\nsmall\n", &[b'x'; 32 * 1024 - 1], &[b'x'; 80_000]]);
    let mut session = blocking(&office).session();
    assert_eq!(converse(&mut session, LOGIN).1, 2, "check the password, open the maildrop");
    for (command, works) in [("RETR 1", 1), ("TOP 1 0", 1), ("RETR 2", 1), ("RETR 3", 3)] {
        let (wire, done) = converse(&mut session, format!("{command}\r\n").as_bytes());
        assert!(wire.starts_with(b"+OK") && wire.ends_with(b"\r\n.\r\n"));
        assert_eq!(done, works, "{command}");
    }
}

#[test]
fn a_letter_comes_through_whole_whatever_its_size() {
    for size in [0, 1, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 300_000] {
        let letter: Vec<u8> = iter::repeat_n(*b"abcdefg\n", size / 8 + 1).flatten().collect();
        let office = office(&[&letter[..size]]);
        let mut session = blocking(&office).session();
        converse(&mut session, LOGIN);
        let (wire, _) = converse(&mut session, b"RETR 1\r\n");
        let text = String::from_utf8(wire).unwrap().replace("\r\n", "\n");
        let content = text.split_once('\n').unwrap().1.strip_suffix(".\n").unwrap();
        let expected = &letter[..size];
        let missing = if expected.is_empty() || expected.ends_with(b"\n") { "" } else { "\n" };
        assert_eq!(content.as_bytes(), [expected, missing.as_bytes()].concat(), "{size}");
    }
}

#[test]
fn what_is_to_be_sent_is_sent_while_work_is_out() {
    let office = office(&[b"x"]);
    let mut session = blocking(&office).session();
    let mut wire = Vec::new();
    session.connection().receive(b"CAPA\r\nUSER mark\r\nPASS swordfish\r\n");
    let Next::Work(work) = session.advance() else { panic!() };
    assert!(matches!(session.advance(), Next::Working));
    transmit(&mut session, &mut wire);
    assert!(wire.ends_with(b"now the password, please\r\n"));
    assert!(matches!(session.advance(), Next::Working));
    session.done(work.run());
    assert!(matches!(session.advance(), Next::Work(_)));
}

#[test]
fn a_maildrop_that_is_at_work_is_released_when_it_comes_back_too_late() {
    let office = office(&[b"x"]);
    for command in ["RETR 1\r\n", "DELE 1\r\nRETR 1\r\nQUIT\r\n"] {
        let mut session = blocking(&office).session();
        converse(&mut session, LOGIN);
        session.connection().receive(command.as_bytes());
        let work = next_work(&mut session, &mut Vec::new()).unwrap();
        session.connection().hung_up();
        assert!(matches!(session.advance(), Next::Working), "the lock is not free yet");
        let done = work.run();
        session.done(done);
        assert!(!is_locked(&office), "{command}");
        assert!(matches!(session.advance(), Next::Close(_)));
    }
}

#[test]
fn a_login_that_comes_too_late_leaves_no_lock() {
    let office = office(&[]);
    let mut session = blocking(&office).session();
    session.connection().receive(LOGIN);
    let mut wire = Vec::new();
    let checked = next_work(&mut session, &mut wire).unwrap().run();
    session.done(checked);
    let opened = next_work(&mut session, &mut wire).unwrap().run();
    assert!(is_locked(&office));
    session.connection().timed_out();
    session.done(opened);
    assert!(!is_locked(&office));
    assert!(matches!(session.advance(), Next::Close(Ending::TimedOut)));
    assert!(session.user().is_none());
}

#[test]
fn work_that_is_dropped_releases_what_it_holds_and_removes_nothing() {
    let office = office(&[b"x"]);
    for run in [false, true] {
        let mut session = blocking(&office).session();
        converse(&mut session, LOGIN);
        session.connection().receive(b"RETR 1\r\nQUIT\r\n");
        let work = next_work(&mut session, &mut Vec::new()).unwrap();
        assert!(is_locked(&office));
        if run {
            drop(work.run());
        } else {
            drop(work);
        }
        assert!(!is_locked(&office));
        assert!(matches!(session.advance(), Next::Working));
    }
    let mut session = blocking(&office).session();
    converse(&mut session, LOGIN);
    session.connection().receive(b"DELE 1\r\nQUIT\r\n");
    drop(next_work(&mut session, &mut Vec::new()).unwrap());
    assert!(!is_locked(&office));
    assert_eq!(office.letters(&mark()).len(), 1);
}

#[test]
fn the_maildrop_is_released_before_the_goodbye_is_sent() {
    let office = office(&[b"x"]);
    let mut session = blocking(&office).session();
    converse(&mut session, LOGIN);
    session.connection().receive(b"DELE 1\r\nQUIT\r\n");
    let done = next_work(&mut session, &mut Vec::new()).unwrap().run();
    assert!(!is_locked(&office));
    session.done(done);
    let (wire, works) = converse(&mut session, b"");
    assert!(wire.ends_with(b"+OK goodbye\r\n") && works == 0);
}

#[test]
fn an_outcome_of_another_session_is_released_and_does_no_harm() {
    let (ours, theirs) = (office(&[b"ours"]), office(&[b"theirs"]));
    let [mut us, mut them] = [&ours, &theirs].map(|office| {
        let mut session = blocking(office).session();
        converse(&mut session, LOGIN);
        session.connection().receive(b"RETR 1\r\n");
        session
    });
    let our_work = next_work(&mut us, &mut Vec::new()).unwrap();
    let their_work = next_work(&mut them, &mut Vec::new()).unwrap();
    us.done(their_work.run());
    assert!(!is_locked(&theirs));
    us.done(our_work.run());
    let (wire, _) = converse(&mut us, b"");
    assert!(wire.ends_with(b"\r\nours\r\n.\r\n"));
    assert!(is_locked(&ours));
}

/// A store whose letter fails after so many octets.
struct Failing(Arc<MemoryMaildrops>, u64);

struct FailingDrop(Box<dyn Maildrop>, u64);

impl Maildrops for Failing {
    fn open(&self, user: &UserName) -> Result<Box<dyn Maildrop>, OpenError> {
        Ok(Box::new(FailingDrop(self.0.open(user)?, self.1)))
    }
}

impl Maildrop for FailingDrop {
    fn messages(&self) -> &[MessageInfo] {
        self.0.messages()
    }

    fn letter(&self, number: MessageNumber) -> Result<Box<dyn io::Read + Send>, LetterError> {
        struct Fault;
        impl io::Read for Fault {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("bad sector"))
            }
        }
        let whole = self.0.letter(number)?;
        Ok(Box::new(io::Read::chain(io::Read::take(whole, self.1), Fault)))
    }

    fn remove(&mut self, numbers: &[MessageNumber]) -> Vec<Removal> {
        self.0.remove(numbers)
    }
}

#[test]
fn a_letter_that_fails_is_refused_or_cut_and_never_ends() {
    let office = office(&[&[b'x'; 100_000]]);
    for (octets, refused) in [(0, true), (32_767, true), (32_768, false), (99_000, false)] {
        let failing = Arc::new(Failing(office.clone(), octets));
        let mut session = Service::new(office.clone(), failing).session();
        converse(&mut session, LOGIN);
        let (wire, _) = converse(&mut session, b"RETR 1\r\n");
        assert!(!wire.ends_with(b"\r\n.\r\n"));
        assert_eq!(wire.starts_with(b"-ERR [SYS/TEMP]"), refused, "{octets}");
        assert_eq!(is_locked(&office), refused, "{octets}");
    }
}
