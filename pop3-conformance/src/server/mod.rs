//! Judges a server: each case on connections of its own, several at a time.

pub mod bench;
mod beyond;
pub mod case;
pub mod exchange;
pub mod fixture;
mod handshake;
mod oauth;
pub mod peer;
mod play;
mod rfc1939;
mod rfc1939_optional;
mod rfc2195;
mod rfc2449;
mod rfc2595;
mod rfc3206;
mod rfc5034;
mod rfc5802;
mod rfc6856;
mod rfc8314;
mod sasl;
mod scram;
pub mod survey;
pub mod target;
pub mod transport;
mod watches;
pub mod wire;

use std::io;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use case::Case;
pub use target::{Account, Security, Target};

use bench::{Bench, Halt};
use case::Body;
use fixture::Fixture;
use peer::OnExchange;
use survey::{Offers, Way, survey};
use watches::Watches;

use crate::case::choose;
use crate::report::{Breach, CaseReport, Report, Verdict};

/// The files of cases, by name.
const FILES: &[(&str, &str)] = &[
    ("rfc1939-3", include_str!("../../cases/server/rfc1939-3.txt")),
    ("rfc1939-4", include_str!("../../cases/server/rfc1939-4.txt")),
    ("rfc1939-5", include_str!("../../cases/server/rfc1939-5.txt")),
    ("rfc1939-6", include_str!("../../cases/server/rfc1939-6.txt")),
    ("rfc1939-7", include_str!("../../cases/server/rfc1939-7.txt")),
    ("rfc1939-8", include_str!("../../cases/server/rfc1939-8.txt")),
    ("rfc2449", include_str!("../../cases/server/rfc2449.txt")),
    ("rfc2195", include_str!("../../cases/server/rfc2195.txt")),
    ("rfc2595", include_str!("../../cases/server/rfc2595.txt")),
    ("rfc4616", include_str!("../../cases/server/rfc4616.txt")),
    ("rfc5034", include_str!("../../cases/server/rfc5034.txt")),
    ("rfc5322", include_str!("../../cases/server/rfc5322.txt")),
    ("rfc6856", include_str!("../../cases/server/rfc6856.txt")),
    ("rfc7628", include_str!("../../cases/server/rfc7628.txt")),
    ("rfc8314", include_str!("../../cases/server/rfc8314.txt")),
    ("beyond", include_str!("../../cases/server/beyond.txt")),
];

/// All cases that come with this crate.
///
/// # Panics
/// Never with the files that come with this crate, as its tests show.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, text) in FILES {
        match Case::read(text) {
            Ok(read) => cases.extend(read),
            Err(unreadable) => panic!("cases/server/{name}.txt, {unreadable}"),
        }
    }
    cases.extend(rfc1939::cases());
    cases.extend(rfc1939_optional::cases());
    cases.extend(rfc2449::cases());
    cases.extend(rfc3206::cases());
    cases.extend(rfc2195::cases());
    cases.extend(rfc2595::cases());
    cases.extend(rfc5034::cases());
    cases.extend(rfc5802::cases());
    cases.extend(oauth::cases());
    cases.extend(rfc6856::cases());
    cases.extend(rfc8314::cases());
    cases.extend(beyond::cases());
    cases
}

/// A check of a server.
#[non_exhaustive]
pub struct Check {
    /// The server.
    pub target: Target,
    /// A way round the server to the maildrop of its user.
    pub fixture: Option<Arc<dyn Fixture>>,
    /// Whether letters may be removed.
    pub destructive: bool,
    /// Whether minutes may pass.
    pub timers: bool,
    /// How many cases run at once. Default: 4. Those that open the maildrop run one at a time.
    pub at_once: usize,
    /// The cases.
    pub cases: Vec<Case>,
}

/// Why a server cannot be judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CannotRun {
    /// The maildrop cannot be filled or looked into.
    #[error("the fixture: {0}")]
    Fixture(#[source] io::Error),
    /// What is in the maildrop would be removed.
    #[error("the maildrop of the fixture holds {0} letters, which would be removed")]
    NotEmpty(usize),
    /// The server cannot be reached, or lets nobody in.
    #[error("the server cannot be judged: {0}")]
    Server(Breach),
    /// What would be asked for is not known.
    #[error("the server cannot be judged: {0}")]
    Unknown(String),
    /// No case is chosen.
    #[error("no case is of that name")]
    NoCase,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("target", &self.target).finish_non_exhaustive()
    }
}

