//! Servers over stores that take their time.

mod office;

use std::io::Read;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use office::{mark, service};
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::{
    AsyncLetter, AsyncMaildrop, AsyncMaildrops, BoxFuture, LetterError, Maildrop, Maildrops,
    OpenError, Removal, Service,
};
use pop3_proto::bytes::Bytes;
use pop3_proto::{MessageInfo, MessageNumber, Secret, UserName};
use pop3_tokio::{Client, Server, Stop};
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;

const LETTER: &[u8] = b"Subject: x\n\n";

/// A gate that a store waits at: it tells that somebody has come, and lets them pass one by one.
struct Gate {
    came: Sender<()>,
    pass: Mutex<Receiver<()>>,
}

impl Gate {
    fn wait(&self) {
        self.came.send(()).unwrap();
        self.pass.lock().unwrap().recv().unwrap();
    }
}

/// The other side of a [`Gate`].
struct Keeper {
    came: Receiver<()>,
    pass: Sender<()>,
}

impl Keeper {
    async fn somebody_came(&self) {
        while self.came.try_recv().is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn let_pass(&self) {
        self.pass.send(()).unwrap();
    }
}

fn gate() -> (Arc<Gate>, Keeper) {
    let ((came, has_come), (pass, may_pass)) = (channel(), channel());
    let gate = Gate { came, pass: Mutex::new(may_pass) };
    (Arc::new(gate), Keeper { came: has_come, pass })
}

/// Maildrops of which that of `mark` is opened, or emptied, only when its gate lets it.
struct Blocking {
    letters: Arc<MemoryMaildrops>,
    opening: Option<Arc<Gate>>,
    removing: Option<Arc<Gate>>,
}

struct Opened(Box<dyn Maildrop>, Option<Arc<Gate>>);

impl Maildrops for Blocking {
    fn open(&self, user: &UserName) -> Result<Box<dyn Maildrop>, OpenError> {
        let opened = self.letters.open(user)?;
        if let Some(gate) = &self.opening
            && *user == mark()
        {
            gate.wait();
        }
        Ok(Box::new(Opened(opened, self.removing.clone())))
    }
}

impl Maildrop for Opened {
    fn messages(&self) -> &[MessageInfo] {
        self.0.messages()
    }

    fn letter(&self, number: MessageNumber) -> Result<Box<dyn Read + Send>, LetterError> {
        self.0.letter(number)
    }

    fn remove(&mut self, numbers: &[MessageNumber]) -> Vec<Removal> {
        if let Some(gate) = &self.1 {
            gate.wait();
        }
        self.0.remove(numbers)
    }
}

/// The same maildrops, asynchronously: each answer takes a moment.
struct Asynchronous(Arc<MemoryMaildrops>);

struct AsyncOpened(Box<dyn Maildrop>);

struct Letter(Box<dyn Read + Send>);

async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

impl AsyncMaildrops for Asynchronous {
    fn open<'a>(
        &'a self,
        user: &'a UserName,
    ) -> BoxFuture<'a, Result<Box<dyn AsyncMaildrop>, OpenError>> {
        Box::pin(async move {
            a_moment().await;
            Ok(Box::new(AsyncOpened(self.0.open(user)?)) as Box<dyn AsyncMaildrop>)
        })
    }
}

impl AsyncMaildrop for AsyncOpened {
    fn messages(&self) -> &[MessageInfo] {
        self.0.messages()
    }

    fn letter(
        &mut self,
        number: MessageNumber,
    ) -> BoxFuture<'_, Result<Box<dyn AsyncLetter>, LetterError>> {
        Box::pin(async move {
            a_moment().await;
            Ok(Box::new(Letter(self.0.letter(number)?)) as Box<dyn AsyncLetter>)
        })
    }

    fn remove<'a>(&'a mut self, numbers: &'a [MessageNumber]) -> BoxFuture<'a, Vec<Removal>> {
        Box::pin(async move {
            // Long enough to be cut in the midst of it.
            tokio::time::sleep(Duration::from_millis(300)).await;
            self.0.remove(numbers)
        })
    }
}

impl AsyncLetter for Letter {
    fn next_piece(&mut self) -> BoxFuture<'_, std::io::Result<Bytes>> {
        Box::pin(async move {
            a_moment().await;
            let mut octets = [0; 7_000];
            let read = self.0.read(&mut octets)?;
            Ok(Bytes::copy_from_slice(&octets[..read]))
        })
    }
}

struct Running {
    server: JoinHandle<std::io::Result<()>>,
    address: std::net::SocketAddr,
    stop: Stop,
}

async fn run(service: Service) -> Running {
    let mut server = Server::bind("127.0.0.1:0", service).await.unwrap();
    server.set_drain_limit(Duration::from_millis(50));
    let (address, stop) = (server.addresses()[0], server.stop());
    Running { server: tokio::spawn(server.run()), address, stop }
}

