//! A report for people: on a terminal, or in a log.

use std::fmt;
use std::io::{self, Write};

use super::harmless::harmless;
use super::sections::{Section, sections};
use super::{CaseReport, Outcome, Report, Verdict};

/// A report as text. See [`Report::text`].
#[derive(Clone, Copy)]
pub struct Text<'a> {
    report: &'a Report,
    verbose: bool,
    paint: &'a dyn Fn(Outcome, &str) -> String,
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text").field("verbose", &self.verbose).finish_non_exhaustive()
    }
}

impl Report {
    /// The report as text: by document and section, each breach with what was demanded, sent and
    /// said; a summary at the end.
    ///
    /// ```
    /// # use pop3_conformance::report::Report;
    /// # fn main() -> std::io::Result<()> {
    /// # let report = Report::new("pop.example.org", "server");
    /// let mut text = Vec::new();
    /// report.text().verbose(true).write_to(&mut text)?;
    /// assert!(text.starts_with(b"server pop.example.org\n"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn text(&self) -> Text<'_> {
        Text { report: self, verbose: false, paint: &|_, word| word.to_owned() }
    }
}

impl<'a> Text<'a> {
    /// Whether cases that passed are named, and not only counted. Default: no.
    #[must_use]
    pub const fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }

    /// How words that tell an outcome are coloured. Default: not at all.
    #[must_use]
    pub const fn painted(mut self, paint: &'a dyn Fn(Outcome, &str) -> String) -> Self {
        self.paint = paint;
        self
    }

    /// Writes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} {}", harmless(&self.report.side), harmless(&self.report.peer))?;
        for line in &self.report.about {
            writeln!(out, "  {}", harmless(line))?;
        }
        for section in sections(&self.report.cases) {
            self.write_section(&section, out)?;
        }
        writeln!(out, "\n{}", self.report.summary())?;
        self.write_ids(Outcome::Failed, "failed", out)?;
        self.write_ids(Outcome::Warning, "warnings", out)
    }

    fn write_section(&self, section: &Section<'_>, out: &mut dyn Write) -> io::Result<()> {
        let passed = section.cases.iter().filter(|case| case.outcome() == Outcome::Passed).count();
        write!(out, "\n{}", harmless(&section.name()))?;
        match passed {
            0 => writeln!(out)?,
            _ => writeln!(out, ": {}", (self.paint)(Outcome::Passed, &format!("{passed} passed")))?,
        }
        section.cases.iter().try_for_each(|case| self.write_case(case, out))
    }

    fn write_case(&self, case: &CaseReport, out: &mut dyn Write) -> io::Result<()> {
        let outcome = case.outcome();
        let word = (self.paint)(outcome, outcome.word());
        let id = harmless(&case.id);
        match &case.verdict {
            Verdict::Passed if !self.verbose => Ok(()),
            Verdict::Passed => writeln!(out, "  {word}  {id}: {}", harmless(&case.title)),
            Verdict::Skipped { why } => writeln!(out, "  {word}  {id}: {}", harmless(why)),
            Verdict::Failed(_) => {
                writeln!(out, "  {word}  {id}: {}", harmless(&case.title))?;
                lines_of_breach(case).iter().try_for_each(|line| writeln!(out, "        {line}"))
            }
        }
    }

    fn write_ids(&self, outcome: Outcome, name: &str, out: &mut dyn Write) -> io::Result<()> {
        let mut cases =
            self.report.cases.iter().filter(|case| case.outcome() == outcome).peekable();
        if cases.peek().is_some() {
            writeln!(out, "{}:", (self.paint)(outcome, name))?;
        }
        cases.try_for_each(|case| {
            writeln!(out, "  {}: {}", harmless(&case.id), harmless(&case.title))
        })
    }
}

/// What is to be said about a breach: what is demanded, what was sent and came, what would have been
/// right, and the wire; nothing of it can do anything to a terminal.
pub(super) fn lines_of_breach(case: &CaseReport) -> Vec<String> {
    let Verdict::Failed(breach) = &case.verdict else { return Vec::new() };
    let mut lines = Vec::new();
    for demand in &case.requirements {
        lines.push(format!("{}: {} ({})", demand.level, demand.says, demand.id));
    }
    lines.push(format!("sent   {}", breach.sent));
    lines.push(format!("came   {}", breach.came));
    lines.push(format!("right  {}", breach.right));
    let heads = std::iter::once("wire   ").chain(std::iter::repeat("       "));
    lines.extend(heads.zip(&case.wire).map(|(head, line)| format!("{head}{line}")));
    lines.iter().map(|line| harmless(line)).collect()
}
