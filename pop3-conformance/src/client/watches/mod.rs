//! What is looked at in every session of every case: how a client says what it says.

mod commands;
mod login;
mod tls;

use std::sync::LazyLock;

use base64ct::{Base64, Encoding};

use super::record::{Line, Seen};
use super::scenario::Scenario;
use super::{Check, Security};
use crate::case::Heading;

/// A look at a session.
pub(super) struct Watch {
    pub(super) id: &'static str,
    /// What is right, in a sentence.
    pub(super) title: &'static str,
    pub(super) proves: &'static [&'static str],
    pub(super) look: fn(&Facts<'_>) -> Look,
}

/// What a watch looks at.
pub(super) struct Facts<'a> {
    pub(super) seen: &'a Seen,
    pub(super) scenario: &'a Scenario,
    pub(super) check: &'a Check,
}

/// What it finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing that it could judge.
    Nothing,
    Right,
    /// What the client did.
    Wrong(String),
}

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Watch> {
    [commands::WATCHES, login::WATCHES, tls::WATCHES].into_iter().flatten()
}

impl Facts<'_> {
    fn password(&self) -> &str {
        self.scenario.password.as_deref().unwrap_or(&self.check.password)
    }
}

/// Whether there is something to be seen under this security.
pub(super) fn suits(id: &str, security: Security) -> bool {
    match id {
        "tls/nothing-behind-stls" | "tls/capa-again" | "tls/only-capa-and-stls-in-clear" => {
            security == Security::Stls
        }
        _ => security != Security::None || !id.starts_with("tls/"),
    }
}

/// The watch of that name.
pub(super) fn find(id: &str) -> Option<&'static Watch> {
    all().find(|watch| watch.id == id)
}

/// The headings of all of them, in the same order.
pub(super) fn headings() -> &'static [Heading] {
    static HEADINGS: LazyLock<Vec<Heading>> = LazyLock::new(|| {
        let heading = |watch: &Watch| match Heading::new(watch.id, watch.title, watch.proves) {
            Ok(heading) => heading,
            Err(what) => panic!("{what}"),
        };
        all().map(heading).collect()
    });
    &HEADINGS
}

/// Looks at lines one by one, and stops at the first that is wrong.
fn look<'a>(mut lines: impl Iterator<Item = (&'a Line, bool)>) -> Look {
    let mut found = Look::Nothing;
    for (line, is_right) in lines.by_ref() {
        if !is_right {
            return Look::Wrong(line.shown());
        }
        found = Look::Right;
    }
    found
}

fn each(facts: &Facts<'_>, mut is_right: impl FnMut(&Line) -> Option<bool>) -> Look {
    look(facts.seen.lines.iter().filter_map(|line| Some((line, is_right(line)?))))
}

/// Those that are no responses within AUTH, with their keywords.
fn each_command(facts: &Facts<'_>, mut is_right: impl FnMut(&Line, &str) -> Option<bool>) -> Look {
    each(facts, |line| match line.within_auth {
        Some(_) => None,
        None => is_right(line, &line.keyword()),
    })
}

/// Whether CAPA had listed it when this line was said.
fn lists(line: &Line, tag: &str) -> bool {
    let list = line.capabilities.iter().flatten().flatten();
    let mut tags = list.filter_map(|capability| capability.split(' ').next());
    tags.any(|listed| listed.eq_ignore_ascii_case(tag))
}

/// The mechanism in capitals and the initial response of an AUTH that has one.
fn initial_response(line: &Line) -> Option<(String, &[u8])> {
    if line.keyword() != "AUTH" {
        return None;
    }
    let arguments = line.arguments();
    let space = arguments.iter().position(|octet| *octet == b' ')?;
    let mechanism = String::from_utf8_lossy(&arguments[..space]).to_ascii_uppercase();
    Some((mechanism, &arguments[space + 1..]))
}

/// The challenge that this line answers, when it belongs to that mechanism and gives an answer.
fn response_to(line: &Line, mechanism: &str) -> Option<Vec<u8>> {
    let is_it = line.within_auth.as_deref() == Some(mechanism) && line.octets != b"*";
    is_it.then(|| decoded(&line.challenge)).flatten()
}

fn decoded(octets: &[u8]) -> Option<Vec<u8>> {
    Base64::decode_vec(str::from_utf8(octets).ok()?).ok()
}
