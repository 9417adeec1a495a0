//! All cases, and a run of them.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, mpsc};
use std::time::Duration;

use super::authority::Authority;
use super::program::Program;
use super::scenario::{self, Scenario};
use super::watches::{self, Facts, Look};
use super::{cuts, judge, run};
use crate::case::Heading;
use crate::report::{Breach, CaseReport, Report, Verdict};
use crate::server::Security;

/// The files of cases, in the order in which reports show them.
const FILES: &[(&str, &str)] = &[
    ("rfc1939", include_str!("../../cases/client/rfc1939.txt")),
    ("framing", include_str!("../../cases/client/framing.txt")),
    ("listings", include_str!("../../cases/client/listings.txt")),
    ("capabilities", include_str!("../../cases/client/capabilities.txt")),
    ("login", include_str!("../../cases/client/login.txt")),
    ("tls", include_str!("../../cases/client/tls.txt")),
    ("hostile", include_str!("../../cases/client/hostile.txt")),
];

/// How a client is to be judged.
#[derive(Clone)]
#[non_exhaustive]
pub struct Check {
    /// Who is judged.
    pub program: Program,
    /// When the program begins TLS, which its arguments make it do; where it is not in clear text,
    /// the program shall do nothing without TLS. Default: in clear text.
    pub tls: Security,
    /// Whose maildrop it is. Default: `mark`.
    pub user: String,
    /// That user's password. Default: `swordfish`.
    pub password: String,
    /// How long a client may do nothing before it counts as hanging. Default: 20 seconds.
    pub patience: Duration,
    /// How much memory it may have, in octets. Default: 256 MiB.
    pub memory: u64,
    /// So many cases are played at a time; by hand it is one. Default: 4.
    pub at_once: usize,
    /// On which port of the loopback interface the server listens; with 0, the default, any that is
    /// free. With another, one case is played at a time.
    pub port: u16,
    /// Whether cases are played in which a client has to give up by itself, after minutes.
    /// Default: no.
    pub slow: bool,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check")
            .field("program", &self.program)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// How far a run has come.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A case is played: its server listens there.
    Waiting(&'a Heading, SocketAddr),
    /// A case is over.
    Done(&'a CaseReport),
}

/// Every case as it was read.
pub(super) fn scenarios() -> &'static [Scenario] {
    static SCENARIOS: LazyLock<Vec<Scenario>> = LazyLock::new(|| {
        let mut scenarios = Vec::new();
        let written = FILES.iter().map(|(name, text)| (*name, (*text).to_owned()));
        for (name, text) in written.chain([("cuts", cuts::text())]) {
            match scenario::read(&text) {
                Ok(read) => scenarios.extend(read),
                Err(error) => panic!("cases/client/{name}.txt: {error}"),
            }
        }
        scenarios
    });
    &SCENARIOS
}

/// The headings of all cases, watches among them.
///
/// # Panics
/// Never with the files that come with this crate, as its tests show.
pub fn headings() -> impl Iterator<Item = &'static Heading> {
    scenarios().iter().map(|scenario| &scenario.heading).chain(watches::headings())
}

