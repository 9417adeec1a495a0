//! A program that does one thing with a mailbox, by the library.

use std::error::Error;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;

use pop3_maildrop::maildir::{self, Maildir};
use pop3_maildrop::mbox::{self, Mbox};
use pop3_maildrop::{Maildrop, OpenError};
use pop3_proto::MessageNumber;

/// Tells the test's program that it is the worker, and what to do.
const WORKER: &str = "POP3_CRASH_WORKER";

/// A kind of mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Maildir,
    Mbox,
}

impl Store {
    pub(crate) const ALL: [Self; 2] = [Self::Maildir, Self::Mbox];

    pub(crate) fn open(self, path: &Path) -> Result<Box<dyn Maildrop>, OpenError> {
        Ok(match self {
            Self::Maildir => Box::new(Maildir::open(path)?),
            Self::Mbox => Box::new(Mbox::open(path)?),
        })
    }

    pub(crate) fn deliver(self, path: &Path, mut letter: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Maildir => maildir::deliver(path, &mut letter).map(drop),
            Self::Mbox => mbox::deliver(path, "mary@example.org", &mut letter),
        }
    }
}

/// What is done under a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Delivers what is on standard input.
    Deliver,
    /// Opens the mailbox, whose notes are out of date.
    Open,
    /// The same, and removes the first and the third letter.
    Remove,
}

impl Deed {
    pub(crate) const ALL: [Self; 3] = [Self::Deliver, Self::Open, Self::Remove];

    /// Which letters are to be removed, by their index.
    pub(crate) const DOOMED: [usize; 2] = [0, 2];
}

/// The program.
pub(crate) fn command(store: Store, deed: Deed, mailbox: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this is a program"));
    command.env(WORKER, format!("{store:?} {deed:?} {}", mailbox.display()));
    command
}

/// Whether this process is the worker.
pub(crate) fn is_meant() -> bool {
    std::env::var_os(WORKER).is_some()
}

/// Says `done`, or what went wrong; of each letter to be removed, `gone` or `left`.
pub(crate) fn work() {
    let job = std::env::var(WORKER).expect("a job");
    let (store, job) = job.split_once(' ').expect("a store");
    let (deed, mailbox) = job.split_once(' ').expect("a deed");
    let store = Store::ALL.into_iter().find(|known| format!("{known:?}") == store).expect("one");
    let deed = Deed::ALL.into_iter().find(|known| format!("{known:?}") == deed).expect("one");
    match perform(store, deed, Path::new(mailbox)) {
        Ok(said) => println!("{said}"),
        Err(error) => {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "{error}: {cause}");
            std::process::exit(1);
        }
    }
}

fn perform(store: Store, deed: Deed, mailbox: &Path) -> Result<String, Box<dyn Error>> {
    if deed == Deed::Deliver {
        let mut letter = Vec::new();
        std::io::stdin().read_to_end(&mut letter)?;
        store.deliver(mailbox, &letter)?;
        return Ok("done".into());
    }
    let mut maildrop = store.open(mailbox)?;
    if deed == Deed::Open {
        return Ok("done".into());
    }
    let doomed = Deed::DOOMED.map(|index| MessageNumber::from_index(index).expect("a number"));
    let outcomes = maildrop.remove(&doomed).into_iter();
    let outcomes = outcomes.map(|outcome| if outcome.is_ok() { "gone" } else { "left" });
    Ok(outcomes.collect::<Vec<_>>().join(" "))
}
