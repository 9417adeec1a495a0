//! A session is cut after every single octet, in each direction, on each runtime: nothing hangs,
//! nothing panics, what a client took for whole is whole, and no letter is gone without a QUIT that
//! came through.

use std::convert::identity as now;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_std::task::block_on;
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::{Door, Service};
use pop3_proto::adapter::{Endpoint, Options, Security, account};
use pop3_proto::client::exchange::Method;
use pop3_proto::{MessageNumber, Secret, UserName};
use pop3_tests::adapters::{Adapter, on_tokio};
use pop3_tests::tell;

const LETTERS: [&[u8]; 3] = [
    b"Subject: first\r\n\r\n.\r\none line\r\n",
    b"Subject: second\r\n\r\nto be deleted\r\n",
    b"Subject: third\r\n\r\n",
];

/// Nothing in a session of a second may take longer, however it is cut.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many sessions run at once.
const AT_ONCE: usize = 8;

/// In which direction, and after how many octets, the wire is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    ToServer(usize),
    ToClient(usize),
    Nowhere,
}

/// What became of a session on the client's side.
#[derive(Debug, Default)]
struct Outcome {
    /// What it took for whole.
    retrieved: Vec<Vec<u8>>,
    /// Whether QUIT was answered well.
    quit: bool,
}

/// Logs in, looks, retrieves two letters, deletes the second, quits.
macro_rules! session {
    ($adapter:ident, $wait:path, $endpoint:expr, $user:expr) => {{
        let mut outcome = Outcome::default();
        let number = |n| MessageNumber::new(n).unwrap();
        let (mut options, mark) = (Options::default(), account($user, b"swordfish").unwrap());
        options.security = Security::None;
        let told = || -> Result<(), pop3_proto::adapter::Error> {
            let client = $wait($adapter::Client::connect_with($endpoint, &options))?;
            let login = $wait(client.login_by(mark, &[Method::User]));
            let mut session = login.map_err(|failed| failed.error)?;
            $wait(session.list())?;
            let mut letters = session.retrieve_all([1, 2].map(number));
            while let Some((_, letter)) = $wait(letters.next_letter())? {
                let (mut letter, mut content) = (letter?, Vec::new());
                while let Some(chunk) = $wait(letter.next_chunk())? {
                    content.extend_from_slice(&chunk);
                }
                outcome.retrieved.push(content);
            }
            drop(letters);
            $wait(session.delete(number(2)))?;
            $wait(session.quit())?;
            Ok(())
        };
        outcome.quit = told().is_ok();
        outcome
    }};
}

fn session(adapter: Adapter, server: SocketAddr, user: &str) -> Outcome {
    let endpoint: Endpoint = server.to_string().parse().unwrap();
    match adapter {
        Adapter::Blocking => session!(pop3_blocking, now, endpoint.clone(), user),
        Adapter::Tokio => session!(pop3_tokio, on_tokio, endpoint.clone(), user),
        Adapter::AsyncStd => session!(pop3_async_std, block_on, endpoint.clone(), user),
    }
}

/// A wire with a blade: what it let through, in each direction.
#[derive(Clone, Default)]
struct Passed {
    to_server: Arc<AtomicUsize>,
    to_client: Arc<AtomicUsize>,
}

/// Lets the octets of one connection through up to the cut, and refuses every other.
fn blade(listener: &TcpListener, server: SocketAddr, cut: Cut, passed: &Passed) {
    let Ok((client, _)) = listener.accept() else { return };
    let server = TcpStream::connect_timeout(&server, PATIENCE).unwrap();
    let limits = match cut {
        Cut::ToServer(octets) => (octets, usize::MAX),
        Cut::ToClient(octets) => (usize::MAX, octets),
        Cut::Nowhere => (usize::MAX, usize::MAX),
    };
    std::thread::scope(|scope| {
        scope.spawn(|| pass(&client, &server, limits.0, &passed.to_server));
        pass(&server, &client, limits.1, &passed.to_client);
    });
}