impl Check {
    /// A check with all cases, none of which removes anything.
    #[must_use]
    pub fn new(target: Target) -> Self {
        let (fixture, cases) = (None, cases());
        Self { target, fixture, destructive: false, timers: false, at_once: 4, cases }
    }

    /// Leaves the cases that are [chosen](crate::case::choose).
    pub fn only(&mut self, chosen: &[String]) {
        choose(&mut self.cases, |case| &case.heading, chosen);
    }

    /// Runs the cases. Each is shown to `progress` as it ends.
    ///
    /// # Errors
    /// When nothing can be said about the server.
    pub fn run(&self, progress: &mut dyn FnMut(&CaseReport)) -> Result<Report, CannotRun> {
        if self.cases.is_empty() {
            return Err(CannotRun::NoCase);
        }
        if let Some(fixture) = &self.fixture {
            let held = fixture.letters().map_err(CannotRun::Fixture)?.len();
            if held > 0 && !self.destructive {
                return Err(CannotRun::NotEmpty(held));
            }
        }
        let is_watch = |case: &&Case| matches!(case.body, Body::Watch(_));
        let watches = Arc::new(Watches::new(self.cases.iter().filter(is_watch).cloned().collect()));
        let on_exchange: OnExchange = {
            let watches = watches.clone();
            Arc::new(move |exchange| watches.see(exchange))
        };
        let offers = self.survey(on_exchange.clone())?;
        watches.begin(&offers);

        let mut reports = self.run_cases(&offers, &on_exchange, progress);
        drop(on_exchange);
        if let Ok(watches) = Arc::try_unwrap(watches) {
            for (case, verdict) in watches.verdicts() {
                let report = CaseReport::new(&case.heading, verdict, Vec::new(), Duration::ZERO);
                progress(&report);
                reports.push(report);
            }
        }
        let order =
            |report: &CaseReport| self.cases.iter().position(|case| case.heading.id == report.id);
        reports.sort_by_key(order);

        let mut report = Report::new(self.target.host.clone(), "server");
        report.about = self.about(&offers);
        report.cases = reports;
        Ok(report)
    }

    fn survey(&self, on_exchange: OnExchange) -> Result<Offers, CannotRun> {
        let nothing = Offers::default();
        let mut bench = Bench::new(&self.target, self.fixture.as_deref(), &nothing, on_exchange);
        let surveyed = match self.fixture {
            Some(_) => bench.lay_out(&standard_letters()),
            None => Ok(()),
        };
        let last_sent = bench.log().last_sent();
        surveyed.and_then(|()| survey(&mut bench)).map_err(|halt| match halt {
            Halt::Breach(breach) => CannotRun::Server(filled_in(breach, &last_sent, "an answer")),
            Halt::Skip(why) => CannotRun::Unknown(why),
            Halt::Done => CannotRun::NoCase,
        })
    }

    fn about(&self, offers: &Offers) -> Vec<String> {
        let mut about = vec![format!("spoken to in {}", self.target.security)];
        about.push(format!("greeting: {}", offers.greeting.escape_ascii()));
        for (when, list) in [("before login", &offers.before), ("after login", &offers.after)] {
            let list = list.as_ref().map_or("refused".to_owned(), |list| {
                let lines = list.iter().map(|(tag, words)| format!("{tag} {words}"));
                let lines: Vec<_> =
                    lines.map(|line| line.trim().escape_default().to_string()).collect();
                lines.join(", ")
            });
            about.push(format!("CAPA {when}: {list}"));
        }
        about
    }

