//! Stores that block, stores that do not, and stores that fail.

mod office;
mod pipe;

use std::io::Read;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::task::Poll;
use std::time::Duration;

use async_std::{future, task};
use office::{Office, mark, service};
use pipe::Pipe;
use pop3_async_std::{Client, Options, Server, Session, serve_stream};
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::{
    AsyncAuthenticator, AsyncLetter, AsyncMaildrop, AsyncMaildrops, Authenticator, BoxFuture,
    LetterError, LoginRefused, Maildrop, Maildrops, OpenError, Removal, Service,
};
use pop3_proto::auth::Credentials;
use pop3_proto::bytes::Bytes;
use pop3_proto::reply::CodeKind;
use pop3_proto::{MessageInfo, MessageNumber, UserName};

/// An asynchronous store on top of a blocking one: nothing is ready when it is first asked for.
struct Asynchronous<T>(T);

/// Takes a moment of other things.
async fn a_while() {
    task::sleep(Duration::from_millis(1)).await;
}

impl AsyncAuthenticator for Asynchronous<Arc<MemoryMaildrops>> {
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

impl AsyncMaildrops for Asynchronous<Arc<MemoryMaildrops>> {
    fn open<'a>(
        &'a self,
        user: &'a UserName,
    ) -> BoxFuture<'a, Result<Box<dyn AsyncMaildrop>, OpenError>> {
        Box::pin(async move {
            a_while().await;
            Ok(Box::new(Asynchronous(self.0.open(user)?)) as Box<dyn AsyncMaildrop>)
        })
    }
}

impl AsyncMaildrop for Asynchronous<Box<dyn Maildrop>> {
    fn messages(&self) -> &[MessageInfo] {
        self.0.messages()
    }

    fn letter(
        &mut self,
        number: MessageNumber,
    ) -> BoxFuture<'_, Result<Box<dyn AsyncLetter>, LetterError>> {
        Box::pin(async move {
            a_while().await;
            Ok(Box::new(Asynchronous(self.0.letter(number)?)) as Box<dyn AsyncLetter>)
        })
    }

    fn remove<'a>(&'a mut self, numbers: &'a [MessageNumber]) -> BoxFuture<'a, Vec<Removal>> {
        Box::pin(async move {
            a_while().await;
            self.0.remove(numbers)
        })
    }
}

impl AsyncLetter for Asynchronous<Box<dyn Read + Send>> {
    fn next_piece(&mut self) -> BoxFuture<'_, std::io::Result<Bytes>> {
        Box::pin(async move {
            a_while().await;
            let mut octets = [0; 7_000];
            let read = self.0.read(&mut octets)?;
            Ok(Bytes::copy_from_slice(&octets[..read]))
        })
    }
}

/// Knows nobody, and says so when that many are there to hear it.
struct Meeting {
    missing: Mutex<usize>,
    all: Condvar,
}

impl Authenticator for Meeting {
    fn authenticate(&self, _: &Credentials) -> Result<UserName, LoginRefused> {
        let mut missing = self.missing.lock().unwrap();
        *missing = missing.saturating_sub(1);
        self.all.notify_all();
        let limit = Duration::from_secs(20);
        let (_guard, waited) =
            self.all.wait_timeout_while(missing, limit, |missing| *missing > 0).unwrap();
        match waited.timed_out() {
            true => Err(LoginRefused::Temporary("they never met".into())),
            false => Err(LoginRefused::Credentials),
        }
    }
}

/// What a store does before it removes letters.
type Before = Arc<dyn Fn() + Send + Sync>;

/// A blocking store that does something else first when it is to remove letters.
struct Odd(Arc<MemoryMaildrops>, Before);

struct OddMaildrop(Box<dyn Maildrop>, Before);

impl Maildrops for Odd {
    fn open(&self, user: &UserName) -> Result<Box<dyn Maildrop>, OpenError> {
        Ok(Box::new(OddMaildrop(self.0.open(user)?, self.1.clone())))
    }
}

impl Maildrop for OddMaildrop {
    fn messages(&self) -> &[MessageInfo] {
        self.0.messages()
    }

    fn letter(&self, number: MessageNumber) -> Result<Box<dyn Read + Send>, LetterError> {
        self.0.letter(number)
    }

    fn remove(&mut self, numbers: &[MessageNumber]) -> Vec<Removal> {
        (self.1)();
        self.0.remove(numbers)
    }
}

/// A service whose store says when it begins to remove letters, and does so only when it is told to.
fn slow(letters: &[&[u8]]) -> (Arc<MemoryMaildrops>, Service, Receiver<()>, Sender<()>) {
    let (letters, _) = service(letters);
    let (begins, begun) = channel();
    let (go, told) = channel();
    let both = Mutex::new((begins, told));
    let before = Arc::new(move || {
        let both = both.lock().unwrap();
        both.0.send(()).unwrap();
        // Nobody tells it: the test has failed already.
        let _ = both.1.recv_timeout(Duration::from_secs(20));
    });
    let service = Service::new(letters.clone(), Arc::new(Odd(letters.clone(), before)));
    (letters, service, begun, go)
}

async fn log_in(address: std::net::SocketAddr) -> Session {
    Client::connect(address).await.unwrap().login("mark", "swordfish").await.unwrap()
}

/// Waits until the maildrop is locked by nobody.
async fn unlocked(letters: &MemoryMaildrops) {
    let unlocked = async {
        while letters.open(&mark()).is_err() {
            a_while().await;
        }
    };
    future::timeout(Duration::from_secs(20), unlocked).await.unwrap();
}

