//! Every requirement of RFC 1939, 2449 and 6856 that a server shows to the outside has a test.
//!
//! What they say stands in `pop3-conformance/requirements/`. `tests/requirements/*.txt` lists them by
//! their ids: below each the tests that prove it, a transcript or `file::function`, or the reason why
//! nothing here can.

use std::collections::BTreeMap;

use pop3_conformance::requirement::{self, Requirement, Side};
use pop3_tests::proofs::{read, stands};

const REASON: &str = "not observed here: ";

const LISTS: [(&str, &str); 3] =
    [("RFC 1939", "rfc1939"), ("RFC 2449", "rfc2449"), ("RFC 6856", "rfc6856")];

/// The proofs of each requirement, by its id.
fn proofs(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut proofs: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut id = "";
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(proof) = line.strip_prefix("    ") {
            proofs.entry(id).or_default().push(proof);
        } else {
            id = line;
            assert!(proofs.insert(id, Vec::new()).is_none(), "{id} stands twice");
        }
    }
    proofs
}

fn is_seen_of_a_server(requirement: &Requirement) -> bool {
    requirement.side != Side::Client && !requirement.seen_by.is_empty()
}

#[test]
fn every_requirement_has_a_proof_or_a_reason() {
    for (document, list) in LISTS {
        let text = read(&format!("tests/requirements/{list}.txt"));
        let proofs = proofs(&text);
        let of_servers = requirement::all()
            .iter()
            .filter(|one| one.document == document && is_seen_of_a_server(one));
        for Requirement { id, says, .. } in of_servers {
            assert!(proofs.contains_key(id), "{list}: {id} is not there: {says}");
        }
        for (id, proofs) in proofs {
            let known = requirement::find(id).is_some_and(|one| one.document == document);
            assert!(known, "{list}: {document} has no requirement {id}");
            assert!(!proofs.is_empty(), "{list}: {id} has neither a proof nor a reason");
            for proof in proofs.iter().filter(|proof| !proof.starts_with(REASON)) {
                assert!(stands(proof), "{list}: {id}: there is no {proof}");
            }
        }
    }
}
