//! A post office in memory, plain or behind asynchronous doors, and a client's part.

use std::io::Read;
use std::sync::Arc;
use std::task::Poll;

use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::{
    AsyncAuthenticator, AsyncLetter, AsyncMaildrop, AsyncMaildrops, Authenticator, BoxFuture,
    LetterError, LoginRefused, Maildrop, Maildrops, Next, OpenError, Removal, Service, Session,
    Work,
};
use pop3_proto::auth::Credentials;
use pop3_proto::bytes::{Buf, Bytes};
use pop3_proto::{MessageInfo, MessageNumber, Secret, UserName};

pub(crate) const LOGIN: &[u8] = b"USER mark\r\nPASS swordfish\r\n";

pub(crate) fn mark() -> UserName {
    UserName::new("mark").unwrap()
}

/// An office where `mark` has these letters.
pub(crate) fn office(letters: &[&[u8]]) -> Arc<MemoryMaildrops> {
    let office = MemoryMaildrops::new();
    office.add_user(mark(), Secret::new("swordfish").unwrap());
    for letter in letters {
        office.deliver(&mark(), letter).unwrap();
    }
    Arc::new(office)
}

pub(crate) fn blocking(office: &Arc<MemoryMaildrops>) -> Service {
    Service::new(office.clone(), office.clone())
}

pub(crate) fn asynchronous(office: &Arc<MemoryMaildrops>) -> Service {
    Service::asynchronous(doors(office), doors(office))
}

pub(crate) fn doors(office: &Arc<MemoryMaildrops>) -> Arc<Doors> {
    Arc::new(Doors(office.clone()))
}

pub(crate) fn is_locked(office: &MemoryMaildrops) -> bool {
    matches!(office.open(&mark()), Err(OpenError::InUse))
}

/// The next work that a session wants done; what it wants to send goes to `wire`.
pub(crate) fn next_work(session: &mut Session, wire: &mut Vec<u8>) -> Option<Work> {
    loop {
        match session.advance() {
            Next::Work(work) => return Some(work),
            Next::Transport if session.connection().wants_write() => transmit(session, wire),
            Next::Wait(_) => session.waited(),
            _ => return None,
        }
    }
}

pub(crate) fn transmit(session: &mut Session, wire: &mut Vec<u8>) {
    let mut transmit = session.connection().transmit();
    while transmit.has_remaining() {
        let chunk = transmit.chunk().len();
        wire.extend_from_slice(transmit.chunk());
        transmit.advance(chunk);
    }
}

/// Says all this to a session, does the work that comes of it, and returns what it answers and how
/// much work there was.
pub(crate) fn converse(session: &mut Session, said: &[u8]) -> (Vec<u8>, usize) {
    let (mut wire, mut works) = (Vec::new(), 0);
    assert_eq!(session.connection().receive(said), said.len());
    while let Some(work) = next_work(session, &mut wire) {
        works += 1;
        session.done(work.run());
    }
    (wire, works)
}

/// The same office, asynchronously: nothing is ready when it is first asked for.
pub(crate) struct Doors(Arc<MemoryMaildrops>);

struct Opened(Box<dyn Maildrop>);

/// Gives its octets out a few at a time.
struct Letter(Box<dyn Read + Send>);

/// Lets everything else go first.
async fn a_while() {
    let mut waited = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl AsyncAuthenticator for Doors {
    fn authenticate<'a>(
        &'a self,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<UserName, LoginRefused>> {
        Box::pin(async move {
            a_while().await;
            self.0.authenticate(credentials)
        })
    }
}

impl AsyncMaildrops for Doors {
    fn open<'a>(
        &'a self,
        user: &'a UserName,
    ) -> BoxFuture<'a, Result<Box<dyn AsyncMaildrop>, OpenError>> {
        Box::pin(async move {
            a_while().await;
            Ok(Box::new(Opened(self.0.open(user)?)) as Box<dyn AsyncMaildrop>)
        })
    }
}

impl AsyncMaildrop for Opened {
    fn messages(&self) -> &[MessageInfo] {
        self.0.messages()
    }

    fn letter(
        &mut self,
        number: MessageNumber,
    ) -> BoxFuture<'_, Result<Box<dyn AsyncLetter>, LetterError>> {
        Box::pin(async move {
            a_while().await;
            Ok(Box::new(Letter(self.0.letter(number)?)) as Box<dyn AsyncLetter>)
        })
    }

    fn remove<'a>(&'a mut self, numbers: &'a [MessageNumber]) -> BoxFuture<'a, Vec<Removal>> {
        Box::pin(async move {
            a_while().await;
            self.0.remove(numbers)
        })
    }
}

impl AsyncLetter for Letter {
    fn next_piece(&mut self) -> BoxFuture<'_, std::io::Result<Bytes>> {
        Box::pin(async move {
            a_while().await;
            let mut octets = [0; 7_000];
            let read = self.0.read(&mut octets)?;
            Ok(Bytes::copy_from_slice(&octets[..read]))
        })
    }
}
