//! Mailboxes under faults, by the library and by `pop3 deliver`.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use pop3_maildrop::Maildrop;
use pop3_proto::MessageNumber;
use pop3_tests::pop3::program;
use pop3_tests::strace::{DISK, Ended, Fault, Step, Tracer};
use pop3_tests::tell;

use crate::worker::{self, Deed, Store};
use crate::{check_end, letter, scratch};

/// After a crash nobody waits for locks of the dead.
const AT_ONCE: Duration = Duration::from_secs(3);

/// How many letters lie in the mailbox, all but the last with a unique-id that a session has seen.
const LETTERS: usize = 5;

type Test = Box<dyn FnOnce() -> Result<(), String> + Send>;

/// Everything that is done with each kind of mailbox.
pub(crate) fn trials() -> Vec<(String, Test)> {
    let all = Store::ALL.into_iter().flat_map(|store| Deed::ALL.map(|deed| (store, deed)));
    all.map(|(store, deed)| {
        let name = format!("{store:?}: {deed:?}, at any step");
        (name, Box::new(move || try_all(store, deed)) as Test)
    })
    .collect()
}

fn try_all(store: Store, deed: Deed) -> Result<(), String> {
    let name = format!("{store:?}, {deed:?}");
    faults(&name, store, deed, |mailbox| worker::command(store, deed, mailbox))
}

/// What an MTA calls.
pub(crate) fn pop3_deliver() -> Result<(), String> {
    faults("pop3 deliver", Store::Maildir, Deed::Deliver, |mailbox| {
        let mut deliver = Command::new(program());
        let (mail, user) = (mailbox.parent().expect("a parent"), mailbox.file_name());
        deliver.arg("deliver").arg("--mail").arg(mail).arg(user.expect("a name"));
        deliver
    })
}

/// Has a program do something to a mailbox, again and again, with each fault at each step.
fn faults(
    name: &str,
    store: Store,
    deed: Deed,
    program: impl Fn(&Path) -> Command,
) -> Result<(), String> {
    let dir = scratch()?;
    let tracer = Tracer::new(dir.path());
    let mail = dir.path().join("mail");
    let new = letter("new");
    let mailbox = Mailbox::lay_out(store, &mail);
    let ended = tracer.run(&program(&mailbox.path), &new, None)?;
    if !ended.status.success() {
        return Err(format!("without a fault: {}", ended.said));
    }
    let steps = tracer.steps(&mail)?;
    mailbox.check(deed, &new, &ended, None)?;
    let (mut killed, mut failed) = (0, 0);
    for (step, fault) in plan(&steps) {
        let mailbox = Mailbox::lay_out(store, &mail);
        let ended = tracer.run(&program(&mailbox.path), &new, Some((step, fault)))?;
        check_end(&ended, fault, step)?;
        mailbox
            .check(deed, &new, &ended, Some(fault))
            .map_err(|wrong| format!("{fault:?} at {}: {wrong}\n{}", step.shown, ended.said))?;
        *(if fault == Fault::Kill { &mut killed } else { &mut failed }) += 1;
    }
    tell(&format!("{name}: {killed} crash points, {failed} failures of the disk"));
    if killed < 5 || failed < 15 { Err("hardly anything was tried".into()) } else { Ok(()) }
}

/// Kills where something changes; failures everywhere.
pub(crate) fn plan(steps: &[Step]) -> impl Iterator<Item = (&Step, Fault)> {
    steps.iter().flat_map(|step| {
        let kill = step.changes().then_some(Fault::Kill);
        kill.into_iter().chain(DISK).map(move |fault| (step, fault))
    })
}

/// A mailbox before something happened to it.
struct Mailbox {
    store: Store,
    path: PathBuf,
    /// The letters, and the unique-ids of those that a session has seen.
    letters: Vec<(Vec<u8>, Option<String>)>,
}

impl Mailbox {
    fn lay_out(store: Store, mail: &Path) -> Self {
        // There is none the first time.
        let _ = fs::remove_dir_all(mail);
        fs::create_dir(mail).expect("a directory");
        let path = mail.join("mark");
        let deliver = |index: usize| {
            let letter = letter(&index.to_string());
            store.deliver(&path, &letter).expect("a delivery");
            letter
        };
        let seen: Vec<_> = (0..LETTERS - 1).map(deliver).collect();
        let ids = content(&*store.open(&path).expect("it opens")).into_iter().map(|(_, id)| id);
        let mut letters: Vec<_> = seen.into_iter().zip(ids.map(Some)).collect();
        letters.push((deliver(LETTERS - 1), None));
        Self { store, path, letters }
    }

