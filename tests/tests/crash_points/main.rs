//! A fault between any two steps: every system call by which delivery, login, the UPDATE state and
//! `pop3 fetch` touch the disk is where a program is killed once, and where the disk fails once in
//! each of several ways. Then the mailbox opens again at once, each letter is there once and whole,
//! or was lawfully removed, and unique-ids are what they were.
//!
//! The steps are not listed here but found by watching the programs, so that a new one is tried
//! as well. How many were tried is told. Without `strace`, or where it may not trace, these tests are
//! ignored by name.

mod fetching;
mod serving;
mod stores;
mod worker;

use libtest_mimic::{Arguments, Trial};
use pop3_tests::peers::trial_unless;
use pop3_tests::strace::{self, Ended, Fault, Step};

/// A letter that no other is like.
fn letter(name: &str) -> Vec<u8> {
    let body = format!("{name}, From the first line\nFrom the second\n.\n").repeat(40);
    format!("Subject: {name}\n\n{body}").into_bytes()
}

/// A directory for a test, in memory where there is such a file system: nothing here depends on
/// what a disk does with a sync, which takes most of the time.
fn scratch() -> Result<tempfile::TempDir, String> {
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.map_err(|error| error.to_string())
}

/// Programs end by themselves, or are killed because they were to be; they never panic.
fn check_end(ended: &Ended, fault: Fault, step: &Step) -> Result<(), String> {
    let told = || format!("{fault:?} at {}: {}\n{}", step.shown, ended.status, ended.said);
    let panicked = ended.said.contains("panicked") || ended.status.code() == Some(101);
    let silent = ended.status.code().is_some_and(|code| code != 0) && ended.said.trim().is_empty();
    let by_itself = ended.status.code().is_some() || fault == Fault::Kill;
    if panicked || silent || !by_itself { Err(told()) } else { Ok(()) }
}

type Test = fn() -> Result<(), String>;

fn main() {
    if worker::is_meant() {
        return worker::work();
    }
    let stores = stores::trials();
    let rest: [(&str, Test); 5] = [
        ("pop3 deliver, at any step", stores::pop3_deliver),
        ("pop3 serve, at any step of a session", serving::sessions),
        ("pop3 fetch into a Maildir, at any step", fetching::maildir),
        ("pop3 fetch into an mbox, at any step", fetching::mbox),
        ("pop3 fetch into .eml files, at any step", fetching::eml),
    ];
    let trials: Vec<Trial> = stores
        .into_iter()
        .chain(rest.map(|(name, test)| (name.to_owned(), Box::new(test) as Box<_>)))
        .map(|(name, test)| trial_unless(strace::missing(), name, test))
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
