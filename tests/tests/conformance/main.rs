//! Our server before the conformance suite: on each runtime, in clear text, by STLS and in TLS.
//!
//! No one configuration shows everything: a user who has APOP has nothing else, and a server that
//! enforces a delay between logins is no good for anything but to show that. So the suite is run
//! whole against the usual configuration, and what that cannot decide against the others. At the
//! end every mandatory case has passed somewhere and nothing has failed anywhere.
//!
//! With `POP3_TIMERS=1` in the environment it takes an hour, and cases that wait for limits of
//! time are among it.

mod ours;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use pop3_conformance::report::{CaseReport, Report, Verdict};
use pop3_conformance::server::fixture::Maildir;
use pop3_conformance::server::target::{Trust, tls_config};
use pop3_conformance::server::{Account, Check, Security, Target};
use pop3_maildrop::Door;
use pop3_tests::adapters::Adapter;
use pop3_tests::peers::authority::Authority;
use pop3_tests::peers::login::TOKEN;

use ours::Configuration;

/// What may stay undecided where timers are not waited for.
const TIMERS: &str = "minutes would pass";

/// What may stay undecided, since it takes a privilege.
const PORT: &str = "the server has its port for TLS elsewhere, as whoever judges it chose";

fn with_timers() -> bool {
    std::env::var_os("POP3_TIMERS").is_some()
}

/// What is advised and done otherwise, and why.
const OTHERWISE: &[(&str, &str)] = &[
    (
        "6856-2.1/sizes-in-either-mode",
        "a size is that of the letter as it is stored; to know how long its header is in ASCII, \
         each letter would have to be read at login",
    ),
    (
        "2195-4/one-way-in",
        "that no password crosses a network in clear text is seen to without regard to what its \
         user has beside it",
    ),
];

/// What is forbidden, and done on loopback alone, where the client may be a proxy that ends TLS:
/// decided where no password is taken in clear text.
const ON_LOOPBACK: [&str; 2] =
    ["7628-3/oauthbearer-in-tls-alone", "google-xoauth2/xoauth2-in-tls-alone"];

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

fn is_otherwise(case: &CaseReport) -> bool {
    !case.is_mandatory() && OTHERWISE.iter().any(|(id, _)| *id == case.id)
}

fn judge(adapter: Adapter, security: Security) -> Result<(), String> {
    let mut open: BTreeMap<String, String> = BTreeMap::new();
    let mut only = None;
    for configuration in Configuration::ALL {
        let report = run(adapter, security, configuration, only.as_deref())?;
        for case in report.cases {
            match case.verdict {
                Verdict::Failed(_) if is_otherwise(&case) => drop(open.remove(&case.id)),
                Verdict::Failed(_) if ON_LOOPBACK.contains(&case.id.as_str()) => {
                    open.insert(case.id, "done on loopback".to_owned());
                }
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
        .filter(|(_, why)| *why != PORT && (with_timers() || *why != TIMERS))
        .filter(|(id, _)| mandatory(id))
        .map(|(id, why)| format!("{id}: {why}"))
        .collect();
    if left.is_empty() { Ok(()) } else { Err(format!("not decided:\n{}", left.join("\n"))) }
}

/// The registered port of POP3 in TLS, on an address that no other trial has; any port, where that
/// one is not to be had.
fn listen_at_995(adapter: Adapter, security: Security) -> std::io::Result<TcpListener> {
    let own = Ipv4Addr::new(127, 0, 1 + adapter as u8, 1 + security as u8);
    TcpListener::bind((own, 995)).or_else(|_| TcpListener::bind((own, 0)))
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
    let clear = TcpListener::bind("127.0.0.1:0").map_err(|error| told(&error))?;
    let implicit = listen_at_995(adapter, security).map_err(|error| told(&error))?;
    let address = |listener: &TcpListener| listener.local_addr().map_err(|error| told(&error));

    let account = Account::new("mark", "swordfish");
    let trust = Trust::Roots(&authority.root);
    let mut target = Target::new("localhost", account, tls_config(trust).map_err(|e| told(&e))?);
    target.security = match (configuration, security) {
        (Configuration::InTlsAlone, Security::None) => Security::Stls,
        _ => security,
    };
    target.clear = Some(address(&clear)?.into());
    target.implicit = Some(address(&implicit)?.into());
    target.second = Some(Account::new("mary", "tanstaaf"));
    target.token = Some(TOKEN.to_owned());
    let serving = adapter.serve(vec![(clear, Door::PLAIN), (implicit, Door::TLS)], service);

    let mut check = Check::new(target);
    let maildir = Maildir::new(directory.path().join("mail/mark")).map_err(|error| told(&error))?;
    check.fixture = Some(Arc::new(maildir));
    check.destructive = true;
    check.timers = with_timers();
    if let Some(only) = only {
        check.cases.retain(|case| only.contains(&case.heading.id));
    }
    let report = check.run(&mut |_| {}).map_err(|error| told(&error))?;
    serving.stop();
    Ok(report)
}
