//! The conformance suite before a client that does one thing wrong.
//!
//! Without a fault the client passes every case. With one, the case that is meant for it fails.

use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use pop3_conformance::client::{Check, Program, Security};
use pop3_conformance::report::{Report, Verdict};
use pop3_tests::faulty_client::{Entry, FAULTS, Fault, collect};

/// How long a client may be silent.
const PATIENCE: Duration = Duration::from_secs(6);

fn main() {
    let mut trials = Vec::new();
    for security in [Security::None, Security::Stls, Security::Implicit] {
        trials.push(Trial::test(format!("lawful, {security}"), move || {
            lawful(security).map_err(Failed::from)
        }));
    }
    for entry in FAULTS {
        trials.push(Trial::test(format!("{:?}", entry.fault), || {
            faulty(entry).map_err(Failed::from)
        }));
    }
    let mut arguments = Arguments::from_args();
    // Most of the time is spent waiting for nothing to happen.
    arguments.test_threads = arguments.test_threads.or(Some(6));
    libtest_mimic::run(&arguments, trials).exit();
}

fn lawful(security: Security) -> Result<(), String> {
    for case in run(None, security, &[])?.cases {
        if let Verdict::Failed(breach) = case.verdict {
            return Err(format!("{}: {breach}\n  {}", case.id, case.wire.join("\n  ")));
        }
    }
    Ok(())
}

/// The case fails in one kind of security at least, where there is one in which it is played.
fn faulty(entry: &Entry) -> Result<(), String> {
    let only = [entry.case, entry.within].map(str::to_owned);
    let mut seen = Vec::new();
    for security in [Security::None, Security::Stls, Security::Implicit] {
        match run(Some(entry.fault), security, &only) {
            Ok(report) => match report.cases.into_iter().find(|case| case.id == entry.case) {
                Some(case) if matches!(case.verdict, Verdict::Failed(_)) => {
                    let judged = case.requirements.iter().any(|it| it.id == entry.requirement);
                    return if judged {
                        Ok(())
                    } else {
                        Err(format!("{} does not judge {}", case.id, entry.requirement))
                    };
                }
                Some(case) => seen.push(format!("{security}: {:?}", case.verdict)),
                None => {}
            },
            Err(error) => seen.push(format!("{security}: {error}")),
        }
    }
    Err(format!("{} does not fail\n{}", entry.case, seen.join("\n")))
}

fn run(fault: Option<Fault>, security: Security, only: &[String]) -> Result<Report, String> {
    let client = move |errand: &_| collect(errand, security, fault);
    let mut check = Check::new(Program::Function(Arc::new(client)));
    check.tls = security;
    check.patience = PATIENCE;
    let only: Vec<_> = only.iter().filter(|id| !id.is_empty()).cloned().collect();
    check.run(&only, &mut |_| {}).map_err(|error| error.to_string())
}
