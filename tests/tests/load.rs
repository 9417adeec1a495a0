//! Very many sessions at a time, floods, and a server out of file descriptors.
//!
//! `POP3_LOAD=10000` in the environment says how many sessions stand idle; without it, a tenth of
//! that; nine in ten of them are logged in. How many octets of memory each takes is told, and held
//! against a limit that is far away, since it depends on the machine.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pop3_conformance::server::target::{Trust, tls_config};
use pop3_proto::tls::rustls::pki_types::ServerName;
use pop3_proto::tls::rustls::{ClientConfig, ClientConnection, StreamOwned};
use pop3_tests::letters::lay_out;
use pop3_tests::pop3::{Serve, program};
use pop3_tests::process::wait_for;
use pop3_tests::tell;
use rustix::process::Pid;

const PATIENCE: Duration = Duration::from_secs(60);

/// What an idle session may take at most, in octets, all in all. It is far from what is measured.
const MOST: u64 = 256 << 10;

const RUNTIMES: [&str; 3] = ["tokio", "async-std", "blocking"];

/// One at a time: each needs as many file descriptors as a process may have.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many sessions stand idle while others are served.
fn idle_sessions() -> usize {
    std::env::var("POP3_LOAD").map_or(1_000, |count| count.parse().expect("POP3_LOAD is a number"))
}

trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

/// A client's end of a session.
struct Line(BufReader<Box<dyn Stream>>);

impl Line {
    fn open(server: SocketAddr, tls: Option<&Arc<ClientConfig>>) -> std::io::Result<Self> {
        let socket = TcpStream::connect_timeout(&server, PATIENCE)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match tls {
            None => Box::new(socket),
            Some(config) => {
                let name = ServerName::try_from("localhost").expect("a name");
                let connection = ClientConnection::new(config.clone(), name).expect("TLS");
                Box::new(StreamOwned::new(connection, socket))
            }
        };
        // As small as it gets: there are very many of them.
        Ok(Self(BufReader::with_capacity(512, stream)))
    }

    fn read(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        Ok(line)
    }

    fn ask(&mut self, command: &str) -> std::io::Result<String> {
        self.0.get_mut().write_all(format!("{command}\r\n").as_bytes())?;
        self.read()
    }

    fn login(
        server: SocketAddr,
        tls: Option<&Arc<ClientConfig>>,
        user: &str,
    ) -> Result<Self, String> {
        let mut line = Self::open(server, tls).map_err(|error| error.to_string())?;
        for command in ["", &format!("USER {user}"), "PASS swordfish"] {
            let reply = if command.is_empty() { line.read() } else { line.ask(command) };
            match reply {
                Ok(reply) if reply.starts_with("+OK") => {}
                other => return Err(format!("{user}: {other:?}")),
            }
        }
        Ok(line)
    }
}

/// Each kind of octet that a process holds, in all.
fn resident(process: Pid) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.as_raw_nonzero()));
    let status = status.expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1_024
}

/// Does something so many times, by eight hands.
fn by_many_hands(count: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    if index >= count {
                        return;
                    }
                    work(index);
                }
            });
        }
    });
}

/// A post office with so many users, `u0` and so on, each with a letter.
fn post_office(root: &Path, users: usize) -> String {
    fs::create_dir(root).unwrap();
    by_many_hands(users, |index| {
        let maildir = root.join(format!("u{index}"));
        lay_out(&maildir, &[]).unwrap();
        fs::write(maildir.join("new/1700000000.M0P1Q1.example"), "Subject: x\n\nbody\n").unwrap();
    });
    (0..users).map(|index| format!("u{index}:{{PLAIN}}swordfish\n")).collect()
}

