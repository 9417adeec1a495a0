//! `pop3 fetch` on each runtime before the conformance suite, in clear text and in TLS.

use libtest_mimic::{Arguments, Failed, Trial};
use pop3_conformance::client::{Check, Program, Security};
use pop3_conformance::report::Verdict;
use pop3_tests::pop3::program;

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
    let (scheme, tls) = match security {
        Security::Implicit => ("pop3s", "implicit"),
        Security::Stls => ("pop3", "starttls"),
        _ => ("pop3", "none"),
    };
    let url = format!("{scheme}://{{user}}@{{host}}:{{port}}");
    let program = program().display().to_string();
    // Unique-ids are asked for where letters are files of their own.
    let words = [
        &program,
        "fetch",
        &url,
        "--tls",
        tls,
        "--ca",
        "{ca}",
        "--runtime",
        runtime,
        "--format",
        "eml",
        "--delete",
        "--quiet",
        "--to",
        "{outdir}",
    ];
    let mut check = Check::new(Program::Command(words.map(str::to_owned).to_vec()));
    check.tls = security;
    check.at_once = 8;
    let report = check.run(&[], &mut |_| {}).map_err(|error| error.to_string())?;
    for case in report.cases {
        if let Verdict::Failed(breach) = case.verdict {
            return Err(format!("{}: {breach}\n  {}", case.id, case.wire.join("\n  ")));
        }
    }
    Ok(())
}
