//! Judges the client that a command starts, and prints what was found.
//!
//! ```sh
//! cargo run -p pop3-conformance --example judge_client -- none '' fetch-mail '{host}:{port}' '{outdir}'
//! ```
//!
//! The first argument says when the client begins TLS (`none`, `stls`, `implicit`), the second names
//! cases, parted by commas; the others are the command.

use std::process::ExitCode;

use pop3_conformance::client::{Check, Program, Progress, Security};
use pop3_conformance::report::{CaseReport, Verdict};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (Some(tls), Some(only)) = (words.next(), words.next()) else {
        eprintln!("judge_client SECURITY CASES COMMAND…");
        return ExitCode::from(2);
    };
    let only: Vec<_> = only.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect();
    let mut check = Check::new(Program::Command(words.collect()));
    check.tls = match tls.as_str() {
        "stls" => Security::Stls,
        "implicit" => Security::Implicit,
        _ => Security::None,
    };
    let report = check.run(&only, &mut |progress| {
        if let Progress::Done(case) = progress {
            show(case);
        }
    });
    match report {
        Ok(report) => {
            println!("{}", report.summary());
            ExitCode::from(u8::from(report.summary().failed > 0))
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn show(case: &CaseReport) {
    match &case.verdict {
        Verdict::Failed(breach) => {
            println!("{} {}: {breach}", case.level, case.id);
            case.wire.iter().for_each(|line| println!("    {line}"));
        }
        Verdict::Skipped { why } => println!("skipped {}: {why}", case.id),
        _ => println!("passed {} ({} ms)", case.id, case.milliseconds),
    }
}
