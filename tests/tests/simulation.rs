//! pop3-tokio in a network that delays, partitions and restarts as a seed says, in simulated time.
//!
//! A client collects a mailbox as `pop3 fetch --delete` does: what it has kept it deletes, and when
//! anything fails it comes again. Whatever happens, no letter is lost, none is kept that is not whole,
//! and a QUIT that was confirmed has removed what it was to remove. `POP3_SEEDS=1000` in the
//! environment tries as many seeds; a failure names its own.

use std::collections::BTreeSet;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::{
    AsyncAuthenticator, AsyncLetter, AsyncMaildrop, AsyncMaildrops, Authenticator, BoxFuture,
    LetterError, LoginRefused, Maildrop, Maildrops, OpenError, Removal, Service,
};
use pop3_proto::adapter::Options;
use pop3_proto::auth::Credentials;
use pop3_proto::bytes::Bytes;
use pop3_proto::{MessageInfo, MessageNumber, Secret, UserName};
use pop3_tests::random::Random;
use pop3_tests::tell;
use pop3_tokio::{Client, serve_stream};
use tokio::io::AsyncReadExt;
use tokio::time::{sleep, timeout};
use turmoil::net::{TcpListener, TcpStream};

const LETTERS: usize = 6;

/// For so long the network misbehaves; then it is mended.
const TROUBLE: Duration = Duration::from_secs(120);

/// By then a client has everything, however it went before: a server that was told of no end holds the
/// mailbox for ten minutes (RFC 1939, section 3).
const END: Duration = Duration::from_secs(120 + 600 + 180);

fn mark() -> UserName {
    UserName::new("mark").unwrap()
}

/// A post office in memory whose every answer takes a moment. It outlives the server, as a disk does.
#[derive(Clone)]
struct Slow(MemoryMaildrops);

async fn a_moment() {
    sleep(Duration::from_millis(3)).await;
}

impl AsyncAuthenticator for Slow {
    fn authenticate<'a>(
        &'a self,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<UserName, LoginRefused>> {
        Box::pin(async move {
            a_moment().await;
            self.0.authenticate(credentials)
        })
    }
}

impl AsyncMaildrops for Slow {
    fn open<'a>(
        &'a self,
        user: &'a UserName,
    ) -> BoxFuture<'a, Result<Box<dyn AsyncMaildrop>, OpenError>> {
        Box::pin(async move {
            a_moment().await;
            Ok(Box::new(SlowMaildrop(self.0.open(user)?)) as Box<dyn AsyncMaildrop>)
        })
    }
}

struct SlowMaildrop(Box<dyn Maildrop>);

impl AsyncMaildrop for SlowMaildrop {
    fn messages(&self) -> &[MessageInfo] {
        self.0.messages()
    }

    fn letter(
        &mut self,
        number: MessageNumber,
    ) -> BoxFuture<'_, Result<Box<dyn AsyncLetter>, LetterError>> {
        Box::pin(async move {
            a_moment().await;
            Ok(Box::new(SlowLetter(self.0.letter(number)?)) as Box<dyn AsyncLetter>)
        })
    }

    fn remove<'a>(&'a mut self, numbers: &'a [MessageNumber]) -> BoxFuture<'a, Vec<Removal>> {
        Box::pin(async move {
            a_moment().await;
            self.0.remove(numbers)
        })
    }
}

struct SlowLetter(Box<dyn Read + Send>);

impl AsyncLetter for SlowLetter {
    fn next_piece(&mut self) -> BoxFuture<'_, std::io::Result<Bytes>> {
        Box::pin(async move {
            a_moment().await;
            let mut octets = [0; 5_000];
            let read = self.0.read(&mut octets)?;
            Ok(Bytes::copy_from_slice(&octets[..read]))
        })
    }
}

/// Letter `index`: a few octets, or some thousand.
fn letter(index: usize) -> Vec<u8> {
    let body = format!("line of letter {index}\r\n.\r\n").repeat(1 + index * 400);
    format!("Subject: {index}\r\n\r\n{body}").into_bytes()
}

/// What the client has on its own disk, and what it was told.
#[derive(Default)]
struct Inbox {
    kept: BTreeSet<Vec<u8>>,
    /// What was deleted by a QUIT that was confirmed.
    confirmed: BTreeSet<Vec<u8>>,
    attempts: usize,
    done: bool,
}

type Trouble = Box<dyn std::error::Error>;

