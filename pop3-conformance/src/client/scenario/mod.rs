//! What a scripted server does to a client, and which outcomes are lawful.

mod read;

use std::time::Duration;

pub(super) use read::read;

use super::Security;
use super::letters;
use crate::case::Heading;
use crate::script::text::{self, Names};

/// A case against a client: who the server is, where it departs from a plain lawful one, and what
/// a client may make of it.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) heading: Heading,
    /// How the letters are written, octet for octet.
    pub(super) letters: Vec<Vec<u8>>,
    /// What CAPA lists, but for STLS; `None` where CAPA is refused.
    pub(super) capabilities: Option<Vec<String>>,
    /// Whether STLS is there, where the client is to use it.
    pub(super) has_stls: bool,
    /// Under which of them the case makes sense.
    pub(super) securities: Vec<Security>,
    pub(super) certificate: String,
    pub(super) tls12_only: bool,
    pub(super) pace: Pace,
    /// In place of what the check has for all cases.
    pub(super) password: Option<String>,
    /// What the client must have said for the case to decide anything.
    pub(super) needs: Vec<String>,
    /// Whether the watches look at it; not where the server is out of step.
    pub(super) is_watched: bool,
    /// It takes minutes, and is played only when that is wanted.
    pub(super) is_slow: bool,
    pub(super) rules: Vec<Rule>,
    pub(super) expect: Expect,
}

/// Into which pieces what the server says is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// A whole reply in one.
    Reply,
    /// Each line in one.
    Line,
    /// Each octet in one.
    Octet,
}

/// What the server does instead of the usual.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) trigger: Trigger,
    /// The first time alone.
    pub(super) once: bool,
    pub(super) actions: Vec<Action>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    /// A client has connected.
    Greeting,
    /// A login is complete but for its reply, whatever the mechanism.
    Login,
    /// A command: the keyword, and its arguments when they matter.
    Command(String, Option<String>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// Octets, as a text of the script.
    Say(String),
    SayOctetwise(String),
    /// What the server would have said, or a part of it.
    Lawful(Part),
    Wait(Duration),
    /// A text over and over, so many MiB of it; then as `Cut`.
    Endless(usize, String),
    /// The connection ends, in TLS without a word.
    Cut,
    /// The connection ends, in TLS with its alert.
    Close,
    /// As `Cut`, unless the client says something within this time.
    CutAfter(Duration),
    /// Nothing more is said.
    Silence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Half,
    First(usize),
    But(usize),
}

impl Part {
    pub(super) fn of(self, octets: &[u8]) -> &[u8] {
        let length = octets.len();
        let end = match self {
            Self::Whole => length,
            Self::Half => length / 2,
            Self::First(count) => count.min(length),
            Self::But(count) => length.saturating_sub(count),
        };
        &octets[..end]
    }
}

/// What a client may make of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Expect {
    pub(super) outcome: Outcome,
    /// The letters that the outcome is about, counted from 1; `None` for all.
    pub(super) needed: Option<Vec<usize>>,
    /// Letters that are saved whatever the exit status, counted from 1.
    pub(super) saved: Option<Vec<usize>>,
    /// Texts that are in no file when the client says that all is well.
    pub(super) unsaved: Vec<String>,
    /// Texts that are in some file when the client says that all is well.
    pub(super) kept: Vec<String>,
    /// Forms of lines that the client says.
    pub(super) said: Vec<String>,
    /// Forms of lines that it never says.
    pub(super) never: Vec<String>,
    /// Watches that decide this case as well.
    pub(super) watches: Vec<String>,
    /// It is lawful not to connect at all.
    pub(super) may_stay_away: bool,
    /// The memory of the client is watched.
    pub(super) is_bounded: bool,
    /// How long the client may take after the server's last octet.
    pub(super) ends: Option<Duration>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Exit status 0, and the letters are there.
    #[default]
    Collects,
    /// Another exit status.
    Fails,
    /// One of these two: no loss goes unsaid.
    Either,
    /// Either way is lawful, as far as the exit status goes.
    Any,
}

impl Scenario {
    /// The octets that a text of this case stands for.
    pub(super) fn octets(&self, text: &str, user: &str) -> Result<Vec<u8>, String> {
        text::octets(text, &Known { scenario: self, user })
    }

    pub(super) fn matches(&self, pattern: &str, line: &[u8], user: &str) -> bool {
        text::matches(pattern, line, &Known { scenario: self, user }).unwrap_or(false)
    }

    /// The unique-id of a letter, counted from 1.
    pub(super) fn unique_id(number: usize) -> String {
        format!("whqtswO00WBw418f9t5Jx{number}")
    }

    /// How many octets a letter has on the wire, without stuffed dots and the final one.
    pub(super) fn size(&self, number: usize) -> usize {
        self.letters.get(number.wrapping_sub(1)).map_or(0, |letter| letters::size(letter))
    }

    pub(super) fn suits(&self, security: Security) -> bool {
        self.securities.contains(&security)
    }
}

struct Known<'a> {
    scenario: &'a Scenario,
    user: &'a str,
}

impl Names for Known<'_> {
    fn octets_of(&self, name: &str) -> Option<Vec<u8>> {
        let scenario = self.scenario;
        let count = scenario.letters.len();
        if let Some((what, number)) = name.split_once(' ') {
            let number: usize =
                number.parse().ok().filter(|number| (1..=count).contains(number))?;
            return match what {
                "size" => Some(scenario.size(number).to_string().into_bytes()),
                "uid" => Some(Scenario::unique_id(number).into_bytes()),
                "letter" => scenario.letters.get(number - 1).map(|letter| letters::stuffed(letter)),
                _ => None,
            };
        }
        match name {
            "user" => Some(self.user.as_bytes().to_vec()),
            "count" => Some(count.to_string().into_bytes()),
            "octets" => {
                let sum: usize = (1..=count).map(|number| scenario.size(number)).sum();
                Some(sum.to_string().into_bytes())
            }
            _ => None,
        }
    }
}