/// Whether a case is among those asked for: by its id, or by the part before the slash.
#[must_use]
pub fn is_wanted(id: &str, only: &[String]) -> bool {
    let begins = |wanted: &String| {
        id.strip_prefix(wanted.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
    };
    only.is_empty() || only.iter().any(|wanted| wanted == id || begins(wanted))
}

impl Check {
    /// A check of this client, by the defaults.
    #[must_use]
    pub fn new(program: Program) -> Self {
        Self {
            program,
            tls: Security::None,
            user: "mark".to_owned(),
            password: "swordfish".to_owned(),
            patience: Duration::from_secs(20),
            memory: 256 << 20,
            at_once: 4,
            port: 0,
            slow: false,
        }
    }

    /// Plays the cases to the client: all, or only those of these ids (or beginnings of them, up to
    /// a slash). A watch looks at the cases that are named beside it, or at all when none is. Cases
    /// that need another [`Security`] are not in the report.
    ///
    /// # Errors
    /// When the client cannot be started, or there is no socket or file to be had.
    pub fn run(
        &self,
        only: &[String],
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> io::Result<Report> {
        let authority = Authority::new()?;
        // Watches alone need all there is to be seen.
        let is_watching = !scenarios().iter().any(|scenario| is_wanted(&scenario.heading.id, only));
        let suitable = scenarios()
            .iter()
            .filter(|scenario| scenario.suits(self.tls) && (self.slow || !scenario.is_slow));
        let played: Vec<_> = suitable
            .filter(|scenario| is_watching || is_wanted(&scenario.heading.id, only))
            .collect();
        // One that does not come to the first does not come to the others.
        let (first, others) = played.split_at(played.len().min(1));
        let mut played = self.play_all(first, &authority, progress)?;
        if let [Played { stayed_away: Some(said), .. }] = &played[..] {
            return Err(io::Error::other(format!("the client did not connect; it said: {said}")));
        }
        played.extend(self.play_all(others, &authority, progress)?);

        let mut report = Report::new(self.name(), "client");
        report.about.push(format!("Spoken to: {}", self.tls));
        let mut watching = Watching::default();
        for Played { case, looks, .. } in played {
            watching.add(&case.id, looks);
            if is_wanted(&case.id, only) {
                report.cases.push(case);
            }
        }
        for case in watching.reports() {
            if is_wanted(&case.id, only) && watches::suits(&case.id, self.tls) {
                progress(Progress::Done(&case));
                report.cases.push(case);
            }
        }
        Ok(report)
    }

    fn name(&self) -> String {
        match &self.program {
            Program::Command(words) => {
                let program = words.first().map(String::as_str).unwrap_or_default();
                program.rsplit('/').next().unwrap_or_default().to_owned()
            }
            Program::Function(_) => "a function".to_owned(),
            Program::ByHand => "a client started by hand".to_owned(),
        }
    }

    fn play_all(
        &self,
        scenarios: &[&Scenario],
        authority: &Authority,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> io::Result<Vec<Played>> {
        enum Message {
            Waiting(usize, SocketAddr),
            Done(usize, Box<io::Result<Played>>),
        }
        let by_one = matches!(self.program, Program::ByHand) || self.port != 0;
        let workers = if by_one { 1 } else { self.at_once.max(1) };
        let next = AtomicUsize::new(0);
        let (sender, receiver) = mpsc::channel();
        let mut played: Vec<Option<Played>> = scenarios.iter().map(|_| None).collect();
        std::thread::scope(|scope| {
            for _ in 0..workers {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(scenario) = scenarios.get(at) else { break };
                        let waiting = Mutex::new(sender.clone());
                        let waiting = |address| {
                            if let Ok(sender) = waiting.lock() {
                                _ = sender.send(Message::Waiting(at, address));
                            }
                        };
                        let done = self.play(scenario, authority, &waiting);
                        if sender.send(Message::Done(at, Box::new(done))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            for message in receiver {
                match message {
                    Message::Waiting(at, address) => {
                        progress(Progress::Waiting(&scenarios[at].heading, address));
                    }
                    Message::Done(at, done) => {
                        let done =
                            done.inspect_err(|_| next.store(usize::MAX / 2, Ordering::Relaxed))?;
                        progress(Progress::Done(&done.case));
                        played[at] = Some(done);
                    }
                }
            }
            Ok(played.into_iter().flatten().collect())
        })
    }

    fn play(
        &self,
        scenario: &Scenario,
        authority: &Authority,
        waiting: &dyn Fn(SocketAddr),
    ) -> io::Result<Played> {
        let heading = &scenario.heading;
        let from_command = scenario.password.is_some() && self.program.mentions("password");
        if from_command && matches!(self.program, Program::Command(_)) {
            let why = "the password is in the command: let the client take it from POP3_PASSWORD";
            let verdict = Verdict::Skipped { why: why.to_owned() };
            let case = CaseReport::new(heading, verdict, Vec::new(), Duration::ZERO);
            return Ok(Played { case, looks: Vec::new(), stayed_away: None });
        }
        let run = run::play(self, scenario, authority, waiting)?;
        let verdict = judge::judge(self, scenario, &run);
        let wire = match verdict {
            Verdict::Failed(_) => judge::wire(&run),
            _ => Vec::new(),
        };
        let looks = watches::all().map(|watch| {
            let mut found = (Look::Nothing, Vec::new());
            for seen in run.sessions.iter().filter(|_| scenario.is_watched) {
                match (watch.look)(&Facts { seen, scenario, check: self }) {
                    Look::Nothing => {}
                    Look::Right => found.0 = Look::Right,
                    wrong @ Look::Wrong(_) => return (wrong, judge::wire(&run)),
                }
            }
            found
        });
        let looks = looks.collect();
        let is_awaited = !scenario.expect.may_stay_away;
        let stayed_away = (run.sessions.is_empty() && is_awaited).then(|| run.ended.said.clone());
        Ok(Played { case: CaseReport::new(heading, verdict, wire, run.took), looks, stayed_away })
    }
}

/// A case that was played.
struct Played {
    case: CaseReport,
    /// What each watch saw, with the wire where it saw a breach.
    looks: Vec<(Look, Vec<String>)>,
    /// What a client said that did not connect, although it should have.
    stayed_away: Option<String>,
}

/// What each watch has found so far.
struct Watching(Vec<Watched>);

/// What one watch has found so far.
#[derive(Default)]
struct Watched {
    has_seen: bool,
    breach: Option<(Breach, Vec<String>)>,
}

impl Default for Watching {
    fn default() -> Self {
        Self(watches::all().map(|_| Watched::default()).collect())
    }
}

impl Watching {
    fn add(&mut self, id: &str, looks: Vec<(Look, Vec<String>)>) {
        for (found, (watch, (look, wire))) in self.0.iter_mut().zip(watches::all().zip(looks)) {
            match look {
                Look::Nothing => {}
                Look::Right => found.has_seen = true,
                Look::Wrong(came) => {
                    let breach =
                        || (Breach::new(format!("the case {id}"), came, watch.title), wire);
                    found.breach.get_or_insert_with(breach);
                }
            }
        }
    }

    fn reports(self) -> Vec<CaseReport> {
        let each = watches::headings().iter().zip(self.0);
        each.map(|(heading, Watched { has_seen, breach })| {
            let (verdict, wire) = match breach {
                Some((breach, wire)) => (Verdict::Failed(breach), wire),
                None if has_seen => (Verdict::Passed, Vec::new()),
                None => {
                    let why = "the client never did what this is about".to_owned();
                    (Verdict::Skipped { why }, Vec::new())
                }
            };
            CaseReport::new(heading, verdict, wire, Duration::ZERO)
        })
        .collect()
    }
}
