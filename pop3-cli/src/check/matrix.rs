//! `pop3 check matrix`: several reports on one page.

use std::fs;

use pop3_conformance::report::{Report, matrix};

use super::args::Matrix;
use super::reports::to_file;
use crate::failure::Failure;

pub(super) fn run(args: &Matrix) -> Result<(), Failure> {
    let mut reports = Vec::new();
    for path in &args.reports {
        let report = fs::read(path).and_then(|json| Report::read_json(&json));
        reports.push(report.map_err(|error| Failure::local(path.display(), error))?);
    }
    to_file(&args.html, |out| matrix::write(&reports, out))
}
