//! `pop3 fetch --delete` under faults: each letter is on one side at least, and once only when the
//! same command has been run again without a fault, or twice, if it had come before the fault.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use pop3_blocking::Client;
use pop3_maildrop::mbox::Mbox;
use pop3_tests::letters::{Letter, collect, lay_out};
use pop3_tests::pop3::{Serve, fetch};
use pop3_tests::process::{run, wait_for};
use pop3_tests::strace::{Fault, Tracer};
use pop3_tests::tell;

use crate::stores::{content, plan};
use crate::{check_end, letter, scratch};

const LETTERS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads back what was kept.
type Kept = fn(&Path) -> Result<Vec<Vec<u8>>, String>;

pub(crate) fn maildir() -> Result<(), String> {
    faults("maildir", |inbox| collect(inbox).map_err(|error| error.to_string()))
}

pub(crate) fn mbox() -> Result<(), String> {
    faults("mbox", |inbox| {
        let mbox = Mbox::open(inbox).map_err(|error| format!("{error:?}"))?;
        Ok(content(&mbox).into_iter().map(|(letter, _)| letter).collect())
    })
}

pub(crate) fn eml() -> Result<(), String> {
    faults("eml", |inbox| {
        // Without a directory nothing was kept.
        let entries = fs::read_dir(inbox).into_iter().flatten().flatten();
        let files = entries.map(|entry| entry.path());
        let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "eml"));
        let read = |path| -> Result<Vec<u8>, String> {
            let mut letter = fs::read(path).map_err(|error| error.to_string())?;
            // Delivered with LF, kept as it came.
            letter.retain(|octet| *octet != b'\r');
            Ok(letter)
        };
        files.map(read).collect()
    })
}

fn faults(format: &str, kept: Kept) -> Result<(), String> {
    let dir = scratch()?;
    let (mail, here) = (dir.path().join("mail"), dir.path().join("here"));
    let (post, inbox) = (mail.join("mark"), here.join("inbox"));
    fs::create_dir(&mail).map_err(|error| error.to_string())?;
    let sent: Vec<Vec<u8>> = (0..LETTERS).map(|index| letter(&index.to_string())).collect();
    let letters: Vec<_> = sent
        .iter()
        .map(|content| Letter { name: String::new(), content: content.clone() })
        .collect();
    let prepare = || -> Result<(), String> {
        for directory in [&post, &here] {
            // There is none the first time.
            let _ = fs::remove_dir_all(directory);
        }
        fs::create_dir(&here).map_err(|error| error.to_string())?;
        lay_out(&post, &letters).map_err(|error| error.to_string())
    };
    prepare()?;
    let server = Serve::start(&mail, dir.path())?;
    let command = || -> Command {
        let mut command = fetch(server.address, &inbox);
        command.args(["--delete", "--format", format, "--runtime", "blocking"]);
        command
    };
    let tracer = Tracer::new(dir.path());
    let ended = tracer.run(&command(), b"", None)?;
    if !ended.status.success() || sorted(kept(&inbox)?) != sent {
        return Err(format!("without a fault: {}", ended.said));
    }
    let steps = tracer.steps(&here)?;
    let (mut killed, mut failed) = (0, 0);
    for (step, fault) in plan(&steps) {
        prepare()?;
        let wrong = |why: String| format!("{fault:?} at {}: {why}", step.shown);
        let ended = tracer.run(&command(), b"", Some((step, fault)))?;
        check_end(&ended, fault, step)?;
        wait_until_nobody_is_logged_in(&server)?;
        let left = collect(&post).map_err(|error| error.to_string())?;
        let fetched = kept(&inbox).map_err(wrong)?;
        if let Some(lost) =
            sent.iter().position(|one| !left.contains(one) && !fetched.contains(one))
        {
            return Err(wrong(format!("letter {lost} is lost\n{}", ended.said)));
        }
        if ended.status.success() && !left.is_empty() {
            return Err(wrong("all is said to be well, and letters are left".into()));
        }
        run(&mut command(), dir.path(), PATIENCE).map_err(wrong)?;
        let mut copies: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        for letter in kept(&inbox).map_err(wrong)? {
            *copies.entry(letter).or_default() += 1;
        }
        if copies.values().any(|copies| *copies > 2) {
            return Err(wrong("a letter is there thrice".into()));
        }
        if fault == Fault::Kill && format == "mbox" {
            // A letter that is cut short at the end of an mbox cannot be told from a short one.
            copies.retain(|letter, _| {
                sent.contains(letter) || !sent.iter().any(|one| one.starts_with(letter))
            });
        }
        if copies.into_keys().collect::<Vec<_>>() != sent {
            return Err(wrong(format!("other letters than were sent\n{}", ended.said)));
        }
        *(if fault == Fault::Kill { &mut killed } else { &mut failed }) += 1;
    }
    server.stop()?;
    tell(&format!("pop3 fetch, {format}: {killed} crash points, {failed} failures of the disk"));
    if killed < 5 || failed < 15 { Err("hardly anything was tried".into()) } else { Ok(()) }
}

fn sorted(mut letters: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    letters.sort();
    letters
}

/// Waits for the server to notice that its client is dead, which frees the maildrop.
fn wait_until_nobody_is_logged_in(server: &Serve) -> Result<(), String> {
    wait_for("the end of the killed session", PATIENCE, || {
        let session = Client::connect(server.address).ok()?.login("mark", "swordfish").ok()?;
        session.quit().ok()
    })
    .map(drop)
}
