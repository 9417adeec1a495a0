//! Every case of the conformance suite that needs no socket, played against the state machine and
//! a maildrop in memory, whole and octet by octet.

use std::sync::Arc;

use pop3_conformance::report::Verdict;
use pop3_conformance::server::target::{Trust, tls_config};
use pop3_conformance::server::transport::Place;
use pop3_conformance::server::{Account, Check, Target};
use pop3_tests::in_process::{InProcess, Pieces};

/// Why a case may be skipped without a socket, TLS and hours to spare.
const REASONS: &[&str] = &[
    "minutes would pass",
    "nothing of the kind was seen",
    "the port for implicit TLS is not known",
];

/// What the state machine does otherwise, and says so: a header that is downgraded on its way makes
/// a message of another size than LIST tells. Whoever has CRAM-MD5 has USER, too.
const OTHERWISE: &[&str] = &["6856-2.1/sizes-in-either-mode", "2195-4/one-way-in"];

fn judge(pieces: Pieces) {
    let server = Arc::new(InProcess::new(pieces));
    let account = Account::new("mark", "swordfish");
    let mut target = Target::new("localhost", account, tls_config(Trust::Anybody).unwrap());
    target.clear = Some(Place::Within(server.clone()));
    target.second = Some(Account::new("mary", "tanstaaf"));
    let mut check = Check::new(target);
    check.fixture = Some(server);
    check.destructive = true;
    let report = check.run(&mut |_| {}).unwrap();

    let mut wrong = Vec::new();
    for case in &report.cases {
        match &case.verdict {
            Verdict::Failed(_) if OTHERWISE.contains(&case.id.as_str()) => {}
            Verdict::Failed(breach) => {
                wrong.push(format!(
                    "{} {}: {breach}\n{}",
                    case.level,
                    case.id,
                    case.wire.join("\n")
                ));
            }
            Verdict::Skipped { why }
                if case.is_mandatory()
                    && !why.starts_with("the server ha")
                    && !REASONS.contains(&why.as_str()) =>
            {
                wrong.push(format!("{}: skipped: {why}", case.id));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let passed = report.summary().passed;
    assert!(passed >= 70, "only {passed} cases passed");
}

#[test]
fn the_state_machine_passes_every_case() {
    judge(Pieces::Whole);
}

#[test]
fn the_state_machine_passes_every_case_octet_by_octet() {
    judge(Pieces::Octets);
}