fn blocking(
    letters: &Arc<MemoryMaildrops>,
    opening: Option<Arc<Gate>>,
    removing: Option<Arc<Gate>>,
) -> Service {
    Service::new(
        letters.clone(),
        Arc::new(Blocking { letters: letters.clone(), opening, removing }),
    )
}

fn is_locked(letters: &MemoryMaildrops) -> bool {
    matches!(letters.open(&mark()), Err(OpenError::InUse))
}

/// On one thread: whatever blocks it blocks everything.
#[tokio::test]
async fn a_store_that_blocks_does_not_hold_up_other_sessions() {
    let (letters, _) = service(&[LETTER]);
    letters.add_user(UserName::new("anna").unwrap(), Secret::new("pike").unwrap());
    let (gate, keeper) = gate();
    let Running { address, stop, server } = run(blocking(&letters, Some(gate), None)).await;
    let slow = tokio::spawn(async move {
        let client = Client::connect(address).await.unwrap();
        client.login("mark", "swordfish").await.unwrap().quit().await.unwrap();
    });
    keeper.somebody_came().await;
    let mut quick = Client::connect(address).await.unwrap().login("anna", "pike").await.unwrap();
    assert_eq!(quick.stat().await.unwrap().messages, 0);
    quick.quit().await.unwrap();
    assert!(!slow.is_finished());
    keeper.let_pass();
    slow.await.unwrap();
    stop.stop();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_session_that_removes_letters_is_waited_for_and_not_cut() {
    let (letters, _) = service(&[LETTER]);
    let (gate, keeper) = gate();
    let Running { address, stop, server } = run(blocking(&letters, None, Some(gate))).await;
    let mut session =
        Client::connect(address).await.unwrap().login("mark", "swordfish").await.unwrap();
    session.delete(MessageNumber::FIRST).await.unwrap();
    let quit = tokio::spawn(session.quit());
    keeper.somebody_came().await;
    stop.stop();
    stop.cut();
    // Longer than the drain limit.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!server.is_finished());
    keeper.let_pass();
    server.await.unwrap().unwrap();
    assert!(letters.letters(&mark()).is_empty());
    // Whether the client still hears of it does not matter.
    drop(quit.await.unwrap());
}

#[tokio::test]
async fn a_server_that_is_dropped_while_a_store_works_leaves_nothing_locked() {
    let (letters, _) = service(&[LETTER]);
    let (gate, keeper) = gate();
    let Running { address, server, .. } = run(blocking(&letters, Some(gate), None)).await;
    let client = tokio::spawn(async move {
        Client::connect(address).await?.login("mark", "swordfish").await.map_err(|e| e.error)
    });
    keeper.somebody_came().await;
    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
    assert!(is_locked(&letters));
    keeper.let_pass();
    assert!(client.await.unwrap().is_err());
    while is_locked(&letters) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(letters.letters(&mark()).len(), 1);
}

#[tokio::test]
async fn an_asynchronous_store_is_served_without_threads() {
    let long = b"0123456789\n".repeat(20_000);
    let (letters, _) = service(&[LETTER, &long]);
    let store = Arc::new(Asynchronous(letters.clone()));
    let service = Service::with_async_maildrops(letters.clone(), store);
    let Running { address, stop, server } = run(service).await;
    let mut session =
        Client::connect(address).await.unwrap().login("mark", "swordfish").await.unwrap();
    let mut content = Vec::new();
    let second = MessageNumber::new(2).unwrap();
    session.retrieve(second).await.unwrap().read_to_end(&mut content).await.unwrap();
    assert!(content == b"0123456789\r\n".repeat(20_000));
    session.delete(second).await.unwrap();
    let quit = tokio::spawn(session.quit());
    tokio::time::sleep(Duration::from_millis(100)).await;
    // In the midst of removing.
    server.abort();
    stop.cut();
    drop(quit.await.unwrap());
    while is_locked(&letters) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(letters.letters(&mark()).len(), 1);
}

#[tokio::test]
async fn a_store_that_panics_ends_its_session_and_no_other() {
    struct Panics;
    impl Maildrops for Panics {
        fn open(&self, _: &UserName) -> Result<Box<dyn Maildrop>, OpenError> {
            panic!("as it was told to");
        }
    }
    let (letters, _) = service(&[]);
    let Running { address, stop, server } = run(Service::new(letters, Arc::new(Panics))).await;
    for _ in 0..2 {
        let client = Client::connect(address).await.unwrap();
        assert!(client.login("mark", "swordfish").await.unwrap_err().client.is_none());
    }
    stop.stop();
    server.await.unwrap().unwrap();
}
