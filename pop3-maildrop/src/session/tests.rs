//! Sessions over stores that misbehave.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pop3_proto::bytes::Buf;
use pop3_proto::{MessageInfo, Octets, Reply, Secret, Text, UniqueId};

use super::*;
use crate::memory::MemoryMaildrops;
use crate::{Maildrop, Maildrops, OpenError, Service};

/// Does all the work that there is.
fn settle(session: &mut Session) {
    loop {
        match session.advance() {
            Next::Work(work) => session.done(work.run()),
            Next::Transport => break,
            other => panic!("{other:?}"),
        }
    }
}

/// A store whose two letters bear one unique-id, and that tells whether it is open.
#[derive(Default)]
struct Odd(Arc<AtomicBool>);

struct Opened(Arc<AtomicBool>, Vec<MessageInfo>);

impl Maildrops for Odd {
    fn open(&self, _: &UserName) -> Result<Box<dyn Maildrop>, OpenError> {
        self.0.store(true, Ordering::SeqCst);
        let unique_id = UniqueId::new("same").unwrap();
        let messages = vec![MessageInfo { octets: Octets(1), unique_id }; 2];
        Ok(Box::new(Opened(self.0.clone(), messages)))
    }
}

impl Maildrop for Opened {
    fn messages(&self) -> &[MessageInfo] {
        &self.1
    }

    fn letter(&self, _: MessageNumber) -> Result<Box<dyn Read + Send>, LetterError> {
        Err(LetterError::Gone)
    }

    fn remove(&mut self, _: &[MessageNumber]) -> Vec<crate::Removal> {
        Vec::new()
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[test]
fn a_command_that_is_registered_is_answered_even_if_nobody_can() {
    use pop3_proto::server::ExtensionCommand;
    use pop3_proto::state::State;
    let office = Arc::new(MemoryMaildrops::new());
    let mut service = Service::new(office.clone(), office);
    service.config_mut().extensions = vec![ExtensionCommand::new("XMOON", &[State::Authorization])];
    let mut silent = service.session();
    let moon = |_: &pop3_proto::command::Extension, _: Option<&UserName>| {
        (Reply::ok(Text::literal("moon")), Some("full\n.\n".into()))
    };
    service.set_extensions(service.clone().config_mut().extensions.clone(), moon);
    let mut told = service.session();
    for (session, answer) in
        [(&mut silent, "-ERR nobody"), (&mut told, "+OK moon\r\nfull\r\n..\r\n.\r\n")]
    {
        session.connection().receive(b"XMOON\r\n");
        settle(session);
        let sent = session.connection().transmit().chunk().to_vec();
        assert!(String::from_utf8(sent).unwrap().contains(answer));
    }
}

/// RFC 1939, section 4: the lock is released before the refusal is sent.
#[test]
fn a_maildrop_that_is_refused_after_all_is_released_before_anything_is_sent() {
    let users = MemoryMaildrops::new();
    users.add_user(UserName::new("mark").unwrap(), Secret::new("swordfish").unwrap());
    let odd = Arc::new(Odd::default());
    let mut session = Service::new(Arc::new(users), odd.clone()).session();
    session.connection().receive(b"USER mark\r\nPASS swordfish\r\n");
    settle(&mut session);
    assert!(!odd.0.load(Ordering::SeqCst), "still open");
    let sent = session.connection().transmit().chunk().to_vec();
    assert!(String::from_utf8(sent).unwrap().contains("-ERR [SYS/PERM]"));
}

#[test]
fn a_buffer_lives_as_long_as_a_burst() {
    let office = Arc::new(MemoryMaildrops::new());
    let mark = UserName::new("mark").unwrap();
    office.add_user(mark.clone(), Secret::new("swordfish").unwrap());
    office.deliver(&mark, "x").unwrap();
    let mut session = Service::new(office.clone(), office).session();
    session.connection().receive(b"USER mark\r\nPASS swordfish\r\nRETR 1\r\nRETR 1\r\n");
    settle(&mut session);
    assert!(session.buffer.capacity() > 0, "the answer was not sent yet");
    let sent = session.connection().transmit().remaining();
    session.connection().transmit().advance(sent);
    settle(&mut session);
    assert_eq!(session.buffer.capacity(), 0);
}
