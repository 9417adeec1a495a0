//! Where a report goes: standard output, files, and the exit status.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use pop3_conformance::report::{CaseReport, Outcome, Report};

use super::args::Reports;
use crate::failure::Failure;

/// How far it is, on a terminal; nothing where standard error is none.
pub(super) fn progress(cases: usize) -> ProgressBar {
    let bar = ProgressBar::new(cases as u64);
    let style = ProgressStyle::with_template("{pos}/{len} {wide_bar} {msg}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// One more case has ended.
pub(super) fn advance(bar: &ProgressBar, case: &CaseReport) {
    bar.set_message(case.id.clone());
    bar.inc(1);
}

impl Reports {
    /// Sees to it that what is wanted can be written: a check takes minutes, and is not to be in
    /// vain.
    pub(super) fn prepare(&self) -> Result<(), Failure> {
        for path in [&self.json, &self.junit].into_iter().flatten() {
            let opened = File::options().append(true).create(true).open(path);
            opened.map_err(|error| Failure::local(path.display(), error))?;
        }
        Ok(())
    }

    /// Writes a report wherever it is wanted.
    ///
    /// That something mandatory failed is an error.
    pub(super) fn write(&self, report: &mut Report) -> Result<(), Failure> {
        if let Some(name) = &self.name {
            report.peer.clone_from(name);
        }
        if let Some(path) = &self.json {
            to_file(path, |out| report.write_json(out))?;
        }
        if let Some(path) = &self.junit {
            to_file(path, |out| report.write_junit(out))?;
        }
        let mut out = BufWriter::new(io::stdout().lock());
        let text = report.text().verbose(self.verbose).painted(&painted);
        match text.write_to(&mut out).and_then(|()| out.flush()) {
            // Who has read enough of the report still has its verdict.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            written => written?,
        }
        match report.summary().failed {
            0 => Ok(()),
            1 => Err(Failure::Breaches("1 case failed".into())),
            failed => Err(Failure::Breaches(format!("{failed} cases failed"))),
        }
    }
}

pub(super) fn to_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let written = File::create(path).and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.flush()
    });
    written.map_err(|error| Failure::local(path.display(), error))
}

/// A word in the colour of what it tells, where standard output has colours.
fn painted(outcome: Outcome, word: &str) -> String {
    let word = style(word);
    match outcome {
        Outcome::Passed => word.green(),
        Outcome::Failed => word.red().bold(),
        Outcome::Warning => word.yellow(),
        Outcome::Note => word.cyan(),
        _ => word.dim(),
    }
    .to_string()
}
