//! `pop3 fetch` on each runtime before the conformance suite, in clear text and in TLS; and `pop3 list`,
//! which says TOP, for what fetch gives no occasion to judge.

use libtest_mimic::{Arguments, Failed, Trial};
use pop3_conformance::client::{Check, Program, Security};
use pop3_conformance::report::{CaseReport, Verdict};
use pop3_tests::pop3::program;

/// What neither of them ever says, so that no case can judge how they take the answer.
const NEVER_SAID: [&str; 2] = ["the client never said STAT", "the client never said UTF8 or LANG"];

fn main() {
    let mut trials = Vec::new();
    for runtime in ["tokio", "async-std", "blocking"] {
        for security in [Security::None, Security::Stls, Security::Implicit] {
            trials.push(Trial::test(format!("{runtime}, {security}"), move || {
                judge(runtime, security).map_err(Failed::from)
            }));
        }
    }
    let mut arguments = Arguments::from_args();
    // Cases are played several at a time as it is.
    arguments.test_threads = arguments.test_threads.or(Some(2));
    libtest_mimic::run(&arguments, trials).exit();
}

fn judge(runtime: &str, security: Security) -> Result<(), String> {
    // Unique-ids are asked for where letters are files of their own.
    let fetch = ["fetch", "--format", "eml", "--delete", "--quiet", "--to", "{outdir}"];
    let undecided = run(runtime, security, &fetch, &[])?;
    let ids: Vec<_> = undecided.into_iter().map(|case| case.id).collect();
    let left: Vec<_> = run(runtime, security, &["list"], &ids)?
        .into_iter()
        .filter_map(|case| match &case.verdict {
            Verdict::Skipped { why } if case.is_mandatory() => Some((case.id.clone(), why.clone())),
            _ => None,
        })
        .filter(|(_, why)| !NEVER_SAID.contains(&why.as_str()))
        .collect();
    if left.is_empty() { Ok(()) } else { Err(format!("not decided: {left:?}")) }
}

/// The cases that could not decide about this command.
fn run(
    runtime: &str,
    security: Security,
    command: &[&str],
    only: &[String],
) -> Result<Vec<CaseReport>, String> {
    let (scheme, tls) = match security {
        Security::Implicit => ("pop3s", "implicit"),
        Security::Stls => ("pop3", "starttls"),
        _ => ("pop3", "none"),
    };
    let url = format!("{scheme}://{{user}}@{{host}}:{{port}}");
    let program = program().display().to_string();
    let (name, options) = command.split_first().ok_or("no command")?;
    let mut words = vec![&*program, *name, &*url];
    words.extend(["--tls", tls, "--ca", "{ca}", "--runtime", runtime]);
    words.extend(options);
    let words = words.into_iter().map(str::to_owned).collect();
    let mut check = Check::new(Program::Command(words));
    check.tls = security;
    check.at_once = 8;
    let report = check.run(only, &mut |_| {}).map_err(|error| error.to_string())?;
    let mut undecided = Vec::new();
    for case in report.cases {
        match &case.verdict {
            Verdict::Failed(breach) => {
                return Err(format!("{name}: {}: {breach}\n  {}", case.id, case.wire.join("\n  ")));
            }
            Verdict::Skipped { .. } => undecided.push(case),
            _ => {}
        }
    }
    Ok(undecided)
}