#[async_std::test]
async fn an_asynchronous_store_is_served_as_a_blocking_one() {
    let long = b"line\n".repeat(20_000);
    let (letters, _) = service(&[b"Subject: x\n\n.dot\n", &long]);
    let doors = || Arc::new(Asynchronous(letters.clone()));
    let service = Service::asynchronous(doors(), doors());
    let mut office = Office::of(letters.clone(), service, |_| ()).await;
    let mut session = log_in(office.address).await;
    let mut all = session.retrieve_all([1, 2].map(|n| MessageNumber::new(n).unwrap()));
    let mut octets = Vec::new();
    while let Some((_, letter)) = all.next_letter().await.unwrap() {
        let mut letter = letter.unwrap();
        let mut count = 0;
        while let Some(chunk) = letter.next_chunk().await.unwrap() {
            count += chunk.len();
        }
        octets.push(count);
    }
    assert_eq!(octets, [20, 120_000]);
    session.delete(MessageNumber::FIRST).await.unwrap();
    session.quit().await.unwrap();
    office.close().await;
    assert_eq!(office.count(), 1);
}

#[async_std::test]
async fn stores_that_block_in_more_sessions_than_there_are_threads_for_tasks_stall_none() {
    let sessions = 2 * std::thread::available_parallelism().unwrap().get() + 1;
    let (letters, _) = service(&[]);
    let meeting = Arc::new(Meeting { missing: Mutex::new(sessions), all: Condvar::new() });
    let mut service = Service::new(meeting, letters.clone());
    service.gate_mut().limits_mut().sessions_per_address = NonZeroUsize::new(sessions).unwrap();
    service.config_mut().failed_login_delay = Duration::from_millis(1);
    let mut office = Office::of(letters, service, |_| ()).await;
    let address = office.address;
    let log_in = move || async move {
        let client = Client::connect(address).await.unwrap();
        let error = client.login("mark", "guess").await.unwrap_err().error;
        error.refusal().and_then(|reply| reply.code.clone()).map(|code| code.kind())
    };
    let clients: Vec<_> = (0..sessions).map(|_| task::spawn(log_in())).collect();
    for client in clients {
        assert_eq!(client.await, Some(CodeKind::Auth));
    }
    office.close().await;
}

#[async_std::test]
async fn a_session_that_is_removing_letters_is_waited_for_and_never_cut() {
    let (letters, service, begun, go) = slow(&[b"x"]);
    let drain = Duration::from_millis(10);
    let mut office = Office::of(letters, service, |server| server.set_drain_limit(drain)).await;
    let mut session = log_in(office.address).await;
    session.delete(MessageNumber::FIRST).await.unwrap();
    let quitting = task::spawn(session.quit());
    task::spawn_blocking(move || begun.recv().unwrap()).await;
    office.stop.stop();
    office.stop.cut();
    let mut running = office.running.take().unwrap();
    let early = future::timeout(Duration::from_millis(200), &mut running).await;
    assert!(early.is_err(), "the server has not waited");
    go.send(()).unwrap();
    running.await.unwrap();
    assert_eq!(office.count(), 0);
    // What the client hears of it is another matter.
    let _ = quitting.await;
}

#[async_std::test]
async fn a_server_that_is_dropped_closes_its_listeners_and_cuts_its_sessions() {
    let (letters, service) = service(&[b"x"]);
    let server = Server::bind("127.0.0.1:0", service).await.unwrap();
    let address = server.addresses()[0];
    let mut running = Box::pin(server.run());
    let mut session = {
        let (mut logging_in, running) = (Box::pin(log_in(address)), &mut running);
        std::future::poll_fn(move |context| {
            assert!(running.as_mut().poll(context).is_pending());
            logging_in.as_mut().poll(context)
        })
        .await
    };
    session.delete(MessageNumber::FIRST).await.unwrap();
    drop(running);
    assert!(session.quit().await.is_err());
    assert!(Client::connect(address).await.is_err());
    unlocked(&letters).await;
    assert_eq!(letters.letters(&mark()).len(), 1);
}

#[async_std::test]
async fn a_maildrop_is_released_wherever_the_server_of_a_stream_is_dropped() {
    let mut came = false;
    for times in 0..60 {
        let (letters, service) = service(&[b"x"]);
        let (here, there) = Pipe::pair(100);
        let client = task::spawn(async move {
            let client = Client::with_stream(here, &Options::default()).await?;
            let mut session = client.login("mark", "swordfish").await?;
            session.retrieve(MessageNumber::FIRST).await?;
            session.stat().await
        });
        let mut serving = Box::pin(serve_stream(there, None, &service));
        let mut left = times;
        std::future::poll_fn(|context| {
            left -= 1;
            match left {
                ..0 => Poll::Ready(()),
                _ => serving.as_mut().poll(context).map(drop),
            }
        })
        .await;
        drop(serving);
        came = client.await.is_ok();
        unlocked(&letters).await;
        assert_eq!(letters.letters(&mark()).len(), 1, "after {times}");
    }
    assert!(came, "it was dropped too early each time");
}

#[async_std::test]
async fn a_store_that_panics_ends_its_session_and_nothing_else() {
    let (letters, _) = service(&[b"x"]);
    let before = Arc::new(|| panic!("a store that panics, on purpose"));
    let service = Service::new(letters.clone(), Arc::new(Odd(letters.clone(), before)));
    let mut office = Office::of(letters, service, |_| ()).await;
    let mut session = log_in(office.address).await;
    session.delete(MessageNumber::FIRST).await.unwrap();
    assert!(session.quit().await.is_err());
    unlocked(&office.letters).await;
    log_in(office.address).await.no_operation().await.unwrap();
    office.close().await;
    assert_eq!(office.count(), 1);
}
