//! `pop3 check client`

use std::io::{self, Write};
use std::time::Duration;

use pop3_conformance::client::{self as judge, Program, Progress, Security};

use super::args::Client;
use super::{listing, reports};
use crate::args::TlsMode;
use crate::failure::Failure;

pub(super) fn run(args: &Client) -> Result<(), Failure> {
    let cases = judge::headings().filter(|heading| judge::is_wanted(&heading.id, &args.cases));
    if args.list {
        return listing::print(cases);
    }
    let program = match args.serve {
        true => Program::ByHand,
        false => Program::Command(args.command.clone()),
    };
    let mut check = judge::Check::new(program);
    check.tls = match args.tls {
        TlsMode::Implicit => Security::Implicit,
        TlsMode::Starttls => Security::Stls,
        TlsMode::None => Security::None,
    };
    check.patience = Duration::from_secs(args.patience);
    check.at_once = args.at_once.into();
    check.slow = args.timers;
    let cases = cases.count();
    if cases == 0 {
        return Err(listing::no_case());
    }
    args.reports.prepare()?;
    let bar = reports::progress(cases);
    let report = check.run(&args.cases, &mut |progress| match progress {
        Progress::Waiting(heading, address) if args.serve => {
            // Nobody reads this but whoever starts the client.
            let id = &heading.id;
            let _ = writeln!(io::stderr(), "{id}: user mark, password swordfish, on {address}");
        }
        Progress::Done(case) => reports::advance(&bar, case),
        _ => {}
    });
    bar.finish_and_clear();
    let name = args.command.first().map_or("the client", String::as_str);
    let mut report = report.map_err(|error| Failure::local(name, error))?;
    report.peer = name.to_owned();
    args.reports.write(&mut report)
}
