//! Every requirement of RFC 1939, 2449 and 6856 that a server shows to the outside has a test.
//!
//! `tests/requirements/*.txt` lists them by their ids, below each the tests that prove it, each a
//! transcript or `file::function`, or the reason why nothing here can. What an id demands is said in
//! the list of pop3-conformance.

use std::collections::HashSet;

use pop3_conformance::requirement;
use pop3_tests::proofs::{read, stands};

const REASON: &str = "not observed here: ";

#[test]
fn every_requirement_has_a_proof_or_a_reason() {
    let mut seen = HashSet::new();
    for (list, entries) in [("rfc1939", 138), ("rfc2449", 51), ("rfc6856", 39)] {
        let text = read(&format!("tests/requirements/{list}.txt"));
        let mut open: Option<&str> = None;
        let before = seen.len();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.strip_prefix("    ") {
                Some(proof) => {
                    open = None;
                    match proof.strip_prefix(REASON) {
                        Some(reason) => println!("{line}", line = reason.trim()),
                        None => assert!(stands(proof), "{list}: there is no {proof}"),
                    }
                }
                None => {
                    assert_eq!(open, None, "{list}: a requirement without a proof");
                    assert!(requirement::find(line).is_some(), "{list}: what is {line:?}?");
                    assert!(seen.insert(line.to_owned()), "{list}: {line} stands twice");
                    open = Some(line);
                }
            }
        }
        assert_eq!(open, None, "{list}: a requirement without a proof");
        assert_eq!(seen.len() - before, entries, "{list}: requirements were lost or added");
    }
}
