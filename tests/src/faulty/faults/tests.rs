use std::collections::BTreeSet;

use pop3_conformance::requirement::{self, Side};

use super::*;

#[test]
fn every_fault_is_in_the_table_once() {
    // One list makes the enum and the table, so that a fault is its own place.
    for (place, entry) in FAULTS.iter().enumerate() {
        assert_eq!(entry.fault as usize, place, "{:?}", entry.fault);
    }
    assert!(FAULTS.len() >= 85, "{}", FAULTS.len());
}

#[test]
fn every_fault_breaks_a_requirement_of_its_own_that_servers_have() {
    let mut broken = BTreeSet::new();
    for Entry { fault, requirement, .. } in FAULTS {
        let found = requirement::find(requirement)
            .unwrap_or_else(|| panic!("{fault:?}: there is no {requirement:?}"));
        assert_ne!(found.side, Side::Client, "{fault:?}");
        assert!(broken.insert(requirement), "{fault:?}: {requirement} is broken by another");
    }
}
