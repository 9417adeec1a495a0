//! `pop3 fetch`: collect mail, and lose none of it.
//!
//! The order is what keeps letters safe: retrieve, write, sync, rename; when all that were wanted
//! are on disk, mark them; QUIT. Killed at any moment, each letter is on one side at least.

mod keep;
mod progress;

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use pop3_blocking::{Error, Session};
use pop3_proto::client::Error as ProtocolError;
use pop3_proto::reply::ScanListing;
use pop3_proto::{MessageNumber, Octets, UniqueId};

use crate::args::Fetch;
use crate::failure::Failure;
use crate::runtime;
use keep::{Keep, NotKept};
use progress::Progress;

pub(crate) fn run(args: &Fetch) -> Result<(), Failure> {
    let place = &args.account.url;
    let failed = |error: Error| Failure::session(place, &error);
    let mut keep = Keep::new(args.format, &args.to)?;
    let mut session = runtime::log_in(&args.account)?;

    let listed = session.list().map_err(failed)?;
    let (wanted, mut tally) = choose(args, listed);
    let unique_ids = if keep.names_by_unique_id() {
        unique_ids(&mut session).map_err(failed)?
    } else {
        HashMap::new()
    };
    let numbers: Vec<_> = wanted.iter().map(|message| message.number).collect();

    let progress = Progress::new(args.quiet, &wanted);
    let mut saved = Vec::new();
    let mut letters = session.retrieve_all(numbers);
    while let Some((number, letter)) = letters.next_letter().map_err(failed)? {
        match letter {
            Ok(letter) => match keep.save(letter, number, unique_ids.get(&number), &progress) {
                Ok(octets) => {
                    saved.push(number);
                    tally.octets += octets;
                }
                Err(NotKept::Session(error)) => {
                    // What came before is whole, and worth keeping.
                    keep.sync().map_err(|error| Failure::local(args.to.display(), error))?;
                    return Err(Failure::session(format!("{place}: message {number}"), &error));
                }
                Err(NotKept::Local(error)) => {
                    return Err(Failure::local(
                        format!("{}: message {number} was not saved", args.to.display()),
                        error,
                    ));
                }
            },
            Err(error @ Error::Pop3(ProtocolError::Refused { .. })) => {
                tally.failed += 1;
                progress.say(&format!("pop3: message {number}: {error}"));
            }
            Err(error) => return Err(failed(error)),
        }
    }
    progress.finish();
    keep.sync().map_err(|error| Failure::local(args.to.display(), error))?;
    tally.fetched = saved.len();
    if args.delete {
        tally.deleted = delete(&mut session, saved, &mut tally.failed).map_err(failed)?;
    }
    let quit = session.quit();
    tally.tell(args.delete && quit.is_ok())?;
    match quit {
        Err(error) if tally.deleted > 0 => {
            Err(Failure::session(format!("{place}: what was to be deleted may come again"), &error))
        }
        Err(error) => Err(failed(error)),
        Ok(_) if tally.failed > 0 => {
            Err(Failure::Local(format!("{} messages were not fetched or deleted", tally.failed)))
        }
        Ok(_) => Ok(()),
    }
}

/// What was done.
#[derive(Debug, Default)]
struct Tally {
    fetched: usize,
    octets: u64,
    skipped: usize,
    deleted: usize,
    failed: usize,
}

impl Tally {
    fn tell(&self, committed: bool) -> io::Result<()> {
        let deleted = if committed { self.deleted } else { 0 };
        let Self { fetched, octets, skipped, .. } = self;
        writeln!(
            io::stdout(),
            "fetched {fetched} messages ({octets} octets), skipped {skipped}, deleted {deleted}"
        )
    }
}

/// Leaves out what was not asked for, and what is too large.
fn choose(args: &Fetch, mut listed: Vec<ScanListing>) -> (Vec<ScanListing>, Tally) {
    let mut tally = Tally::default();
    listed.sort_unstable_by_key(|message| message.number);
    if !args.message.is_empty() {
        let asked: HashSet<_> = args.message.iter().copied().collect();
        listed.retain(|message| asked.contains(&message.number));
        let found: HashSet<_> = listed.iter().map(|message| message.number).collect();
        for number in args.message.iter().filter(|number| !found.contains(number)) {
            eprintln!("pop3: there is no message {number}");
            tally.failed += 1;
        }
    }
    if let Some(limit) = args.max_size {
        listed.retain(|message| {
            let fits = message.octets <= Octets(limit.as_u64());
            if !fits {
                eprintln!("pop3: skipped message {}: {} octets", message.number, message.octets);
                tally.skipped += 1;
            }
            fits
        });
    }
    (listed, tally)
}

/// The unique-ids, for file names; a server may lack them.
fn unique_ids(session: &mut Session) -> Result<HashMap<MessageNumber, UniqueId>, Error> {
    match session.unique_ids() {
        Ok(listed) => Ok(listed.into_iter().map(|one| (one.number, one.unique_id)).collect()),
        Err(Error::Pop3(ProtocolError::Refused { .. })) => Ok(HashMap::new()),
        Err(error) => Err(error),
    }
}

/// Marks what was saved; returns how many the server agreed to.
fn delete(
    session: &mut Session,
    saved: Vec<MessageNumber>,
    failed: &mut usize,
) -> Result<usize, Error> {
    let mut deleted = 0;
    for (number, outcome) in session.delete_all(saved)? {
        match outcome {
            Ok(_) => deleted += 1,
            Err(error) => {
                eprintln!("pop3: message {number}: {error}");
                *failed += 1;
            }
        }
    }
    Ok(deleted)
}