/// Copies so many octets and none behind them, then cuts both ways.
fn pass(mut from: &TcpStream, mut to: &TcpStream, limit: usize, passed: &AtomicUsize) {
    from.set_read_timeout(Some(PATIENCE)).unwrap();
    to.set_nodelay(true).unwrap();
    let mut octets = [0; 4_096];
    let mut left = limit;
    while left > 0 {
        let most = left.min(octets.len());
        match from.read(&mut octets[..most]) {
            Ok(0) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
            Ok(read) => {
                if to.write_all(&octets[..read]).is_err() {
                    break;
                }
                passed.fetch_add(read, Ordering::SeqCst);
                left -= read;
            }
        }
    }
    // The other end may be gone already.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// A user of one session, whose name is as long as everybody's.
fn user(index: usize) -> String {
    format!("user{index:05}")
}

fn cut_session(
    adapter: Adapter,
    server: SocketAddr,
    index: usize,
    cut: Cut,
) -> (Outcome, usize, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let passed = Passed::default();
    let wire = {
        let passed = passed.clone();
        std::thread::spawn(move || blade(&listener, server, cut, &passed))
    };
    let started = Instant::now();
    let outcome = session(adapter, address, &user(index));
    assert!(started.elapsed() < PATIENCE, "{adapter:?}, {cut:?}: it took too long");
    wire.join().unwrap();
    (outcome, passed.to_server.load(Ordering::SeqCst), passed.to_client.load(Ordering::SeqCst))
}

fn cut_everywhere(adapter: Adapter) {
    let office = MemoryMaildrops::new();
    let mut service = Service::new(Arc::new(office.clone()), Arc::new(office.clone()));
    service.config_mut().failed_login_delay = Duration::ZERO;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    let serving = adapter.serve(vec![(listener, Door::PLAIN)], service);
    let add = |index: usize| {
        let name = UserName::new(user(index)).unwrap();
        office.add_user(name.clone(), Secret::new("swordfish").unwrap());
        for letter in LETTERS {
            office.deliver(&name, letter).unwrap();
        }
    };
    let left = |index: usize| office.letters(&UserName::new(user(index)).unwrap());

    add(0);
    let (outcome, to_server, to_client) = cut_session(adapter, server, 0, Cut::Nowhere);
    assert!(outcome.quit && outcome.retrieved == LETTERS[..2], "{adapter:?}: {outcome:?}");
    assert_eq!(left(0).len(), 2);

    let cuts: Vec<Cut> = (0..to_server)
        .map(Cut::ToServer)
        .chain((0..to_client).map(Cut::ToClient))
        .chain([Cut::ToServer(to_server), Cut::ToClient(to_client)])
        .collect();
    (1..=cuts.len()).for_each(add);
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(cut) = cuts.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let index = 1 + cuts.iter().position(|one| one == cut).unwrap();
                    let result = cut_session(adapter, server, index, *cut);
                    outcomes.lock().unwrap().push((index, *cut, result));
                }
            });
        }
    });
    // All sessions are over once the server has stopped.
    serving.stop();

    let mut removed = 0;
    for (index, cut, (outcome, said, _)) in outcomes.into_inner().unwrap() {
        for (retrieved, letter) in outcome.retrieved.iter().zip(LETTERS) {
            assert_eq!(retrieved, letter, "{adapter:?}, {cut:?}: not whole");
        }
        let left = left(index);
        let is_there = |letter: &[u8]| left.iter().any(|one| **one == *letter);
        assert!(is_there(LETTERS[0]) && is_there(LETTERS[2]), "{adapter:?}, {cut:?}: lost");
        let quit_came_through = said == to_server;
        if !is_there(LETTERS[1]) {
            removed += 1;
            assert!(quit_came_through, "{adapter:?}, {cut:?}: removed without QUIT");
        }
        if outcome.quit {
            assert!(
                quit_came_through && !is_there(LETTERS[1]),
                "{adapter:?}, {cut:?}: not removed"
            );
        }
    }
    assert!(removed > 0, "no cut was behind QUIT");
    tell(&format!("{adapter:?}: {} cuts, {removed} of them behind QUIT", cuts.len()));
}

#[test]
fn the_blocking_session_survives_every_cut() {
    cut_everywhere(Adapter::Blocking);
}

#[test]
fn the_session_on_tokio_survives_every_cut() {
    cut_everywhere(Adapter::Tokio);
}

#[test]
fn the_session_on_async_std_survives_every_cut() {
    cut_everywhere(Adapter::AsyncStd);
}