fn many_sessions(runtime: &str, tls: bool) {
    let idle = match runtime {
        // A thread for each session is not made for very many of them.
        "blocking" => idle_sessions().min(2_000),
        _ => idle_sessions(),
    };
    let active = (idle / 50).clamp(20, 200);
    let directory = tempfile::tempdir().unwrap();
    let mail = directory.path().join("mail");
    let users = post_office(&mail, idle + active);
    let ca = directory.path().join("ca.pem");
    let most = (idle + active + 16).to_string();
    let mut options = vec!["--max-sessions", &most, "--max-per-address", &most];
    options.extend(["--runtime", runtime, "--log", "error"]);
    let self_signed = format!("--self-signed={}", ca.display());
    match tls {
        true => options.extend(["--listen-tls", "127.0.0.1:0", &self_signed]),
        false => options.extend(["--listen", "127.0.0.1:0"]),
    }
    let program = Command::new(program());
    let server = Serve::start_with(&mail, directory.path(), &users, &options, program).unwrap();
    let config = tls.then(|| tls_config(Trust::Roots(&ca)).unwrap());
    let address = server.address;

    // Whatever is made with the first session is not counted.
    drop(Line::login(address, config.as_ref(), "u0").unwrap());
    wait_for("the first session's end", PATIENCE, || {
        Line::login(address, config.as_ref(), "u0").ok()
    })
    .map(drop)
    .unwrap();
    let before = resident(server.process.pid());
    let lines = Mutex::new(Vec::new());
    // A session with an open Maildir takes two file descriptors, one with nothing only one, and more
    // than 20,000 are not to be had everywhere.
    by_many_hands(idle, |index| {
        let user = format!("u{index}");
        let line = match index {
            _ if index % 10 == 9 => Line::open(address, config.as_ref()).and_then(|mut line| {
                line.read()?;
                Ok((line, "CAPA", "+OK"))
            }),
            _ => Ok((Line::login(address, config.as_ref(), &user).unwrap(), "STAT", "+OK 1 20")),
        };
        lines.lock().unwrap().push(line.unwrap());
    });
    let each = resident(server.process.pid()).saturating_sub(before) / idle as u64;

    by_many_hands(active, |index| {
        let user = format!("u{}", idle + index);
        let mut line = Line::login(address, config.as_ref(), &user).unwrap();
        assert!(line.ask("RETR 1").unwrap().starts_with("+OK"));
        while line.read().unwrap() != ".\r\n" {}
        assert!(line.ask("DELE 1").unwrap().starts_with("+OK"));
        assert!(line.ask("QUIT").unwrap().starts_with("+OK"));
        let left = fs::read_dir(mail.join(&user).join("new")).unwrap().count();
        assert_eq!(left, 0, "{user}'s letter was not removed");
    });
    let mut lines = lines.into_inner().unwrap();
    assert_eq!(lines.len(), idle);
    for (line, command, reply) in &mut lines {
        assert!(line.ask(command).unwrap().starts_with(*reply));
    }
    let how = if tls { "TLS" } else { "clear text" };
    tell(&format!("{runtime}, {how}: {idle} idle sessions, {active} active; {each} octets each"));
    assert!(each < MOST, "{each} octets for each session");
    drop(lines);
    server.stop().unwrap();
}

#[test]
fn very_many_sessions_stand_idle_while_others_are_served() {
    let _alone = alone();
    for runtime in RUNTIMES {
        many_sessions(runtime, false);
    }
}

#[test]
fn very_many_sessions_in_tls_stand_idle_while_others_are_served() {
    let _alone = alone();
    for runtime in RUNTIMES {
        many_sessions(runtime, true);
    }
}

/// A flood is refused politely, and whoever is in is served.
#[test]
fn a_flood_of_connections_is_refused_while_others_are_served() {
    let _alone = alone();
    for runtime in RUNTIMES {
        let directory = tempfile::tempdir().unwrap();
        let mail = directory.path().join("mail");
        let users = post_office(&mail, 1);
        let options = ["--listen", "127.0.0.1:0", "--max-per-address", "8", "--runtime", runtime];
        let program = Command::new(program());
        let server = Serve::start_with(&mail, directory.path(), &users, &options, program).unwrap();
        let mut line = Line::login(server.address, None, "u0").unwrap();
        // These take what places there are.
        let held: Vec<_> = (0..7).map(|_| Line::open(server.address, None).unwrap()).collect();
        let (refused, other) = (AtomicUsize::new(0), AtomicUsize::new(0));
        by_many_hands(500, |_| {
            match Line::open(server.address, None).and_then(|mut line| line.read()) {
                Ok(reply) if reply.starts_with("-ERR [SYS/TEMP]") => &refused,
                // The kernel may drop a connection of a flood before the server sees it.
                _ => &other,
            }
            .fetch_add(1, Ordering::SeqCst);
        });
        let (refused, other) = (refused.into_inner(), other.into_inner());
        tell(&format!("{runtime}: {refused} of a flood refused politely, {other} cut off"));
        assert!(refused > 400, "{runtime}: {refused} were told, {other} were not");
        assert_eq!(line.ask("STAT").unwrap(), "+OK 1 20\r\n");
        drop(held);
        drop(line);
        server.stop().unwrap();
    }
}

/// When there are no file descriptors left, new clients wait or are cut off; once there are, all is
/// as before.
#[test]
fn a_server_without_file_descriptors_recovers() {
    let _alone = alone();
    for runtime in RUNTIMES {
        let directory = tempfile::tempdir().unwrap();
        let mail = directory.path().join("mail");
        let users = post_office(&mail, 1);
        let options = ["--listen", "127.0.0.1:0", "--max-per-address", "256", "--runtime", runtime];
        let mut narrow = Command::new("sh");
        narrow.args(["-c", "ulimit -n 48; exec \"$0\" \"$@\""]).arg(program());
        let server = Serve::start_with(&mail, directory.path(), &users, &options, narrow).unwrap();
        let flood: Vec<_> =
            (0..100).filter_map(|_| Line::open(server.address, None).ok()).collect();
        assert!(flood.len() > 60, "the flood is none");
        std::thread::sleep(Duration::from_millis(200));
        drop(flood);
        let line = wait_for("a login after the flood", PATIENCE, || {
            Line::login(server.address, None, "u0").ok()
        });
        assert_eq!(line.unwrap().ask("STAT").unwrap(), "+OK 1 20\r\n", "{runtime}");
        server.stop().unwrap();
    }
}
