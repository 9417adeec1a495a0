//! Cases that look at every exchange of every other case.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::case::{Body, Case, Watched};
use super::exchange::Exchange;
use super::survey::Offers;
use super::wire::shown;
use crate::report::{Breach, Verdict};

/// How many exchanges are kept until it is known what the server offers.
const EARLY: usize = 1_000;

/// What the watches have seen.
pub(crate) struct Watches {
    cases: Vec<Case>,
    offers: OnceLock<Offers>,
    early: Mutex<Vec<Exchange>>,
    seen: Mutex<Vec<Seen>>,
}

#[derive(Clone, Default)]
struct Seen {
    right: usize,
    wrong: usize,
    first_wrong: Option<Breach>,
}

impl Watches {
    pub(crate) fn new(cases: Vec<Case>) -> Self {
        let seen = Mutex::new(vec![Seen::default(); cases.len()]);
        Self { cases, offers: OnceLock::new(), early: Mutex::default(), seen }
    }

    /// An exchange is over.
    pub(crate) fn see(&self, exchange: &Exchange) {
        match self.offers.get() {
            Some(offers) => self.judge(exchange, offers),
            None => {
                let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
                if early.len() < EARLY {
                    early.push(exchange.clone());
                }
            }
        }
    }

    /// It is known what the server offers.
    pub(crate) fn begin(&self, offers: &Offers) {
        let _ = self.offers.set(offers.clone());
        let early = std::mem::take(&mut *self.early.lock().unwrap_or_else(PoisonError::into_inner));
        early.iter().for_each(|exchange| self.judge(exchange, offers));
    }

    fn judge(&self, exchange: &Exchange, offers: &Offers) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (case, seen) in self.cases.iter().zip(seen.iter_mut()) {
            let Body::Watch(look) = case.body else { continue };
            match look(exchange, offers) {
                Watched::Unconcerned => {}
                Watched::Right => seen.right += 1,
                Watched::Wrong { came, right } => {
                    seen.wrong += 1;
                    seen.first_wrong.get_or_insert_with(|| {
                        let command = exchange.keyword();
                        let sent = if command.is_empty() { "(nothing)" } else { &command };
                        Breach::new(sent, shown(&came), right)
                    });
                }
            }
        }
    }

    /// What each of them found.
    pub(crate) fn verdicts(self) -> impl Iterator<Item = (Case, Verdict)> {
        let seen = self.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.cases.into_iter().zip(seen).map(|(case, seen)| {
            let verdict = match seen.first_wrong {
                Some(mut breach) => {
                    if seen.wrong > 1 {
                        breach.came.push_str(&format!(" (and {} more)", seen.wrong - 1));
                    }
                    Verdict::Failed(breach)
                }
                None if seen.right > 0 => Verdict::Passed,
                None => Verdict::Skipped { why: "nothing of the kind was seen".to_owned() },
            };
            (case, verdict)
        })
    }
}
