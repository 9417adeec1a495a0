//! What shows only when sessions follow one another, or run side by side, on one Maildir over TCP.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pop3_blocking::{Server, Stop};
use pop3_maildrop::Service;
use pop3_maildrop::maildir::{MaildirMaildrops, deliver};
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_proto::server::Config;
use pop3_proto::{Secret, UserName};

/// A server over a Maildir of user `mark`, password `swordfish`.
struct Office {
    directory: tempfile::TempDir,
    address: SocketAddr,
    stop: Stop,
}

impl Office {
    fn open(letters: &[&str]) -> Self {
        Self::with(letters, add_mark)
    }

    fn with(letters: &[&str], add: impl FnOnce(&MemoryMaildrops)) -> Self {
        Self::configured(letters, add, |_| ())
    }

    fn configured(
        letters: &[&str],
        add: impl FnOnce(&MemoryMaildrops),
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let users = MemoryMaildrops::new();
        add(&users);
        let maildrops = MaildirMaildrops::new(directory.path());
        let mut service = Service::new(Arc::new(users), Arc::new(maildrops));
        configure(service.config_mut());
        let server = Server::bind("127.0.0.1:0", service).unwrap();
        let (address, stop) = (server.addresses()[0], server.stop());
        std::thread::spawn(|| server.run());
        let office = Self { directory, address, stop };
        letters.iter().for_each(|letter| office.deliver(letter));
        office
    }

    fn maildir(&self) -> PathBuf {
        self.directory.path().join("mark")
    }

    fn deliver(&self, letter: &str) {
        deliver(self.maildir(), &mut letter.as_bytes()).unwrap();
    }

    fn connect(&self) -> Telnet {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut telnet = Telnet(BufReader::new(stream));
        assert!(telnet.line().starts_with("+OK"));
        telnet
    }

    fn log_in(&self) -> Telnet {
        let mut telnet = self.connect();
        assert!(telnet.log_in().starts_with("+OK"));
        telnet
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.stop.stop();
        self.stop.cut();
    }
}

fn add_mark(users: &MemoryMaildrops) {
    users.add_user(UserName::new("mark").unwrap(), Secret::new("swordfish").unwrap());
}

/// A client with nothing but a socket.
struct Telnet(BufReader<TcpStream>);

impl Telnet {
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        assert!(line.ends_with("\r\n"), "{line:?}");
        line.truncate(line.len() - 2);
        line
    }

    fn ask(&mut self, command: &str) -> String {
        write!(self.0.get_mut(), "{command}\r\n").unwrap();
        self.line()
    }

    /// The lines of a multi-line reply, without its status line and terminator.
    fn lines(&mut self, command: &str) -> Vec<String> {
        assert!(self.ask(command).starts_with("+OK"), "{command}");
        std::iter::from_fn(|| Some(self.line()).filter(|line| line != ".")).collect()
    }

    fn log_in(&mut self) -> String {
        assert!(self.ask("USER mark").starts_with("+OK"));
        self.ask("PASS swordfish")
    }

    fn is_at_end(&mut self) -> bool {
        self.0.read(&mut [0]).unwrap() == 0
    }
}

const ONE: &str = "Subject: one\n\n.first\n";
const TWO: &str = "Subject: two\n\nsecond, without an end";

#[test]
fn a_second_session_is_refused_and_the_first_is_not_disturbed() {
    let office = Office::open(&[ONE, TWO]);
    let mut first = office.log_in();
    for _ in 0..2 {
        let mut second = office.connect();
        assert!(second.log_in().starts_with("-ERR [IN-USE]"));
        assert!(second.ask("STAT").starts_with("-ERR"));
    }
    assert_eq!(first.lines("RETR 1").len(), 3);
    assert!(first.ask("QUIT").starts_with("+OK"));
    // On +OK the lock is free already.
    assert!(office.connect().log_in().starts_with("+OK"));
}

#[test]
fn who_has_not_logged_in_locks_nothing() {
    let office = Office::open(&[ONE]);
    let mut idle = office.connect();
    assert!(idle.ask("USER mark").starts_with("+OK"));
    assert!(office.connect().log_in().starts_with("+OK"));
}

#[test]
fn a_session_that_breaks_off_removes_nothing_and_frees_the_lock() {
    let office = Office::open(&[ONE, TWO]);
    let mut first = office.log_in();
    let ids = first.lines("UIDL");
    assert!(first.ask("DELE 1").starts_with("+OK"));
    drop(first);
    // The server sees the end of the stream a moment later.
    let mut second = loop {
        let mut second = office.connect();
        if second.log_in().starts_with("+OK") {
            break second;
        }
    };
    assert_eq!(second.lines("UIDL"), ids, "unique-ids persist, and nothing is gone");
}

#[test]
fn a_session_ends_with_its_quit() {
    let office = Office::open(&[ONE]);
    let mut session = office.log_in();
    assert!(session.ask("QUIT").starts_with("+OK"));
    assert!(session.is_at_end());
    let mut unauthenticated = office.connect();
    assert!(unauthenticated.ask("QUIT").starts_with("+OK"));
    assert!(unauthenticated.is_at_end());
}

