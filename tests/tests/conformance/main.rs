//! Our server before the conformance suite: on each runtime, in clear text, by STLS and in TLS.
//!
//! No one configuration shows everything: a user who has APOP has nothing else, and a server that
//! enforces a delay between logins is no good for anything but to show that. So the suite is run
//! whole against the usual configuration, and what that cannot decide against the others. At the
//! end every mandatory case has passed somewhere and nothing has failed anywhere.

mod ours;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use pop3_conformance::report::{Report, Verdict};
use pop3_conformance::server::fixture::Maildir;
use pop3_conformance::server::target::{Trust, tls_config};
use pop3_conformance::server::{Account, Check, Security, Target};
use pop3_maildrop::Door;
use pop3_tests::adapters::Adapter;
use pop3_tests::peers::authority::Authority;
use pop3_tests::peers::login::TOKEN;

use ours::Configuration;

/// Real time that no test waits for: by hand, with `--timers` (see `docs/conformance.md`).
const BY_HAND: &str = "minutes would pass";

fn main() {
    let mut trials = Vec::new();
    for adapter in Adapter::ALL {
        for security in [Security::None, Security::Stls, Security::Implicit] {
            trials.push(Trial::test(format!("{adapter:?}, {security}"), move || {
                judge(adapter, security).map_err(Failed::from)
            }));
        }
    }
    let mut arguments = Arguments::from_args();
    // Most of the time is spent waiting for nothing to happen.
    arguments.test_threads = arguments.test_threads.or(Some(9));
    libtest_mimic::run(&arguments, trials).exit();
}

fn judge(adapter: Adapter, security: Security) -> Result<(), String> {
    let mut open: BTreeMap<String, String> = BTreeMap::new();
    let mut only = None;
    for configuration in Configuration::ALL {
        let report = run(adapter, security, configuration, only.as_deref())?;
        for case in report.cases {
            match case.verdict {
                Verdict::Failed(breach) => {
                    let wire = case.wire.join("\n  ");
                    return Err(format!("{configuration:?}, {}: {breach}\n  {wire}", case.id));
                }
                Verdict::Passed => drop(open.remove(&case.id)),
                Verdict::Skipped { why } => drop(open.insert(case.id, why)),
                other => return Err(format!("{other:?}")),
            }
        }
        only = Some(open.keys().cloned().collect::<Vec<_>>());
    }
    let mandatory = |id: &String| {
        let cases = pop3_conformance::server::cases();
        cases.iter().any(|case| case.heading.id == *id && case.heading.level().is_mandatory())
    };
    let left: Vec<_> = open
        .iter()
        .filter(|(id, why)| *why != BY_HAND && mandatory(id))
        .map(|(id, why)| format!("{id}: {why}"))
        .collect();
    if left.is_empty() { Ok(()) } else { Err(format!("not decided:\n{}", left.join("\n"))) }
}

fn run(
    adapter: Adapter,
    security: Security,
    configuration: Configuration,
    only: Option<&[String]>,
) -> Result<Report, String> {
    let told = |error: &dyn std::fmt::Display| format!("{configuration:?}: {error}");
    let directory = tempfile::tempdir().map_err(|error| told(&error))?;
    let authority = Authority::found(&directory.path().join("authority"))?;
    let service = configuration.service(directory.path(), &authority)?;
    let listen = || TcpListener::bind("127.0.0.1:0").map_err(|error| told(&error));
    let (clear, implicit) = (listen()?, listen()?);
    let address = |listener: &TcpListener| listener.local_addr().map_err(|error| told(&error));

    let account = Account::new("mark", "swordfish");
    let trust = Trust::Roots(&authority.root);
    let mut target = Target::new("localhost", account, tls_config(trust).map_err(|e| told(&e))?);
    target.security = security;
    target.clear = Some(address(&clear)?.into());
    target.implicit = Some(address(&implicit)?.into());
    target.second = Some(Account::new("mary", "tanstaaf"));
    target.token = Some(TOKEN.to_owned());
    let serving = adapter.serve(vec![(clear, Door::PLAIN), (implicit, Door::TLS)], service);

    let mut check = Check::new(target);
    let maildir = Maildir::new(directory.path().join("mail/mark")).map_err(|error| told(&error))?;
    check.fixture = Some(Arc::new(maildir));
    check.destructive = true;
    if let Some(only) = only {
        check.cases.retain(|case| only.contains(&case.heading.id));
    }
    let report = check.run(&mut |_| {}).map_err(|error| told(&error))?;
    serving.stop();
    Ok(report)
}