/// Collects once; true when nothing was left.
async fn collect(inbox: &Mutex<Inbox>) -> Result<bool, Trouble> {
    let stream = TcpStream::connect(("server", 110)).await?;
    let client = Client::with_stream(stream, &Options::default()).await?;
    let mut session = client.login("mark", "swordfish").await?;
    let listed = session.list().await?;
    let mut deleted = Vec::new();
    for message in &listed {
        let mut content = Vec::new();
        session.retrieve(message.number).await?.read_to_end(&mut content).await?;
        inbox.lock().unwrap().kept.insert(content.clone());
        session.delete(message.number).await?;
        deleted.push(content);
    }
    session.quit().await?;
    inbox.lock().unwrap().confirmed.extend(deleted);
    Ok(listed.is_empty())
}

/// Simulates one seed; gives how often the client had to come, and how often the network failed.
fn simulate(seed: u64) -> (usize, usize) {
    let mut random = Random::new(seed);
    let mut sim = turmoil::Builder::new()
        .rng_seed(seed)
        .simulation_duration(END)
        .tick_duration(Duration::from_millis(10))
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(1 + random.below(400)))
        .build();
    let office = MemoryMaildrops::new();
    office.add_user(mark(), Secret::new("swordfish").unwrap());
    let letters: BTreeSet<Vec<u8>> = (0..LETTERS).map(letter).collect();
    for letter in &letters {
        office.deliver(&mark(), letter).unwrap();
    }

    let slow = Slow(office.clone());
    sim.host("server", move || {
        let slow = Arc::new(slow.clone());
        async move {
            let service = Service::asynchronous(slow.clone(), slow);
            let listener = TcpListener::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), 110)).await?;
            loop {
                let (stream, _) = listener.accept().await?;
                let service = service.clone();
                tokio::spawn(async move { serve_stream(stream, None, &service).await });
            }
        }
    });
    let inbox = Arc::new(Mutex::new(Inbox::default()));
    let ours = inbox.clone();
    sim.client("client", async move {
        loop {
            ours.lock().unwrap().attempts += 1;
            // A connection that nobody answers on is given up, as by whoever polls a mailbox.
            if let Ok(Ok(true)) = timeout(Duration::from_secs(30), collect(&ours)).await {
                ours.lock().unwrap().done = true;
                return Ok(());
            }
            sleep(Duration::from_millis(500)).await;
        }
    });

    let (mut failures, mut mended) = (0, false);
    loop {
        if sim.elapsed() < TROUBLE {
            // Some thousand steps, of which a few in a hundred change something.
            failures += usize::from(disturb(&mut sim, random.below(400)));
        } else if !mended {
            mended = true;
            sim.release("client", "server");
            sim.repair("client", "server");
        }
        match sim.step() {
            Ok(true) => break,
            Ok(false) => {}
            Err(error) => panic!("seed {seed}: {error}"),
        }
        check(seed, &letters, &office, &inbox.lock().unwrap());
    }
    let inbox = inbox.lock().unwrap();
    check(seed, &letters, &office, &inbox);
    assert!(inbox.done && inbox.kept == letters, "seed {seed}: not everything was collected");
    assert!(office.letters(&mark()).is_empty(), "seed {seed}: something was left");
    (inbox.attempts, failures)
}

/// Changes the network as a lot says, for the worse or for the better; whether for the worse.
fn disturb(sim: &mut turmoil::Sim<'_>, lot: u64) -> bool {
    match lot {
        0 | 1 => sim.partition("client", "server"),
        2 => sim.partition_oneway("client", "server"),
        3 => sim.partition_oneway("server", "client"),
        4 => sim.hold("client", "server"),
        5 => {
            sim.crash("server");
            sim.bounce("server");
        }
        6..=40 => {
            sim.release("client", "server");
            sim.repair("client", "server");
        }
        _ => {}
    }
    lot <= 5
}

fn check(seed: u64, letters: &BTreeSet<Vec<u8>>, office: &MemoryMaildrops, inbox: &Inbox) {
    let there: BTreeSet<Vec<u8>> =
        office.letters(&mark()).iter().map(|letter| letter.to_vec()).collect();
    for letter in letters {
        assert!(there.contains(letter) || inbox.kept.contains(letter), "seed {seed}: lost");
    }
    assert!(inbox.kept.is_subset(letters), "seed {seed}: a letter is not whole");
    assert!(inbox.confirmed.is_disjoint(&there), "seed {seed}: confirmed and not removed");
}

#[test]
fn no_letter_is_lost_whatever_the_network_does() {
    let seeds = std::env::var("POP3_SEEDS").map_or(40, |seeds| seeds.parse().expect("a number"));
    let (mut attempts, mut failures) = (0, 0);
    for seed in 0..seeds {
        let (came, failed) = simulate(seed);
        attempts += came;
        failures += failed;
    }
    tell(&format!("{seeds} seeds: {attempts} sessions, {failures} failures of the network"));
    assert!(attempts > seeds as usize, "no session was disturbed");
}

#[test]
fn a_seed_says_it_all() {
    assert_eq!(simulate(7), simulate(7));
}