    /// Holds what is there now against what may be.
    fn check(
        &self,
        deed: Deed,
        new: &[u8],
        ended: &Ended,
        fault: Option<Fault>,
    ) -> Result<(), String> {
        let told: Vec<&str> = ended.output.split_whitespace().collect();
        let mut there = self.reopen()?;
        for (index, (letter, id)) in self.letters.iter().enumerate() {
            let copies: Vec<_> = there.iter().filter(|(other, _)| other == letter).collect();
            let doomed = Deed::DOOMED.iter().position(|doomed| *doomed == index);
            let lawful: &[usize] = match doomed.filter(|_| deed == Deed::Remove) {
                Some(place) if told.get(place) == Some(&"gone") => &[0],
                Some(_) => &[0, 1],
                None => &[1],
            };
            if !lawful.contains(&copies.len()) {
                return Err(format!("letter {index} is there {} times: {told:?}", copies.len()));
            }
            if let (Some((_, now)), Some(id)) = (copies.first(), id)
                && now != id
            {
                return Err(format!("the unique-id of letter {index} was {id} and is {now}"));
            }
        }
        there.retain(|(letter, _)| self.letters.iter().all(|(known, _)| known != letter));
        let delivered = deed == Deed::Deliver && ended.status.success();
        let may_be_new = |(letter, _): &(Vec<u8>, String)| match self.store {
            // Nothing but rewriting the whole file would spare an mbox this.
            Store::Mbox if fault == Some(Fault::Kill) => new.starts_with(letter),
            _ => letter == new,
        };
        match &there[..] {
            [] if !delivered => {}
            [one] if deed == Deed::Deliver && may_be_new(one) => {}
            _ => return Err(format!("there are {} other letters", there.len())),
        }
        self.goes_on()
    }

    /// What is there, found at once.
    fn reopen(&self) -> Result<Vec<(Vec<u8>, String)>, String> {
        let start = Instant::now();
        let maildrop = self.store.open(&self.path).map_err(|error| format!("{error:?}"))?;
        if start.elapsed() > AT_ONCE {
            return Err(format!("it takes {:?} to open", start.elapsed()));
        }
        Ok(content(&*maildrop))
    }

    /// Mail comes and goes as ever, and nothing is left of what failed.
    fn goes_on(&self) -> Result<(), String> {
        let next = letter("next");
        self.store.deliver(&self.path, &next).map_err(|error| format!("then: {error}"))?;
        self.age_unfinished_deliveries();
        let mut maildrop = self.store.open(&self.path).map_err(|error| format!("then: {error}"))?;
        let before = content(&*maildrop);
        if before.iter().filter(|(letter, _)| *letter == next).count() != 1 {
            return Err("the next letter is not there".into());
        }
        if !maildrop.remove(&[MessageNumber::FIRST]).iter().all(Result::is_ok) {
            return Err("then nothing can be removed".into());
        }
        drop(maildrop);
        if self.reopen()? != before[1..] {
            return Err("then another letter is removed".into());
        }
        let lawful = match self.store {
            Store::Maildir => vec!["cur", "new", "pop3-sizes", "pop3.lock", "tmp"],
            Store::Mbox => vec![".mark.pop3-ids", ".mark.pop3lock", "mark"],
        };
        let directory = match self.store {
            Store::Maildir => &self.path,
            Store::Mbox => self.path.parent().expect("a parent"),
        };
        if names(directory) != lawful {
            return Err(format!("something is left: {:?}", names(directory)));
        }
        let left = self.path.join("tmp");
        if self.store == Store::Maildir && !names(&left).is_empty() {
            return Err(format!("something is left in tmp: {:?}", names(&left)));
        }
        Ok(())
    }

    fn age_unfinished_deliveries(&self) {
        let old = SystemTime::now() - Duration::from_secs(40 * 60 * 60);
        for entry in fs::read_dir(self.path.join("tmp")).into_iter().flatten().flatten() {
            let file = File::options().write(true).open(entry.path()).expect("a file");
            file.set_modified(old).expect("a time");
        }
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The letters and their unique-ids.
pub(crate) fn content(maildrop: &dyn Maildrop) -> Vec<(Vec<u8>, String)> {
    let messages = maildrop.messages().iter().enumerate();
    messages
        .map(|(index, message)| {
            let number = MessageNumber::from_index(index).expect("a number");
            let mut letter = Vec::new();
            maildrop
                .letter(number)
                .expect("it can be opened")
                .read_to_end(&mut letter)
                .expect("it can be read");
            (letter, message.unique_id.to_string())
        })
        .collect()
}