    fn run_cases(
        &self,
        offers: &Offers,
        on_exchange: &OnExchange,
        progress: &mut dyn FnMut(&CaseReport),
    ) -> Vec<CaseReport> {
        let runs = self.cases.iter().filter(|case| !matches!(case.body, Body::Watch(_)));
        let (alone, together): (Vec<_>, Vec<_>) = runs.partition(|case| case.is_alone());
        let (alone, together) = (Mutex::new(alone.into_iter()), Mutex::new(together.into_iter()));
        let (sender, receiver) = mpsc::channel();
        let work = |queue: &Mutex<std::vec::IntoIter<&Case>>, sender: &mpsc::Sender<CaseReport>| {
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(case) = next else { return };
                if sender.send(self.run_case(case, offers, on_exchange.clone())).is_err() {
                    return;
                }
            }
        };
        std::thread::scope(|scope| {
            let (work, alone, together) = (&work, &alone, &together);
            let one = sender.clone();
            // Whoever is through with the maildrop helps the others.
            scope.spawn(move || {
                work(alone, &one);
                work(together, &one);
            });
            for _ in 1..self.at_once {
                let one = sender.clone();
                scope.spawn(move || work(together, &one));
            }
            drop(sender);
            receiver.into_iter().inspect(|report| progress(report)).collect()
        })
    }

    fn run_case(&self, case: &Case, offers: &Offers, on_exchange: OnExchange) -> CaseReport {
        let started = Instant::now();
        let mut bench = Bench::new(&self.target, self.fixture.as_deref(), offers, on_exchange);
        let outcome = self.prepare(case, &mut bench).and_then(|()| match &case.body {
            Body::Script(steps) => play::play(&mut bench, steps),
            Body::Code(run) => run(&mut bench),
            Body::Watch(_) => Ok(()),
        });
        let (verdict, wire) = match outcome {
            Ok(()) | Err(Halt::Done) => (Verdict::Passed, Vec::new()),
            Err(Halt::Skip(why)) => (Verdict::Skipped { why }, Vec::new()),
            Err(Halt::Breach(breach)) => {
                let breach = filled_in(breach, &bench.log().last_sent(), &case.heading.title);
                (Verdict::Failed(breach), bench.log().shown())
            }
        };
        CaseReport::new(&case.heading, verdict, wire, started.elapsed())
    }

    /// Sees to what a case needs, or says what is not to be had.
    fn prepare(&self, case: &Case, bench: &mut Bench<'_>) -> Result<(), Halt> {
        let needs = &case.needs;
        let offers = bench.offers();
        if let Some(missing) = needs.has.iter().find(|wanted| !offers.has(wanted)) {
            return bench::skip(format!("the server has no {missing}"));
        }
        if let Some(there) = needs.lacks.iter().find(|unwanted| offers.has(unwanted)) {
            return bench::skip(format!("the server has {there}"));
        }
        let known = [
            (needs.second && self.target.second.is_none(), "no other user is known"),
            (
                needs.apop && !self.target.apop && offers.way != Way::Apop,
                "whether the user has APOP is not known",
            ),
            (needs.token && self.target.token.is_none(), "no token is known"),
            (needs.destructive && !self.destructive, "letters would be removed"),
            (needs.timers && !self.timers, "minutes would pass"),
        ];
        if let Some((_, why)) = known.into_iter().find(|(missing, _)| *missing) {
            return bench::skip(why);
        }
        bench.set_door(needs.door);
        if let Some(door) = needs.door {
            bench.place(door)?;
        }
        self.lay_out(case, bench)
    }

    fn lay_out(&self, case: &Case, bench: &mut Bench<'_>) -> Result<(), Halt> {
        let needs = &case.needs;
        if !case.is_alone() {
            return Ok(());
        }
        if self.fixture.is_none() {
            let count = bench.offers().letters;
            return if needs.fixture || !needs.exactly.is_empty() {
                bench::skip("needs a fixture")
            } else if count < needs.letters {
                bench::skip(format!("needs {} letters, and there are {count}", needs.letters))
            } else if needs.empty && count > 0 {
                bench::skip("the maildrop is not empty")
            } else {
                Ok(())
            };
        }
        if needs.empty {
            bench.lay_out(&[])
        } else if needs.exactly.is_empty() {
            bench.lay_out(&standard_letters())
        } else {
            bench.lay_out(&needs.exactly)
        }
    }
}

fn filled_in(breach: Breach, sent: &str, right: &str) -> Breach {
    let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
    Breach::new(or(breach.sent, sent), breach.came, or(breach.right, right))
}

/// The letters in a maildrop that a case is not particular about.
fn standard_letters() -> Vec<Vec<u8>> {
    let long = "0123456789".repeat(99);
    [
        "To: mark@example.org\nSubject: first\n\nOne line.\n".to_owned(),
        "Subject: dots\n folded\n\n.\n..\n.x\n\nx.\n.\n".to_owned(),
        format!("Subject: long lines\n\n{long}\n{long}\n"),
        "Subject: last\n\n1\n2\n3\n4\n5\n".to_owned(),
    ]
    .iter()
    .zip(1..)
    // Some servers make unique-ids of these fields.
    .map(|(letter, n)| {
        let day = format!("Date: Wed, {n:02} Oct 2025 12:00:00 +0000");
        let head = format!("Message-ID: <{n}@example.org>\nFrom: mary@example.org\n{day}\n");
        format!("{head}{letter}").into_bytes()
    })
    .collect()
}