#[test]
fn mail_that_arrives_during_a_session_is_not_seen_and_survives_it() {
    let office = Office::open(&[ONE]);
    let mut session = office.log_in();
    let before = session.ask("STAT");
    office.deliver(TWO);
    assert_eq!(session.ask("STAT"), before);
    assert!(session.ask("DELE 1").starts_with("+OK"));
    assert!(session.ask("QUIT").starts_with("+OK"));
    let mut next = office.log_in();
    assert_eq!(next.lines("LIST").len(), 1);
    assert!(next.lines("RETR 1").contains(&"Subject: two".to_owned()));
}

#[test]
fn a_retrieved_message_stays_and_its_size_is_what_was_announced() {
    let office = Office::open(&[ONE, TWO]);
    for _ in 0..2 {
        let mut session = office.log_in();
        for number in 1..=2 {
            let listed = session.ask(&format!("LIST {number}"));
            let octets: usize = session
                .lines(&format!("RETR {number}"))
                .iter()
                .map(|line| line.strip_prefix('.').unwrap_or(line).len() + 2)
                .sum();
            assert_eq!(listed, format!("+OK {number} {octets}"));
        }
        assert_eq!(session.lines("LIST").len(), 2);
        session.ask("QUIT");
    }
}

#[test]
fn a_unique_id_is_not_used_again() {
    let office = Office::open(&[ONE]);
    let mut seen = HashSet::new();
    for _ in 0..3 {
        let mut session = office.log_in();
        let ids = session.lines("UIDL");
        assert!(seen.insert(ids), "the same letter again has another unique-id");
        session.ask("DELE 1");
        session.ask("QUIT");
        office.deliver(ONE);
    }
}

#[test]
fn a_store_that_cannot_remove_is_reported_at_quit_and_released() {
    let office = Office::open(&[ONE]);
    // A letter that is a directory by now cannot be unlinked, not even by root.
    let mut session = office.log_in();
    let letter = only_file(&office.maildir().join("new"));
    assert!(session.ask("DELE 1").starts_with("+OK"));
    fs::remove_file(&letter).unwrap();
    fs::create_dir(&letter).unwrap();
    assert_eq!(session.ask("QUIT"), "-ERR [SYS/TEMP] 0 of 1 removed");
    assert!(session.is_at_end());
    assert!(office.connect().log_in().starts_with("+OK"), "the lock is free all the same");
}

#[test]
fn a_maildrop_that_cannot_be_opened_refuses_the_login() {
    let office = Office::open(&[]);
    fs::write(office.maildir(), "this is no directory").unwrap();
    let mut session = office.connect();
    assert!(session.log_in().starts_with("-ERR [SYS/"));
    fs::remove_file(office.maildir()).unwrap();
    assert!(session.log_in().starts_with("+OK"), "the session goes on");
    let mode = fs::metadata(office.maildir()).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "what is made is private");
}

#[test]
fn any_command_restarts_the_silence() {
    // Ten minutes, as it were.
    let limit = Duration::from_secs(2);
    let office = Office::configured(&[ONE], add_mark, |config| config.idle_limit = limit);
    let mut session = office.log_in();
    assert!(session.ask("DELE 1").starts_with("+OK"));
    for _ in 0..6 {
        std::thread::sleep(limit / 4);
        assert!(session.ask("NOOP").starts_with("+OK"));
    }
    assert!(session.is_at_end(), "no word is said when the time is up");
    assert_eq!(office.log_in().lines("LIST").len(), 1, "and nothing is removed");
}

#[test]
fn a_timestamp_is_never_shown_twice() {
    let office = Office::with(&[], |users| {
        users.add_apop_user(UserName::new("mark").unwrap(), Secret::new("swordfish").unwrap());
    });
    let greeting = |_| {
        let mut greeting = String::new();
        let stream = TcpStream::connect(office.address).unwrap();
        BufReader::new(stream).read_line(&mut greeting).unwrap();
        assert!(greeting.contains('<') && greeting.contains('@'), "{greeting}");
        greeting
    };
    let greetings: HashSet<String> = (0..1_000).map(greeting).collect();
    assert_eq!(greetings.len(), 1_000);
}

#[test]
fn two_hundred_commands_in_one_write_are_answered_in_turn() {
    let office = Office::open(&[ONE]);
    let mut session = office.log_in();
    let commands = "NOOP\r\nSTAT\r\n".repeat(100);
    session.0.get_mut().write_all(commands.as_bytes()).unwrap();
    for _ in 0..100 {
        assert_eq!(session.line(), "+OK nothing done");
        assert!(session.line().starts_with("+OK 1 "));
    }
}

fn only_file(directory: &Path) -> PathBuf {
    let mut files = fs::read_dir(directory).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none());
    file
}
