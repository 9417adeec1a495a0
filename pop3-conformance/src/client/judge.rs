//! From what was seen in a case to its verdict.

use super::Check;
use super::record::Seen;
use super::run::Run;
use super::scenario::{Outcome, Scenario, Trigger};
use super::watches::{self, Facts, Look};
use crate::report::{Breach, Verdict};

/// What a case found.
pub(super) fn judge(check: &Check, scenario: &Scenario, run: &Run) -> Verdict {
    let judge = Judge { check, scenario, run };
    if let Some(breach) = judge.breach_of_manners() {
        return Verdict::Failed(breach);
    }
    if let Some(why) = judge.undecided() {
        return Verdict::Skipped { why };
    }
    match judge.breach_on_the_wire().or_else(|| judge.breach_of_outcome()) {
        Some(breach) => Verdict::Failed(breach),
        None => Verdict::Passed,
    }
}

/// Both sides of all connections, and what the client said elsewhere.
pub(super) fn wire(run: &Run) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, session) in (1..).zip(&run.sessions) {
        if run.sessions.len() > 1 {
            lines.push(format!("(connection {number})"));
        }
        lines.extend(session.wire.iter().cloned());
    }
    lines.push(format!("({})", how_it_ended(run)));
    lines.extend(run.ended.said.lines().rev().take(5).map(|line| format!("(it said: {line})")));
    lines
}

fn how_it_ended(run: &Run) -> String {
    match (run.ended.status, run.ended.in_time) {
        (_, false) => "the client did not end".to_owned(),
        (Some(status), true) => format!("the client ended with exit status {status}"),
        (None, true) if run.ended.crashed => "the client crashed".to_owned(),
        (None, true) => "the client went away".to_owned(),
    }
}

struct Judge<'a> {
    check: &'a Check,
    scenario: &'a Scenario,
    run: &'a Run,
}

impl Judge<'_> {
    fn breach(&self, came: impl Into<String>, right: impl Into<String>) -> Breach {
        let sent = self.run.sessions.last().and_then(last_said).unwrap_or_default();
        Breach::new(sent, came, right)
    }

    /// Whatever the case: a client connects, ends, and does not eat up the memory.
    fn breach_of_manners(&self) -> Option<Breach> {
        let ended = &self.run.ended;
        if !ended.in_time {
            let patience = self.scenario.expect.ends.unwrap_or(self.check.patience);
            let right = format!("an end within {} s", patience.as_secs());
            return Some(self.breach("nothing, and no end", right));
        }
        if ended.crashed {
            return Some(self.breach("the client crashed", "an end with an exit status"));
        }
        let is_bounded = self.scenario.expect.is_bounded;
        if let Some(peak) =
            ended.peak.filter(|_| is_bounded).filter(|peak| *peak > self.check.memory >> 10)
        {
            let right = format!("{} MiB at most", self.check.memory >> 20);
            return Some(
                self.breach(format!("the client had {} MiB of memory", peak >> 10), right),
            );
        }
        if self.run.sessions.is_empty() && !self.scenario.expect.may_stay_away {
            let said = self.run.ended.said.lines().last().unwrap_or_default();
            return Some(self.breach(format!("no connection; {said}"), "a connection"));
        }
        None
    }

    /// Why the case cannot decide.
    fn undecided(&self) -> Option<String> {
        let scenario = self.scenario;
        if let Some(need) = scenario.needs.iter().find(|need| !self.said(need)) {
            return Some(format!("the client never said {need}"));
        }
        if !scenario.rules.is_empty() && self.run.fired.iter().all(|fired| *fired == 0) {
            let mut asked: Vec<_> = scenario.rules.iter().map(|rule| name(&rule.trigger)).collect();
            asked.dedup();
            return Some(format!("the client never said {}", asked.join(" or ")));
        }
        None
    }

    fn said(&self, pattern: &str) -> bool {
        self.run
            .sessions
            .iter()
            .flat_map(|session| &session.lines)
            .any(|line| self.scenario.matches(pattern, &line.octets, &self.check.user))
    }

    fn breach_on_the_wire(&self) -> Option<Breach> {
        let expect = &self.scenario.expect;
        if let Some(pattern) = expect.said.iter().find(|pattern| !self.said(pattern)) {
            return Some(self.breach("nothing like it", pattern.as_str()));
        }
        if let Some(pattern) = expect.never.iter().find(|pattern| self.said(pattern)) {
            return Some(self.breach(pattern.as_str(), format!("never {pattern}")));
        }
        let watches = expect.watches.iter().filter_map(|id| watches::find(id));
        for watch in watches {
            for seen in &self.run.sessions {
                let facts = Facts { seen, scenario: self.scenario, check: self.check };
                if let Look::Wrong(came) = (watch.look)(&facts) {
                    return Some(self.breach(came, watch.title));
                }
            }
        }
        None
    }

    fn breach_of_outcome(&self) -> Option<Breach> {
        let expect = &self.scenario.expect;
        if let Some(numbers) = &expect.saved
            && let Some(lost) = self.lost(numbers.iter().copied())
        {
            return Some(self.breach(format!("letter {lost} was not saved"), "it is saved"));
        }
        let status = self.run.ended.status?;
        let all = || (1..=self.scenario.letters.len()).collect();
        let lost = self.lost(expect.needed.clone().unwrap_or_else(all).into_iter());
        let is_in_a_file = |text: &&String| {
            let octets = self.scenario.octets(text, &self.check.user).unwrap_or_default();
            self.run.saved.mentions(&octets)
        };
        let injected = expect.unsaved.iter().find(is_in_a_file);
        let saves = self.check.program.mentions("outdir");
        let missed = expect.kept.iter().find(|text| saves && !is_in_a_file(text));
        let silent = || match (lost, injected, missed) {
            (Some(lost), ..) => {
                Some(format!("exit status 0, although letter {lost} was not saved"))
            }
            (_, Some(text), _) => Some(format!("exit status 0, with {text:?} saved")),
            (_, _, Some(text)) => Some(format!("exit status 0, although {text:?} was not saved")),
            _ => None,
        };
        let (came, right) = match (expect.outcome, status) {
            (Outcome::Any, _) => return None,
            (Outcome::Either, 0) => {
                (silent()?, "all letters saved, or an exit status that is not 0")
            }
            (Outcome::Either, _) => return None,
            (Outcome::Collects, 0) => (silent()?, "all letters saved"),
            (Outcome::Collects, status) => {
                (format!("exit status {status}"), "exit status 0, and all letters saved")
            }
            (Outcome::Fails, 0) => ("exit status 0".to_owned(), "an exit status that is not 0"),
            (Outcome::Fails, _) => return None,
        };
        Some(self.breach(came, right))
    }

    /// The first of these letters that should have been saved and was not.
    fn lost(&self, mut numbers: impl Iterator<Item = usize>) -> Option<usize> {
        if !self.check.program.mentions("outdir") {
            return None;
        }
        numbers.find(|number| {
            let letters = &self.scenario.letters;
            letters.get(number - 1).is_none_or(|letter| !self.run.saved.has(letter, letters))
        })
    }
}

/// The last thing that the server said, as it was written down.
fn last_said(seen: &Seen) -> Option<String> {
    // It was escaped and shortened when it was written down.
    seen.wire.iter().rfind(|line| line.starts_with('S')).cloned()
}

fn name(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Greeting => "anything".to_owned(),
        Trigger::Login => "what completes a login".to_owned(),
        Trigger::Command(keyword, None) => keyword.clone(),
        Trigger::Command(keyword, Some(arguments)) => format!("{keyword} {arguments}"),
    }
}
