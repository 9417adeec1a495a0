//! The connection cut at every stage: cases that are written by a table.

use std::fmt::Write;

/// A stage of a session.
struct Stage {
    /// Part of the case's id, and what the sentence says.
    id: &'static str,
    what: &'static str,
    /// `on …`
    on: &'static str,
    /// What is said before the cut.
    says: &'static str,
    proves: &'static str,
    outcome: &'static str,
}

const fn stage(
    id: &'static str,
    what: &'static str,
    on: &'static str,
    says: &'static str,
    outcome: &'static str,
) -> Stage {
    let proves = "1939-3-end-detect";
    Stage { id, what, on, says, proves, outcome }
}

const STAGES: &[Stage] = &[];

/// All of them, as a file of cases.
pub(super) fn text() -> String {
    let mut text = String::new();
    for Stage { id, what, on, says, proves, outcome } in STAGES {
        let says = if says.is_empty() { String::new() } else { format!("{says}\n") };
        // Writing to a string cannot fail.
        _ = write!(
            text,
            "== cuts/{id}\nThe connection is cut {what}: nothing is lost unsaid.\nproves: {proves}\n\n\
             on {on}\n{says}cut\n\nexpect\noutcome: {outcome}\n\n",
        );
    }
    text
}
