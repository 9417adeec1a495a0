//! Whatever happens in whatever order: no lock is left behind, and nothing is removed without a
//! QUIT.

use pop3_maildrop::{Done, Next, Session, Work};
use pop3_proto::bytes::Buf;
use pop3_proto::server::Ending;
use proptest::prelude::*;

use crate::office::{asynchronous, blocking, is_locked, mark, office};

const LETTERS: u32 = 4;

/// What an adapter, or the world behind it, does.
#[derive(Clone, Debug)]
enum Step {
    Receive(usize),
    Transmit(usize),
    Advance,
    Run,
    Done,
    LoseWork,
    Waited,
    Closed,
    HungUp,
    TimedOut,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        200 => (1..60_usize).prop_map(Step::Receive),
        200 => (0..18_u32).prop_map(|n| Step::Transmit(1 << n)),
        300 => Just(Step::Advance),
        200 => Just(Step::Run),
        200 => Just(Step::Done),
        1 => Just(Step::LoseWork),
        30 => Just(Step::Waited),
        1 => Just(Step::Closed),
        1 => Just(Step::HungUp),
        1 => Just(Step::TimedOut),
    ]
}

fn command() -> impl Strategy<Value = String> {
    let number = 1..=LETTERS + 1;
    prop_oneof![
        6 => number.clone().prop_map(|n| format!("RETR {n}")),
        2 => number.clone().prop_map(|n| format!("TOP {n} 1")),
        6 => number.prop_map(|n| format!("DELE {n}")),
        1 => Just("RSET".to_owned()),
        1 => Just("UIDL".to_owned()),
        1 => Just("PASS wrong".to_owned()),
        2 => Just("QUIT".to_owned()),
    ]
}

/// What the client has marked by the time of its QUIT, if that came.
fn marked(said: &str) -> Option<Vec<u32>> {
    let mut marks = Vec::new();
    for line in said.split_inclusive("\r\n").filter_map(|line| line.strip_suffix("\r\n")) {
        match line.split_once(' ') {
            Some(("DELE", n)) => marks.push(n.parse().unwrap()),
            None if line == "RSET" => marks.clear(),
            None if line == "QUIT" => {
                marks.retain(|n| *n <= LETTERS);
                marks.sort_unstable();
                marks.dedup();
                return Some(marks);
            }
            _ => {}
        }
    }
    None
}

/// A session, and what is out of its hands.
struct World {
    session: Option<Session>,
    work: Option<Work>,
    done: Option<Done>,
    ending: Option<Ending>,
    sent: Vec<u8>,
}

impl World {
    fn advance(&mut self) {
        let Some(session) = &mut self.session else { return };
        match session.advance() {
            Next::Work(work) => {
                assert!(self.work.is_none() && self.done.is_none(), "one at a time");
                self.work = Some(work);
            }
            Next::Working => assert!(self.work.is_some() || self.done.is_some()),
            Next::Close(ending) => {
                assert!(self.work.is_none() && self.done.is_none(), "closed while work is out");
                self.ending = Some(ending);
                self.session = None;
            }
            _ => {}
        }
    }

    fn step(&mut self, step: &Step, said: &mut &[u8]) {
        let Some(session) = &mut self.session else { return };
        let connection = session.connection();
        match *step {
            Step::Receive(octets) => {
                let taken = connection.receive(&said[..octets.min(said.len())]);
                *said = &said[taken..];
            }
            Step::Transmit(octets) => {
                let mut transmit = connection.transmit();
                let octets = octets.min(transmit.remaining());
                self.sent.extend_from_slice(&transmit.chunk()[..octets]);
                transmit.advance(octets);
            }
            Step::Advance => self.advance(),
            Step::Run => {
                if let Some(work) = self.work.take() {
                    self.done = Some(work.run());
                }
            }
            Step::Done => {
                if let Some(done) = self.done.take() {
                    session.done(done);
                }
            }
            // A panic or a cancelled task: the adapter lets go of the session.
            Step::LoseWork if self.work.is_some() || self.done.is_some() => {
                (self.work, self.done, self.session) = (None, None, None);
            }
            Step::LoseWork => {}
            Step::Waited => session.waited(),
            Step::Closed => connection.closed(),
            Step::HungUp => connection.hung_up(),
            Step::TimedOut => connection.timed_out(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_interleaving_leaves_a_lock_or_removes_without_a_quit(
        commands in proptest::collection::vec(command(), 0..12),
        steps in proptest::collection::vec(step(), 0..400),
        is_async in any::<bool>(),
        once_retrieved in any::<bool>(),
    ) {
        let letters: Vec<Vec<u8>> =
            (1..=LETTERS).map(|n| format!("{n}\n").repeat(n as usize * 5_000).into()).collect();
        let office = office(&letters.iter().map(|letter| &letter[..]).collect::<Vec<_>>());
        let mut service = if is_async { asynchronous(&office) } else { blocking(&office) };
        if once_retrieved {
            service.set_expire(0);
        }
        let all = format!("USER mark\r\nPASS swordfish\r\n{}\r\n", commands.join("\r\n"));
        let mut said = all.as_bytes();
        let session = Some(service.session());
        let mut world = World { session, work: None, done: None, ending: None, sent: Vec::new() };
        for step in &steps {
            world.step(step, &mut said);
            if world.session.is_none() {
                prop_assert!(!is_locked(&office));
            }
        }
        let ending = world.ending;
        let sent = String::from_utf8(std::mem::take(&mut world.sent)).unwrap().replace("\r\n", "\n");
        drop(world);
        prop_assert!(!is_locked(&office));

        let heard = &all[..all.len() - said.len()];
        let left: Vec<_> = office.letters(&mark()).iter().map(|letter| letter.to_vec()).collect();
        let quit = marked(heard);
        let marked = quit.clone().unwrap_or_default();
        let unmarked: Vec<_> = letters.iter().zip(1..)
            .filter(|(_, n)| !marked.contains(n)).map(|(letter, _)| letter.clone()).collect();
        if ending == Some(Ending::Quit) {
            prop_assert!(left.iter().all(|letter| unmarked.contains(letter)), "it removes the marked");
        }
        let gone = letters.iter().filter(|letter| !left.contains(letter));
        for letter in gone.filter(|letter| unmarked.contains(letter)) {
            let text = std::str::from_utf8(letter).unwrap();
            prop_assert!(once_retrieved && sent.contains(&format!("{text}.\n")), "{heard}");
        }
        prop_assert!(left == letters || quit.is_some(), "{heard}");
    }
}
