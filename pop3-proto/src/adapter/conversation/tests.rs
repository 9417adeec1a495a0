//! A conversation over a scripted transport.

use core::task::Waker;
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::string::{String, ToString};
use std::time::{Duration, Instant};

use super::*;
use crate::client::exchange::{self, Opening};
use crate::{Command, Reply, Text};

/// What comes of the calls to a transport, one after the other; without any, they have to wait.
#[derive(Default)]
struct Script {
    reads: VecDeque<io::Result<&'static str>>,
    /// How much is taken by each write; after that, everything.
    writes: VecDeque<Poll<io::Result<usize>>>,
    flushes: VecDeque<Poll<io::Result<()>>>,
    said: String,
    flushed: usize,
    time: Option<Instant>,
}

impl Transport for Script {
    fn poll_read(&mut self, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let Some(read) = self.reads.pop_front() else { return Poll::Pending };
        Poll::Ready(read.map(|text| {
            buffer[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        }))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let taken = self.writes.pop_front().unwrap_or(Poll::Ready(Ok(buffer.len())));
        if let Poll::Ready(Ok(taken)) = taken {
            self.said.push_str(core::str::from_utf8(&buffer[..taken]).unwrap());
        }
        taken
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flushed += 1;
        self.flushes.pop_front().unwrap_or(Poll::Ready(Ok(())))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn now(&self) -> Instant {
        self.time.unwrap_or_else(Instant::now)
    }

    fn poll_alarm(&mut self, at: Instant, _: &mut Context<'_>) -> Poll<()> {
        if self.time.is_some_and(|time| time >= at) { Poll::Ready(()) } else { Poll::Pending }
    }
}

struct Scene(Conversation<Script>);

impl Scene {
    fn ungreeted() -> Self {
        Self(Conversation::new(Script::default(), None, &Options::default()).unwrap())
    }

    /// In TRANSACTION, with nothing said yet.
    fn logged_in() -> Self {
        let mut scene = Self::ungreeted();
        let script = "+OK\r\n|+OK\r\nUSER\r\n.\r\n|+OK\r\n|+OK\r\n|+OK\r\nTOP\r\n.\r\n";
        scene.script().reads = script.split('|').map(Ok).collect();
        assert!(matches!(scene.hold(&mut Opening::new()), Poll::Ready(Ok(_))));
        let user = crate::UserName::new("mark").unwrap();
        let password = crate::Secret::new("swordfish").unwrap();
        let mut login = exchange::Login::password(user, password);
        assert!(matches!(scene.hold(&mut login), Poll::Ready(Ok(_))));
        scene.script().said.clear();
        scene.script().flushed = 0;
        scene
    }

    fn script(&mut self) -> &mut Script {
        &mut self.0.transport
    }

    fn says(&mut self, text: &'static str) {
        self.script().reads.push_back(Ok(text));
    }

    fn until<R>(
        &mut self,
        poll: impl FnMut(&mut Connection) -> Poll<Result<R, client::Error>>,
    ) -> Poll<Result<R, Error>> {
        self.0.poll_until(&mut Context::from_waker(Waker::noop()), poll)
    }

    fn hold<E: Exchange>(&mut self, exchange: &mut E) -> Poll<Result<E::Output, Error>> {
        self.until(|connection| exchange.poll(connection))
    }

    /// How STAT ends.
    #[track_caller]
    fn fails(&mut self) -> Error {
        match self.hold(&mut exchange::stat()) {
            Poll::Ready(Err(error)) => error,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_said_is_flushed_once_and_waited_for() {
    let mut scene = Scene::logged_in();
    scene.script().writes = [Poll::Ready(Ok(2)), Poll::Pending, Poll::Pending].into();
    scene.script().flushes = [Poll::Pending].into();
    let mut stat = exchange::stat();
    assert!(scene.hold(&mut stat).is_pending());
    assert!(matches!(scene.script(), Script { said, flushed: 0, .. } if said == "ST"));
    assert!(scene.hold(&mut stat).is_pending());
    assert!(matches!(scene.script(), Script { said, flushed: 2, .. } if said == "STAT\r\n"));
    scene.says("+OK 1 2");
    assert!(scene.hold(&mut stat).is_pending());
    scene.says("\r\n");
    let Poll::Ready(Ok(drop)) = scene.hold(&mut stat) else { panic!() };
    assert_eq!((drop.messages, scene.script().flushed), (1, 2));
}

#[test]
fn a_server_that_hangs_up_has_said_what_it_said() {
    type Fault = fn(&mut Script);
    let faults: [Fault; 3] = [
        |script| script.reads.push_back(Ok("")),
        |script| script.reads.push_back(Err(ErrorKind::ConnectionReset.into())),
        |script| script.writes.push_back(Poll::Ready(Err(ErrorKind::BrokenPipe.into()))),
    ];
    for fault in faults {
        let mut scene = Scene::logged_in();
        fault(scene.script());
        let error = scene.fails();
        assert!(matches!(error, Error::Pop3(client::Error::Eof(_))), "{error}");
    }
    let mut scene = Scene::logged_in();
    scene.says("-ERR [SYS/TEMP] shutting down\r\n");
    scene.script().reads.push_back(Err(ErrorKind::ConnectionReset.into()));
    let refusal = scene.fails().refusal().map(ToString::to_string);
    assert_eq!(refusal.as_deref(), Some("-ERR [SYS/TEMP] shutting down"));
}

#[test]
fn a_transport_that_fails_is_named() {
    let failing = |flaw: fn(&mut Script)| {
        let mut scene = Scene::logged_in();
        flaw(scene.script());
        scene.fails()
    };
    let read = failing(|script| script.reads.push_back(Err(ErrorKind::HostUnreachable.into())));
    assert!(matches!(read, Error::Io(error) if error.kind() == ErrorKind::HostUnreachable));
    let late = failing(|script| script.reads.push_back(Err(ErrorKind::TimedOut.into())));
    assert!(matches!(late, Error::Pop3(client::Error::TimedOut(_))));
    let full = failing(|script| script.writes.push_back(Poll::Ready(Ok(0))));
    assert!(matches!(full, Error::Io(error) if error.kind() == ErrorKind::WriteZero));
    let flush = |script: &mut Script| {
        script.flushes.push_back(Poll::Ready(Err(ErrorKind::HostUnreachable.into())));
    };
    assert!(matches!(failing(flush), Error::Io(_)));
}

#[test]
fn silence_ends_when_the_alarm_goes_off() {
    let mut scene = Scene::logged_in();
    let start = Instant::now();
    let mut stat = exchange::stat();
    scene.script().time = Some(start);
    assert!(scene.hold(&mut stat).is_pending());
    let limit = scene.0.get_ref().idle_limit().unwrap().as_secs();
    for (passed, is_over) in [(1, false), (limit - 1, false), (limit, true)] {
        scene.script().time = Some(start + Duration::from_secs(passed));
        match scene.hold(&mut stat) {
            Poll::Pending => assert!(!is_over),
            Poll::Ready(result) => {
                let error = result.unwrap_err();
                assert!(is_over && matches!(error, Error::Pop3(client::Error::TimedOut(_))));
            }
        }
    }
}

/// The caller may do something else for a long time.
#[test]
fn what_is_queued_goes_out_with_the_result() {
    let queue = |connection: &mut Connection| {
        connection.send(Command::Noop).unwrap();
    };
    let mut scene = Scene::logged_in();
    let result = scene.until(|connection| {
        queue(connection);
        Poll::Ready(Ok(()))
    });
    assert!(matches!(result, Poll::Ready(Ok(()))));
    assert_eq!(scene.script().said, "NOOP\r\n");

    // After a refusal the caller decides.
    let mut scene = Scene::logged_in();
    let result = scene.until(|connection| -> Poll<Result<(), _>> {
        queue(connection);
        let reply = Reply::err(Text::EMPTY);
        Poll::Ready(Err(client::Error::Refused { command: "DELE".into(), reply }))
    });
    assert!(matches!(result, Poll::Ready(Err(_))));
    assert_eq!(scene.script().said, "");

    let mut scene = Scene::logged_in();
    scene.script().writes.push_back(Poll::Ready(Ok(0)));
    let result = scene.until(|connection| {
        queue(connection);
        Poll::Ready(Ok(()))
    });
    assert!(matches!(result, Poll::Ready(Err(Error::Io(_)))), "it did not go out");
}

#[test]
fn a_quit_that_was_answered_has_worked_whatever_the_transport_does_then() {
    for answer in ["+OK bye\r\n", "-ERR 1 of 2 removed\r\n"] {
        let mut scene = Scene::logged_in();
        let broken = Poll::Ready(Err(ErrorKind::HostUnreachable.into()));
        scene.script().flushes = [Poll::Pending, broken].into();
        scene.says(answer);
        match scene.hold(&mut exchange::quit()) {
            Poll::Ready(Ok(reply)) => assert!(reply.is_ok()),
            Poll::Ready(Err(error)) => assert!(error.refusal().is_some(), "{error}"),
            Poll::Pending => panic!("it was answered"),
        }
        assert_eq!(scene.script().flushed, 2, "what was held back is on its way");
    }
}

#[test]
fn where_the_stream_leads_to_is_known_unless_it_was_brought_along() {
    assert!(Scene::ungreeted().0.place().is_none());
    let endpoint = Endpoint::new("pop.example.org", 110).unwrap();
    let known = Conversation::new(Script::default(), Some(endpoint.clone()), &Options::default());
    assert_eq!(known.unwrap().place().unwrap().0, &endpoint);
}
