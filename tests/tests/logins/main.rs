//! Each way to log in, with other people's programs at the other end, in clear text, by STLS and in
//! implicit TLS. Whoever is in collects letters that break programs, which must arrive whole.

mod clients;
mod dovecot;
mod shared;

use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use pop3_tests::peers::table;
use shared::Shared;

fn main() {
    let shared = Arc::new(Shared::default());
    let mut trials = vec![Trial::test("docs/peers.md tells what is tried here", told)];
    trials.extend(clients::trials(&shared));
    trials.extend(dovecot::trials(&shared));
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    shared.end();
    conclusion.exit();
}

/// The document has the tables that follow from what is tried.
fn told() -> Result<(), Failed> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/peers.md");
    let document = fs::read_to_string(document)?;
    for table in [table::clients(), table::dovecot()] {
        if !document.contains(&table) {
            return Err(format!("it should say:\n{table}").into());
        }
    }
    Ok(())
}

fn text(error: impl Display) -> String {
    error.to_string()
}
