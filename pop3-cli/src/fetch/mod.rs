//! `pop3 fetch`: collect mail, and lose none of it.
//!
//! The order is what keeps letters safe: retrieve, write, sync, rename; when all that were wanted
//! are on disk, mark them; QUIT. Killed at any moment, each letter is on one side at least.

mod keep;
mod progress;

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use pop3_proto::adapter::Error;
use pop3_proto::client::{Error as ProtocolError, Quirk};
use pop3_proto::reply::ScanListing;
use pop3_proto::{MessageNumber, Octets, UniqueId};

use crate::args::Fetch;
use crate::failure::Failure;
use crate::mailbox::{self, Mailbox, Part, Stop};
use crate::output::complain;
use keep::{Keep, NotKept};
use progress::Progress;

pub(crate) fn run(args: &Fetch) -> Result<(), Failure> {
    let place = &args.account.url;
    let failed = |error: Error| Failure::session(place, &error);
    let mut keep = Keep::new(args.format, &args.to)?;
    let mut session = mailbox::log_in(&args.account)?;

    let listed = session.list().map_err(failed)?;
    let (wanted, mut tally) = choose(args, listed);
    if session.met(Quirk::MalformedListing) && args.message.is_empty() {
        complain("the server lists messages in a form that cannot be read: they are left there");
        tally.failed += 1;
    }
    let unique_ids = if keep.names_by_unique_id() {
        unique_ids(&mut *session).map_err(failed)?
    } else {
        HashMap::new()
    };
    let retrieved = retrieve(args, &mut *session, &wanted, &unique_ids, &mut keep, &mut tally);
    // What came in whole before something broke is worth keeping.
    let kept = keep.sync().map_err(|error| Failure::local(args.to.display(), error));
    if kept.is_err() {
        return retrieved.and(kept);
    }
    let left = retrieved.and_then(|()| leave(args, session, &mut tally));
    let told = tally.tell();
    left?;
    told?;
    match tally.failed {
        0 => Ok(()),
        1 => Err(Failure::Local("1 message was not fetched or not deleted".into())),
        n => Err(Failure::Local(format!("{n} messages were not fetched or not deleted"))),
    }
}

/// Saves what the server has; ends with the session, or when the disk fails.
fn retrieve(
    args: &Fetch,
    session: &mut dyn Mailbox,
    wanted: &[ScanListing],
    unique_ids: &HashMap<MessageNumber, UniqueId>,
    keep: &mut Keep,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let place = &args.account.url;
    let numbers: Vec<_> = wanted.iter().map(|message| message.number).collect();
    let progress = Progress::new(args.quiet, wanted);
    let read = session.read(Part::Whole, numbers, &mut |number, letter| {
        let failure = match letter {
            Ok(letter) => match keep.save(letter, number, unique_ids.get(&number), &progress) {
                Ok(octets) => {
                    tally.saved.push(number);
                    tally.octets += octets;
                    return Ok(());
                }
                Err(NotKept::Session(error)) => {
                    Failure::session(format!("{place}: message {number}"), &error)
                }
                Err(NotKept::Local(error)) => Failure::local(
                    format!("{}: message {number} was not saved", args.to.display()),
                    error,
                ),
            },
            Err(error @ Error::Pop3(ProtocolError::Refused { .. })) => {
                tally.failed += 1;
                progress.say(format_args!("message {number}: {error}"));
                return Ok(());
            }
            Err(error) => Failure::session(place, &error),
        };
        Err(Stop::Taker(failure))
    });
    read.map_err(|stop| stop.failure(place))?;
    progress.finish();
    Ok(())
}

/// Deletes what is safe here, if that was asked for, and says goodbye.
fn leave(args: &Fetch, mut session: Box<dyn Mailbox>, tally: &mut Tally) -> Result<(), Failure> {
    let place = &args.account.url;
    if args.delete {
        delete(&mut *session, tally).map_err(|error| Failure::session(place, &error))?;
    }
    session.quit().map(drop).map_err(|error| match std::mem::take(&mut tally.deleted) {
        0 => Failure::session(place, &error),
        _ => Failure::session(format!("{place}: what was to be deleted may come again"), &error),
    })
}

/// What was done.
#[derive(Debug, Default)]
struct Tally {
    /// On disk, in whole.
    saved: Vec<MessageNumber>,
    octets: u64,
    skipped: usize,
    deleted: usize,
    failed: usize,
}

impl Tally {
    fn tell(&self) -> io::Result<()> {
        let Self { saved, octets, skipped, deleted, .. } = self;
        let fetched = saved.len();
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
    // A server that lists a message twice shall not have it fetched twice.
    listed.dedup_by_key(|message| message.number);
    if !args.message.is_empty() {
        let asked: HashSet<_> = args.message.iter().copied().collect();
        listed.retain(|message| asked.contains(&message.number));
        let found: HashSet<_> = listed.iter().map(|message| message.number).collect();
        for number in args.message.iter().filter(|number| !found.contains(number)) {
            complain(format_args!("there is no message {number}"));
            tally.failed += 1;
        }
    }
    if let Some(limit) = args.max_size {
        listed.retain(|message| {
            let fits = message.octets <= Octets(limit.as_u64());
            if !fits {
                let ScanListing { number, octets } = message;
                complain(format_args!("skipped message {number}: {octets} octets"));
                tally.skipped += 1;
            }
            fits
        });
    }
    (listed, tally)
}

/// The unique-ids, for file names; a server may lack them.
fn unique_ids(session: &mut dyn Mailbox) -> Result<HashMap<MessageNumber, UniqueId>, Error> {
    match session.unique_ids() {
        Ok(listed) => Ok(listed.into_iter().map(|one| (one.number, one.unique_id)).collect()),
        Err(Error::Pop3(ProtocolError::Refused { .. })) => Ok(HashMap::new()),
        Err(error) => Err(error),
    }
}

/// Marks what was saved.
fn delete(session: &mut dyn Mailbox, tally: &mut Tally) -> Result<(), Error> {
    let mut marked = 0;
    for (number, outcome) in session.delete(tally.saved.clone())? {
        match outcome {
            Ok(_) => marked += 1,
            Err(error) => {
                complain(format_args!("message {number}: {error}"));
                tally.failed += 1;
            }
        }
    }
    tally.deleted = marked;
    Ok(())
}
