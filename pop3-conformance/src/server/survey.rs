//! What the server offers: looked at once, before the cases.

use std::collections::BTreeMap;

use super::bench::{Bench, Halt, breach};
use super::exchange::without_end;
use super::peer::Peer;
use super::wire::shown;

/// What the server offers.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Offers {
    /// The greeting, without its line end.
    pub greeting: Vec<u8>,
    /// CAPA before login, in the usual security; none when it is refused.
    pub before: Option<Capabilities>,
    /// CAPA after login.
    pub after: Option<Capabilities>,
    /// CAPA in clear text, if there is a door for it.
    pub clear: Option<Capabilities>,
    /// Commands that work, whatever is listed.
    pub works: Vec<String>,
    /// How many letters are in the maildrop.
    pub letters: usize,
    /// Their sizes, as LIST shows them.
    pub sizes: Vec<(String, u64)>,
    /// How one logs in.
    pub way: Way,
}

/// How one logs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// By USER and PASS.
    #[default]
    User,
    /// By AUTH PLAIN.
    Plain,
    /// By APOP.
    Apop,
}

/// The lines of CAPA, by tag in capitals, with what follows the tag.
pub type Capabilities = BTreeMap<String, String>;

impl Offers {
    /// Whether the server has a capability: `TOP`, `SASL PLAIN`, or `APOP`, which no list shows.
    #[must_use]
    pub fn has(&self, wanted: &str) -> bool {
        let listed = [&self.before, &self.after, &self.clear];
        let (tag, word) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let in_lists = listed.into_iter().flatten().any(|list| {
            list.get(tag).is_some_and(|words| {
                word.is_empty() || words.split(' ').any(|one| one.eq_ignore_ascii_case(word))
            })
        });
        in_lists || self.works.iter().any(|works| works == wanted)
    }
}

/// Looks at what the server offers.
pub(crate) fn survey(bench: &mut Bench<'_>) -> Result<Offers, Halt> {
    let mut offers = Offers::default();
    if bench.target().clear.is_some() {
        let mut peer = bench.connect_clear()?;
        bench.greet(&mut peer)?;
        offers.clear = read_list(&mut peer, &mut Offers::default())?;
        // Whoever says good-bye is not taken for somebody who tries doors.
        let _ = peer.ask("QUIT");
    }
    let mut peer = bench.connect()?;
    offers.greeting = without_end(&peer.line()?).to_vec();
    if offers.greeting.contains(&b'<') {
        offers.works.push("APOP".to_owned());
    }
    offers.before = read_list(&mut peer, &mut offers)?;
    if offers.before.is_none() && offers.has("CAPA") {
        // It is listed in no form that can be read, which is for the cases to say.
        peer = bench.connect()?;
        bench.greet(&mut peer)?;
    }
    // For the watches, and whoever hangs up on this may.
    for command in ["STAT", "USER nobody-of-that-name", "PASS certainly-not-a-password"] {
        if peer.ask(command).is_err() {
            break;
        }
    }
    drop(peer);

    let mut peer = bench.find_way(&mut offers)?;
    if offers.before.is_some() {
        offers.after = capabilities(&peer.ask("CAPA")?.lines_if_positive());
    }
    peer.ask("STAT")?;
    let listing = peer.ask("LIST")?;
    for line in listing.lines() {
        if let Some((number, size)) = line.split_once(' ') {
            let size = size.split(' ').next().unwrap_or_default();
            offers.sizes.push((number.to_owned(), size.parse().unwrap_or_default()));
        }
    }
    offers.letters = offers.sizes.len();
    if peer.ask("UIDL")?.is_positive() {
        offers.works.push("UIDL".to_owned());
    }
    if let Some((first, _)) = offers.sizes.first() {
        if peer.ask(&format!("TOP {first} 0"))?.is_positive() {
            offers.works.push("TOP".to_owned());
        }
        peer.ask(&format!("RETR {first}"))?;
    }
    // For the watches, as above.
    for command in ["NOOP", "XYZZ", "RETR 99999", "QUIT"] {
        if peer.ask(command).is_err() {
            break;
        }
    }
    Ok(offers)
}

/// The capabilities, if there is a list that can be read.
fn read_list(peer: &mut Peer, offers: &mut Offers) -> Result<Option<Capabilities>, Halt> {
    peer.command("CAPA")?;
    if !peer.line()?.starts_with(b"+OK") {
        return Ok(None);
    }
    offers.works.push("CAPA".to_owned());
    let mut lines = Vec::new();
    while let Ok(line) = peer.line() {
        match without_end(&line) {
            b"." => return Ok(capabilities(&Some(lines))),
            line => lines.push(String::from_utf8_lossy(line).into_owned()),
        }
    }
    Ok(None)
}

/// Asks for the list of capabilities.
pub(crate) fn capa(peer: &mut Peer) -> Result<Capabilities, Halt> {
    let reply = peer.ask("CAPA")?;
    match capabilities(&reply.lines_if_positive()) {
        Some(list) => Ok(list),
        None => breach(shown(&reply.status), "+OK to CAPA"),
    }
}

/// The list that these lines are.
#[must_use]
pub fn capabilities(lines: &Option<Vec<String>>) -> Option<Capabilities> {
    let list = lines.as_ref()?.iter().filter(|line| !line.is_empty()).map(|line| {
        let (tag, words) = line.split_once(' ').unwrap_or((line, ""));
        (tag.to_ascii_uppercase(), words.to_owned())
    });
    Some(list.collect())
}
