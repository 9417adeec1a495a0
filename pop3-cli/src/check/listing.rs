//! Cases, listed.

use std::io::{self, Write};

use pop3_conformance::case::Heading;
use pop3_conformance::server::CannotRun;

use crate::failure::Failure;

/// One line for each case: its id, its level, what is right.
pub(super) fn print<'a>(headings: impl Iterator<Item = &'a Heading>) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut headings = headings.peekable();
    if headings.peek().is_none() {
        return Err(no_case());
    }
    for heading in headings {
        writeln!(out, "{}\t{}\t{}", heading.id, heading.level(), heading.title)?;
    }
    Ok(out.flush()?)
}

/// What is said when none of the cases is chosen.
pub(super) fn no_case() -> Failure {
    Failure::NoVerdict(CannotRun::NoCase.to_string())
}
