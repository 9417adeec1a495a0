//! No letter is lost by `kill -9`, at whatever moment, of whichever side.
//!
//! The moments are spread over the real duration of a run, a little beyond its end, from a seed;
//! what the kills met is counted and told, and a run of the test that
//! met too little fails.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use pop3_blocking::Client;
use pop3_maildrop::maildir::deliver;
use pop3_proto::MessageNumber;
use pop3_tests::letters::{Letter, collect, lay_out};
use pop3_tests::pop3::{Serve, fetch};
use pop3_tests::process::{Running, run, wait_for};
use pop3_tests::random::Random;
use pop3_tests::tell;

const RUNS: u64 = 200;
const PATIENCE: Duration = Duration::from_secs(30);

/// How many letters a session of the first test finds.
const LETTERS: usize = 12;

/// How many letters a run of the second test fetches: more than `fetch` makes durable at once.
const FETCHED: usize = 270;

/// Both tests measure time, so they do not run at once.
static ALONE: Mutex<()> = Mutex::new(());

/// What became of a letter, as far as the client can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It must be there.
    There,
    /// It must be gone, and stay so.
    Gone,
    /// It was marked, and QUIT was sent but never answered: either is right.
    Open,
}

/// How far a session came before the server was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    Nothing,
    Login,
    Quit,
    End,
}

#[test]
fn a_killed_server_has_removed_what_a_quit_confirmed_and_nothing_else() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let (mail, mut random) = (dir.path().join("mail"), Random::new(9));
    let mut ledger: BTreeMap<Vec<u8>, Fate> = BTreeMap::new();
    std::fs::create_dir(&mail).unwrap();

    let (whole, quitting) = durations_of_a_session(&mail, dir.path());
    let mut met: BTreeMap<Reached, usize> = BTreeMap::new();
    for run in 0..RUNS {
        while living(&ledger) < LETTERS {
            let letter = letter(run, ledger.len());
            deliver(mail.join("mark"), &mut &letter[..]).unwrap();
            ledger.insert(letter, Fate::There);
        }
        let mut server = Serve::start(&mail, dir.path()).unwrap();
        // Three letters of four are marked.
        let (address, doomed) = (server.address, random.next() | random.next());
        let (sender, reaching) = mpsc::channel();
        let client = std::thread::spawn(move || session(address, doomed, &sender));
        // Every other kill waits for QUIT, which is short and where it matters most.
        let span = match run % 2 {
            0 => whole,
            _ => {
                while reaching.recv_timeout(PATIENCE).unwrap() != Reached::Quit {}
                quitting
            }
        };
        kill_at(Instant::now() + span.mul_f64(1.2 * random.fraction()), &mut server.process);
        let (reached, marked) = client.join().unwrap();
        *met.entry(reached).or_default() += 1;

        for letter in marked {
            let fate = ledger.get_mut(&letter).expect("only what was delivered is retrieved");
            *fate = match reached {
                Reached::End => Fate::Gone,
                Reached::Quit => Fate::Open,
                Reached::Nothing | Reached::Login => Fate::There,
            };
        }
        settle(&mut ledger, &mail, run);
    }
    tell(&format!("kills of the server, by how far its session had come: {met:?}"));
    assert!(
        met.values().filter(|count| **count >= 5).count() >= 3,
        "the kills met little: {met:?}"
    );
}

/// Compares what is on disk with what must be. What was open is now decided.
fn settle(ledger: &mut BTreeMap<Vec<u8>, Fate>, mail: &Path, run: u64) {
    let there = collect(&mail.join("mark")).unwrap();
    for letter in &there {
        assert!(ledger.contains_key(letter), "run {run}: a letter that nobody sent");
    }
    for (letter, fate) in ledger {
        let copies = there.iter().filter(|other| *other == letter).count();
        match (*fate, copies) {
            (Fate::There, 1) | (Fate::Gone, 0) => {}
            (Fate::Open, 0) => *fate = Fate::Gone,
            (Fate::Open, 1) => *fate = Fate::There,
            (fate, copies) => panic!(
                "run {run}: a letter that must be {fate:?} is there {copies} times: {}",
                letter.escape_ascii()
            ),
        }
    }
}

