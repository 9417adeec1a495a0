//! The conformance suite before a server that does one thing wrong.
//!
//! Without a fault the server passes every case. With one, the case that is meant for it fails.

use std::fs;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use pop3_conformance::report::{Report, Verdict};
use pop3_conformance::server::target::{Trust, tls_config};
use pop3_conformance::server::{Account, Check, Security, Target};
use pop3_tests::faulty::{Entry, FAULTS, Fault, FaultyServer, TOKEN};

/// How long a faulty server may be silent.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);

/// What the lawful server does against advice: its user comes in by every way that there is, so that
/// all of them can be judged.
const OTHERWISE: [&str; 2] = ["1939-13/one-way-in", "2195-4/one-way-in"];

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
    arguments.test_threads = arguments.test_threads.or(Some(9));
    libtest_mimic::run(&arguments, trials).exit();
}

fn lawful(security: Security) -> Result<(), String> {
    for case in run(None, security, &[])?.cases {
        if let Verdict::Failed(breach) = case.verdict
            && !OTHERWISE.contains(&case.id.as_str())
        {
            return Err(format!("{}: {breach}\n  {}", case.id, case.wire.join("\n  ")));
        }
    }
    Ok(())
}

/// The case fails in one kind of security at least. One that looks at what others say may need the
/// others of its document.
fn faulty(entry: &Entry) -> Result<(), String> {
    let document = entry.case.split_once('-').map_or(entry.case, |(document, _)| document);
    let mut seen = Vec::new();
    for only in [entry.case, document] {
        for security in [Security::None, Security::Implicit, Security::Stls] {
            match run(Some(entry.fault), security, &[only.to_owned()]) {
                Ok(report) => {
                    let case = report.cases.into_iter().find(|case| case.id == entry.case);
                    let case = case.ok_or_else(|| format!("there is no case {:?}", entry.case))?;
                    if !case.requirements.iter().any(|one| one.id == entry.requirement) {
                        return Err(format!("{} does not judge {}", case.id, entry.requirement));
                    }
                    if matches!(case.verdict, Verdict::Failed(_)) {
                        return Ok(());
                    }
                    seen.push(format!("{security}: {:?}", case.verdict));
                }
                Err(error) => seen.push(format!("{security}: {error}")),
            }
        }
    }
    Err(format!("{} does not fail\n{}", entry.case, seen.join("\n")))
}

fn run(fault: Option<Fault>, security: Security, only: &[String]) -> Result<Report, String> {
    let server = FaultyServer::start(fault).map_err(|error| error.to_string())?;
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let root = directory.path().join("root.pem");
    fs::write(&root, server.certificate()).map_err(|error| error.to_string())?;
    let tls = tls_config(Trust::Roots(&root)).map_err(|error| error.to_string())?;
    let mut target = Target::new("localhost", Account::new("mark", "swordfish"), tls);
    target.security = security;
    target.clear = Some(server.clear().into());
    target.implicit = Some(server.implicit().into());
    target.second = Some(Account::new("mary", "tanstaaf"));
    target.apop = true;
    target.token = Some(TOKEN.to_owned());
    target.patience = PATIENCE;
    let mut check = Check::new(target);
    check.fixture = Some(Arc::new(server));
    check.destructive = true;
    if !only.is_empty() {
        check.only(only);
    }
    check.run(&mut |_| {}).map_err(|error| error.to_string())
}
