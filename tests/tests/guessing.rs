//! Whoever guesses passwords is slowed down and then barred, and learns nothing from the time that
//! an answer takes.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pop3_blocking::{Server, Stop};
use pop3_maildrop::Service;
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::users::{Scheme, UsersFile, set_password_as};
use pop3_proto::auth::sasl::ScramHash;
use pop3_proto::{Secret, UserName};
use pop3_tests::tell;

const PATIENCE: Duration = Duration::from_secs(20);

struct Office {
    address: SocketAddr,
    stop: Stop,
}

impl Office {
    fn open(service: Service) -> Self {
        let server = Server::bind("127.0.0.1:0", service).unwrap();
        let (address, stop) = (server.addresses()[0], server.stop());
        std::thread::spawn(|| server.run());
        Self { address, stop }
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.stop.stop();
        self.stop.cut();
    }
}

struct Guesser(BufReader<TcpStream>);

impl Guesser {
    fn connect(server: SocketAddr) -> Self {
        let socket = TcpStream::connect_timeout(&server, PATIENCE).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_nodelay(true).unwrap();
        let mut guesser = Self(BufReader::new(socket));
        assert!(guesser.read().starts_with("+OK"));
        guesser
    }

    /// A line, or nothing at the end.
    fn read(&mut self) -> String {
        let mut line = String::new();
        // Reset or ended, it is over.
        let _ = self.0.read_line(&mut line);
        line
    }

    fn ask(&mut self, command: &str) -> String {
        // Whether it could be sent shows in the answer.
        let _ = self.0.get_mut().write_all(format!("{command}\r\n").as_bytes());
        self.read()
    }

    /// How long the answer to a wrong password takes.
    fn guess(&mut self, user: &str, password: &str) -> Option<Duration> {
        self.ask(&format!("USER {user}"));
        let asked = Instant::now();
        let answer = self.ask(&format!("PASS {password}"));
        answer.starts_with("-ERR").then(|| asked.elapsed())
    }
}

#[test]
fn a_guessing_run_is_slowed_and_then_barred() {
    let maildrops = Arc::new(MemoryMaildrops::new());
    maildrops.add_user(UserName::new("mark").unwrap(), Secret::new("swordfish").unwrap());
    let mut service = Service::new(maildrops.clone(), maildrops);
    let delay = Duration::from_millis(20);
    service.config_mut().failed_login_delay = delay;
    service.gate_mut().limits_mut().failed_logins = NonZeroU32::new(8).unwrap();
    let office = Office::open(service);

    let (mut guesses, mut connections) = (0, 0);
    while guesses < 8 {
        let mut guesser = Guesser::connect(office.address);
        connections += 1;
        // The delay doubles with each guess, and after the third the line is dead.
        for nth in 0..3 {
            let took = guesser.guess("mark", "guess");
            if guesses == 8 {
                break;
            }
            guesses += 1;
            let took = took.expect("an answer");
            assert!(took >= delay * (1 << nth), "guess {nth} took {took:?}");
        }
        if guesses < 8 {
            assert_eq!(guesser.ask("NOOP"), "", "the fourth guess has a chance");
        }
    }
    assert!(connections >= 3);
    // Now even who is right is not heard, from that address.
    let mut guesser = Guesser::connect(office.address);
    guesser.ask("USER mark");
    assert!(guesser.ask("PASS swordfish").starts_with("-ERR"), "barred");
}

/// Mann and Whitney's test: how far the ranks of two samples are from those of one, in standard
/// deviations. Beyond 3.3 it happens by chance in one run of a thousand.
fn distance(first: &[f64], second: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = first.iter().map(|time| (*time, true)).collect();
    all.extend(second.iter().map(|time| (*time, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ranks = all.iter().zip(1_u32..).filter(|((_, is_first), _)| *is_first);
    let ranks: f64 = ranks.map(|(_, rank)| f64::from(rank)).sum();
    let count = |sample: &[f64]| f64::from(u32::try_from(sample.len()).unwrap());
    let (n, m) = (count(first), count(second));
    let u = ranks - n * (n + 1.0) / 2.0;
    (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

#[test]
fn the_test_tells_different_samples_apart_and_others_not() {
    let sample =
        |offset: f64| (0..200).map(|n| f64::from(n * 37 % 101) + offset).collect::<Vec<_>>();
    assert!(distance(&sample(0.0), &sample(0.1)).abs() < 2.0);
    assert!(distance(&sample(0.0), &sample(20.0)).abs() > 4.0);
}

/// By hand, on a machine that does nothing else:
/// `cargo test --release -p pop3-tests --test guessing -- --ignored --nocapture`
#[test]
#[ignore = "it measures time, which only a machine that does nothing else lets it do"]
fn an_unknown_user_and_a_wrong_password_take_the_same_time() {
    const GUESSES: usize = 300;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("users");
    let mark = UserName::new("mark").unwrap();
    for scheme in [Scheme::Argon2id, Scheme::Scram(ScramHash::Sha256)] {
        let password = Secret::new("swordfish").unwrap();
        set_password_as(&file, &mark, &password, scheme).unwrap();
        let users = UsersFile::open(&file).unwrap();
        let mut service = Service::new(Arc::new(users), Arc::new(MemoryMaildrops::new()));
        service.config_mut().failed_login_delay = Duration::ZERO;
        service.config_mut().failed_logins = NonZeroU32::MAX;
        service.gate_mut().limits_mut().failed_logins = NonZeroU32::MAX;
        let office = Office::open(service);
        let mut guesser = Guesser::connect(office.address);
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for _ in 0..GUESSES {
            // By turns, so that whatever else changes changes both.
            known.push(guesser.guess("mark", "swordfisc").unwrap().as_secs_f64());
            unknown.push(guesser.guess("kram", "swordfisc").unwrap().as_secs_f64());
        }
        let median = |sample: &[f64]| {
            let mut sorted = sample.to_vec();
            sorted.sort_by(f64::total_cmp);
            sorted[sorted.len() / 2] * 1e6
        };
        let distance = distance(&known, &unknown);
        tell(&format!(
            "{scheme:?}: known {:.0} µs, unknown {:.0} µs in the median of {GUESSES}; {distance:+.2} \
             standard deviations apart",
            median(&known),
            median(&unknown)
        ));
        assert!(distance.abs() < 3.3, "the time tells who is a user");
    }
}
