//! What was found: a verdict for each case, and the forms in which it is shown.
//!
//! | form | for | by |
//! |---|---|---|
//! | text | people | [`Report::text`] |
//! | JSON | programs, and to be joined later | [`Report::write_json`], [`Report::read_json`] |
//! | `JUnit` | continuous integration | [`Report::write_junit`] |
//! | a page | the comparison of several peers | [`matrix::write`] |
//!
//! Whatever a peer said is in all of them text that does nothing: no escape reaches a terminal, no
//! markup a browser.

mod harmless;
mod json;
mod junit;
pub mod matrix;
mod sections;
mod text;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use text::Text;

use crate::case::Heading;

/// What was found about one server or client.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// Who was judged: a name, or an address.
    pub peer: String,
    /// `server` or `client`.
    pub side: String,
    /// How it was spoken to, and what it said of itself: lines for the head of a report.
    pub about: Vec<String>,
    /// One for each case, in the order of documents and sections.
    pub cases: Vec<CaseReport>,
}

/// What was found by one case.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CaseReport {
    /// The case's id.
    pub id: String,
    /// What is right, in a sentence.
    pub title: String,
    /// The requirements that it judges.
    pub requirements: Vec<Demand>,
    /// How grave a breach is: `MUST`, `MUST NOT`, `SHOULD`, `SHOULD NOT` or `MAY`.
    pub level: String,
    /// What was found.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What went over the wire, a line each, secrets left out; for a breach alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wire: Vec<String>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// A requirement, as a report shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Demand {
    /// Its id.
    pub id: String,
    /// Where it stands: `RFC 1939`.
    pub document: String,
    /// In which section of it; `-` in a document without any.
    pub section: String,
    /// How strongly it is demanded.
    pub level: String,
    /// What it says.
    pub says: String,
}

/// What a case found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// What is right.
    Passed,
    /// Something else.
    Failed(Breach),
    /// Nothing, since it could not be decided here.
    Skipped {
        /// Why not.
        why: String,
    },
}

/// How something departed from what is right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Breach {
    /// What was said to the peer last, escaped and shortened.
    pub sent: String,
    /// What came, escaped and shortened.
    pub came: String,
    /// What would have been right.
    pub right: String,
}

impl Breach {
    /// A departure: what was sent, what came, what would have been right.
    pub fn new(sent: impl Into<String>, came: impl Into<String>, right: impl Into<String>) -> Self {
        Self { sent: sent.into(), came: came.into(), right: right.into() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.sent.is_empty() {
            write!(f, "sent {}, ", self.sent)?;
        }
        write!(f, "came {}, right: {}", self.came, self.right)
    }
}

impl CaseReport {
    /// What a case with this heading found.
    #[must_use]
    pub fn new(heading: &Heading, verdict: Verdict, wire: Vec<String>, took: Duration) -> Self {
        let demands = heading.proves.iter().map(|requirement| Demand {
            id: requirement.id.to_owned(),
            document: requirement.document.to_owned(),
            section: requirement.section.to_owned(),
            level: requirement.level.to_string(),
            says: requirement.says.to_owned(),
        });
        Self {
            id: heading.id.clone(),
            title: heading.title.clone(),
            requirements: demands.collect(),
            level: heading.level().to_string(),
            verdict,
            wire,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Whether a breach is a failure, not a warning.
    #[must_use]
    pub fn is_mandatory(&self) -> bool {
        self.level.starts_with("MUST")
    }

    /// What the verdict amounts to, at the level of the case.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match &self.verdict {
            Verdict::Passed => Outcome::Passed,
            Verdict::Skipped { .. } => Outcome::Skipped,
            Verdict::Failed(_) if self.is_mandatory() => Outcome::Failed,
            Verdict::Failed(_) if self.level == "MAY" => Outcome::Note,
            Verdict::Failed(_) => Outcome::Warning,
        }
    }
}

/// What a verdict amounts to: a breach is as grave as what was demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// What is right was found.
    Passed,
    /// Something mandatory was not.
    Failed,
    /// Something advised was not.
    Warning,
    /// Something that either way is lawful, and unusual.
    Note,
    /// It could not be decided.
    Skipped,
}

impl Outcome {
    /// In four letters; a failure in capitals.
    const fn word(self) -> &'static str {
        match self {
            Self::Passed => "pass",
            Self::Failed => "FAIL",
            Self::Warning => "warn",
            Self::Note => "note",
            Self::Skipped => "skip",
        }
    }
}

impl Report {
    /// A report without cases.
    #[must_use]
    pub fn new(peer: impl Into<String>, side: impl Into<String>) -> Self {
        Self { peer: peer.into(), side: side.into(), about: Vec::new(), cases: Vec::new() }
    }

    /// What was found, in numbers.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for case in &self.cases {
            *match case.outcome() {
                Outcome::Passed => &mut summary.passed,
                Outcome::Failed => &mut summary.failed,
                Outcome::Warning => &mut summary.warnings,
                Outcome::Note => &mut summary.notes,
                Outcome::Skipped if case.is_mandatory() => &mut summary.skipped_mandatory,
                Outcome::Skipped => &mut summary.skipped,
            } += 1;
        }
        summary
    }
}

/// How many cases ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// What is right was found.
    pub passed: usize,
    /// Something mandatory was not.
    pub failed: usize,
    /// Something advised was not.
    pub warnings: usize,
    /// Something that either way is lawful, and unusual.
    pub notes: usize,
    /// Something mandatory could not be decided.
    pub skipped_mandatory: usize,
    /// Something else could not be decided.
    pub skipped: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        let others = [
            (self.warnings, "warnings"),
            (self.notes, "notes"),
            (self.skipped_mandatory + self.skipped, "skipped"),
        ];
        for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, ", {count} {what}")?;
        }
        if self.skipped_mandatory > 0 {
            write!(f, " ({} of them mandatory)", self.skipped_mandatory)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