/// Logs in, reads all letters, marks some, quits; tells how far that went and what was marked.
fn session(
    server: SocketAddr,
    doomed: u64,
    reaching: &mpsc::Sender<Reached>,
) -> (Reached, Vec<Vec<u8>>) {
    let mut marked = Vec::new();
    let mut reached = Reached::Nothing;
    let mut reach = |stage| {
        reached = stage;
        // Nobody may be interested.
        let _ = reaching.send(stage);
    };
    // An error is what the kill looks like from here.
    let _ = (|| -> Result<(), Box<dyn std::error::Error>> {
        let mut session = Client::connect(server)?.login("mark", "swordfish")?;
        reach(Reached::Login);
        for message in session.list()? {
            let letter = content(&mut session, message.number)?;
            if doomed >> (message.number.get() % 64) & 1 == 1 {
                session.delete(message.number)?;
                marked.push(letter);
            }
        }
        reach(Reached::Quit);
        session.quit()?;
        reach(Reached::End);
        Ok(())
    })();
    (reached, marked)
}

fn content(
    session: &mut pop3_blocking::Session,
    number: MessageNumber,
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut letter = Vec::new();
    std::io::Read::read_to_end(&mut session.retrieve(number)?, &mut letter)?;
    // Delivered with LF, retrieved with CRLF.
    letter.retain(|octet| *octet != b'\r');
    Ok(letter)
}

#[test]
fn a_killed_fetch_leaves_every_letter_here_or_there() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let (mail, mut random) = (dir.path().join("mail"), Random::new(11));
    std::fs::create_dir(&mail).unwrap();
    let server = Serve::start(&mail, dir.path()).unwrap();

    let usual = duration_of_a_fetch(&mail, server.address, dir.path());
    let (mut before, mut within, mut after) = (0, 0, 0);
    for run in 0..RUNS {
        let sent = send(&mail, run);
        let inbox = dir.path().join(format!("inbox-{run}"));
        let mut command = fetch(server.address, &inbox);
        command.arg("--delete").stdout(Stdio::null());
        let start = Instant::now();
        let mut running = Running::start("fetch", &mut command, dir.path()).unwrap();
        // Every other kill waits for work to be done, so that a busy machine does not shift it.
        match run % 2 {
            0 => kill_at(start + usual.mul_f64(1.2 * random.fraction()), &mut running),
            _ => kill_after(random.below(3 * FETCHED as u64) as usize, &inbox, &mail, &mut running),
        }

        wait_until_nobody_is_logged_in(server.address);
        let left: HashSet<Vec<u8>> = collect(&mail.join("mark")).unwrap().into_iter().collect();
        let fetched = collect(&inbox).unwrap();
        match (left.len(), fetched.len()) {
            (0, _) => after += 1,
            (_, 0) => before += 1,
            _ => within += 1,
        }
        let here: HashSet<Vec<u8>> = fetched.into_iter().collect();
        let lost = sent.iter().filter(|letter| !left.contains(*letter) && !here.contains(*letter));
        assert_eq!(lost.count(), 0, "run {run}: letters are lost");

        // The next run of the same command fetches the rest.
        let mut again = fetch(server.address, &inbox);
        pop3_tests::process::run(again.arg("--delete"), dir.path(), PATIENCE).unwrap();
        assert!(collect(&mail.join("mark")).unwrap().is_empty(), "run {run}: letters are left");
        let mut copies: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        for letter in collect(&inbox).unwrap() {
            *copies.entry(letter).or_default() += 1;
        }
        // Whole letters, and nothing but these, each once or twice.
        assert!(copies.values().all(|copies| *copies <= 2), "run {run}: a letter is there thrice");
        assert_eq!(sent, copies.into_keys().collect::<Vec<_>>(), "run {run}");
        std::fs::remove_dir_all(&inbox).unwrap();
    }
    server.stop().unwrap();
    tell(&format!("kills of fetch: {before} before, {within} within, {after} after its work"));
    assert!(within >= 20, "the kills met little: {before} before, {within} within, {after} after");
}

