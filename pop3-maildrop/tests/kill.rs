//! `kill -9` at any moment loses nothing: a worker delivers and removes letters and says what it
//! has done, and is killed; then everything it said must be true.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, thread};

use pop3_maildrop::maildir::{self, Maildir};
use pop3_maildrop::mbox::{self, Mbox};
use pop3_maildrop::{Maildrop, OpenError};
use pop3_proto::MessageNumber;

/// Tells the test that it is the worker, and where to work.
const WORKER: &str = "POP3_MAILDROP_KILL_WORKER";

const KILLS: u64 = 20;

/// One kind of storage.
struct Store {
    test: &'static str,
    deliver: fn(&Path, &[u8]),
    open: fn(&Path) -> Result<Box<dyn Maildrop>, OpenError>,
    /// Whether the letter that was under way may be there in part.
    may_tear: bool,
}

fn letter(n: u64) -> String {
    format!("Subject: {n}\n\n{}end of {n}\n", "From the middle\n".repeat(2_000))
}

/// The number of a letter; none when it is not whole.
fn number_of(letter: &str) -> Option<u64> {
    let n = letter.strip_prefix("Subject: ")?.split('\n').next()?.parse().ok()?;
    (letter == self::letter(n)).then_some(n)
}

fn read(maildrop: &dyn Maildrop, number: MessageNumber) -> String {
    let mut text = String::new();
    maildrop.letter(number).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn numbers(maildrop: &dyn Maildrop) -> Vec<Option<u64>> {
    (0..maildrop.messages().len())
        .map(|index| number_of(&read(maildrop, MessageNumber::from_index(index).unwrap())))
        .collect()
}

/// Delivers three letters and removes the first two that are there, for ever.
fn work(store: &Store, path: &Path, first: u64) -> ! {
    // The test harness may have begun a line.
    println!();
    for n in (first..).step_by(3) {
        for n in n..n + 3 {
            (store.deliver)(path, letter(n).as_bytes());
            println!("delivered {n}");
        }
        let mut maildrop = (store.open)(path).unwrap();
        let two = [MessageNumber::FIRST, MessageNumber::new(2).unwrap()];
        let doomed: Vec<_> =
            two.iter().map(|number| number_of(&read(&*maildrop, *number))).collect();
        for n in doomed.iter().flatten() {
            println!("removing {n}");
        }
        assert!(maildrop.remove(&two).iter().all(Result::is_ok));
        for n in doomed.iter().flatten() {
            println!("removed {n}");
        }
    }
    unreachable!("there are always more numbers")
}

fn check(store: &Store) {
    if let Ok(job) = env::var(WORKER) {
        let (first, path) = job.split_once(' ').unwrap();
        work(store, Path::new(path), first.parse().unwrap());
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mark");
    let (mut must, mut may) = (BTreeSet::new(), BTreeSet::new());
    let mut delivered = 0;
    for kill in 0..KILLS {
        let first = kill * 1_000_000;
        let mut worker = Command::new(env::current_exe().unwrap())
            .args(["--exact", store.test, "--nocapture"])
            .env(WORKER, format!("{first} {}", path.display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(30 + kill * 7 % 40));
        worker.kill().unwrap();
        let mut last = first;
        for line in BufReader::new(worker.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let Some((what, Ok(n))) = line.split_once(' ').map(|(what, n)| (what, n.parse()))
            else {
                continue;
            };
            match what {
                "delivered" => {
                    must.insert(n);
                    last = n + 1;
                }
                "removing" => {
                    must.remove(&n);
                    may.insert(n);
                }
                "removed" => {
                    may.remove(&n);
                }
                _ => {}
            }
        }
        let status = worker.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "the worker failed by itself: {status}");
        delivered += last - first;
        may.insert(last);

        // The dead hold no lock.
        let maildrop = (store.open)(&path).unwrap();
        let there = numbers(&*maildrop);
        assert!(store.may_tear || there.iter().all(Option::is_some), "a letter is torn");
        let whole = there.iter().flatten().count();
        let there: BTreeSet<u64> = there.into_iter().flatten().collect();
        assert_eq!(there.len(), whole, "a letter is there twice");
        let lost: Vec<_> = must.difference(&there).collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        let risen: Vec<_> =
            there.iter().filter(|n| !must.contains(n) && !may.contains(n)).collect();
        assert!(risen.is_empty(), "removed, and there again: {risen:?}");
        (must, may) = (there, BTreeSet::new());
    }
    assert!(delivered > KILLS, "the workers had no time to work");
}

#[test]
fn maildir_loses_nothing_by_kill_9() {
    check(&Store {
        test: "maildir_loses_nothing_by_kill_9",
        deliver: |path, letter| drop(maildir::deliver(path, &mut &*letter).unwrap()),
        open: |path| Ok(Box::new(Maildir::open(path)?)),
        may_tear: false,
    });
}

#[test]
fn mbox_loses_nothing_by_kill_9() {
    check(&Store {
        test: "mbox_loses_nothing_by_kill_9",
        deliver: |path, letter| mbox::deliver(path, "worker", &mut &*letter).unwrap(),
        open: |path| Ok(Box::new(Mbox::open(path)?)),
        may_tear: true,
    });
}
