//! The UPDATE state: what a QUIT removes.

use pop3_proto::server::Removal;
use tracing::{info, warn};

use super::Session;
use super::refusal::chain;
use crate::work::{Removals, Task};

impl Session {
    /// Whether a QUIT waits that can be done now. Letters that the client did not mark go only when
    /// it has been sent all of them.
    pub(super) fn may_commit(&self) -> bool {
        let sent = self.retrieved.is_empty() || !self.connection.wants_write();
        self.commit.is_some() && sent
    }

    /// What the QUIT removes, if anything; without that it is done.
    pub(super) fn commit(&mut self) -> Option<Task> {
        let (mut numbers, ticket) = self.commit.take()?;
        let marked = numbers.len();
        for number in &numbers {
            self.retrieved.remove(number);
        }
        numbers.extend(std::mem::take(&mut self.retrieved));
        match self.maildrop.take() {
            Some(maildrop) if !numbers.is_empty() => {
                Some(Task::Remove { maildrop, removals: Removals { numbers, marked }, ticket })
            }
            unused => {
                drop(unused);
                let taken = self.connection.committed(ticket, &[]);
                self.note(taken);
                None
            }
        }
    }
}

/// What became of what was marked, for the log and for the client.
pub(super) fn removed(removals: &Removals, outcomes: &[crate::Removal]) -> Vec<Removal> {
    for (number, outcome) in removals.numbers.iter().zip(outcomes) {
        if let Err(error) = outcome {
            warn!(%number, error = chain(error), "a letter was not removed");
        }
    }
    let removed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    info!(removed, of = removals.numbers.len(), marked = removals.marked, "removed letters");
    let outcome =
        |outcome: &crate::Removal| if outcome.is_ok() { Removal::Gone } else { Removal::Left };
    outcomes.iter().take(removals.marked).map(outcome).collect()
}