/// Waits for the server to notice that its client is dead, which frees the maildrop.
fn wait_until_nobody_is_logged_in(server: SocketAddr) {
    let free = wait_for("the end of the killed session", PATIENCE, || {
        let session = Client::connect(server).ok()?.login("mark", "swordfish").ok()?;
        session.quit().ok()
    });
    free.unwrap();
}

/// Kills as exactly at a moment as the machine allows.
fn kill_at(moment: Instant, process: &mut Running) {
    std::thread::sleep(moment.saturating_duration_since(Instant::now()));
    process.kill();
}

/// Kills when so many steps are done: a letter written, a letter in place, a letter deleted.
fn kill_after(steps: usize, inbox: &Path, mail: &Path, process: &mut Running) {
    let count = |folder: &Path| std::fs::read_dir(folder).map_or(0, Iterator::count);
    let done = || {
        let (written, placed) = (count(&inbox.join("tmp")), count(&inbox.join("new")));
        written + 2 * placed + FETCHED.saturating_sub(count(&mail.join("mark/new")))
    };
    while done() < steps && process.is_running() {
        // Looking takes time from what is looked at.
        std::thread::sleep(Duration::from_micros(500));
    }
    process.kill();
}

/// A letter of its own.
fn letter(run: u64, index: usize) -> Vec<u8> {
    let line = format!("{run} {index} ").repeat(8);
    format!("Subject: run {run}, letter {index}\n\n{}", format!("{line}\n").repeat(20)).into()
}

/// Puts letters of its own into a run's maildrop, which is empty; gives them back sorted.
fn send(mail: &Path, run: u64) -> Vec<Vec<u8>> {
    let letters: Vec<Letter> = (0..FETCHED)
        .map(|index| Letter { name: String::new(), content: letter(run, index) })
        .collect();
    lay_out(&mail.join("mark"), &letters).unwrap();
    let mut sent: Vec<Vec<u8>> = letters.into_iter().map(|letter| letter.content).collect();
    sent.sort();
    sent
}

fn living(ledger: &BTreeMap<Vec<u8>, Fate>) -> usize {
    ledger.values().filter(|fate| **fate == Fate::There).count()
}

/// How long a session takes that nobody kills, and how long its QUIT.
fn durations_of_a_session(mail: &Path, scratch: &Path) -> (Duration, Duration) {
    let (mut whole, mut quitting) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        for index in 0..LETTERS {
            deliver(mail.join("mark"), &mut &letter(0, index)[..]).unwrap();
        }
        let server = Serve::start(mail, scratch).unwrap();
        let address = server.address;
        let (sender, reaching) = mpsc::channel();
        let start = Instant::now();
        let client = std::thread::spawn(move || session(address, u64::MAX, &sender));
        let mut quit = start;
        for stage in reaching {
            if stage == Reached::Quit {
                quit = Instant::now();
            }
        }
        whole.push(start.elapsed());
        quitting.push(quit.elapsed());
        assert_eq!(client.join().unwrap().0, Reached::End);
        server.stop().unwrap();
    }
    (median(whole), median(quitting))
}

/// How long a fetch takes that nobody kills.
fn duration_of_a_fetch(mail: &Path, server: SocketAddr, scratch: &Path) -> Duration {
    let took = (0..5).map(|_| {
        send(mail, 0);
        let mut command = fetch(server, &scratch.join("inbox"));
        let start = Instant::now();
        run(command.arg("--delete"), scratch, PATIENCE).unwrap();
        let took = start.elapsed();
        assert!(collect(&mail.join("mark")).unwrap().is_empty());
        took
    });
    median(took.collect())
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort();
    took[took.len() / 2]
}
