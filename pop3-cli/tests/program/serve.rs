//! `pop3 serve`

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::office::Office;
use crate::run::pop3;

#[test]
fn clear_text_from_other_machines_is_refused_before_anything_is_bound() {
    let office = Office::open();
    for listen in
        [&["--listen", "0.0.0.0:0"][..], &["--listen", "127.0.0.1:0", "--listen", "[::]:0"]]
    {
        let serve = ["serve", "--mail", "mail", "--users", "users"];
        let outcome = office.pop3(&[&serve, listen].concat()).run();
        assert_eq!(outcome.out, "");
        assert!(outcome.fails(2).contains("--allow-cleartext"));
    }
}

#[test]
fn every_socket_is_announced_with_its_real_port() {
    let mut office = Office::open_with(&["--allow-cleartext", "--greeting", "hello there"]);
    let address = office.address.clone();
    assert!(!address.ends_with(":0"), "{address}");
    let mut greeting = String::new();
    BufReader::new(TcpStream::connect(address).unwrap()).read_line(&mut greeting).unwrap();
    assert_eq!(greeting, "+OK hello there\r\n");
    assert!(office.server.try_wait().unwrap().is_none());
}

#[test]
fn what_is_missing_is_named() {
    let office = Office::open();
    let serve = |mail, users, listen| {
        let arguments = ["serve", "--mail", mail, "--users", users, "--listen", listen];
        office.pop3(&arguments).run().fails(1)
    };
    assert!(serve("nowhere", "users", "127.0.0.1:0").contains("nowhere"));
    assert!(serve("mail", "nobody", "127.0.0.1:0").contains("nobody"));
    assert!(serve("mail", "users", &office.address).contains(&office.address));
}

#[test]
fn a_second_session_is_refused_while_the_first_lasts() {
    let office = Office::with(&[b"Subject: x\n\n"]);
    let mut first = Telnet::log_in(&office);
    let error = office.client("list", &[]).run().fails(4);
    assert!(error.contains("[IN-USE]"), "{error}");
    assert_eq!(first.ask("QUIT"), "+OK goodbye\r\n");
    assert_eq!(office.waiting(), 1);
}

#[test]
fn a_signal_lets_sessions_finish_and_a_second_one_cuts_them() {
    let mut office = Office::with(&[b"Subject: x\n\n"]);
    let mut session = Telnet::log_in(&office);
    let signal = |office: &Office, signal| {
        kill_process(Pid::from_child(&office.server), signal).unwrap();
    };
    signal(&office, Signal::TERM);
    let later = || {
        std::thread::sleep(Duration::from_millis(10));
        false
    };
    assert!((0..500).any(|_| TcpStream::connect(&office.address).is_err() || later()));
    assert_eq!(session.ask("DELE 1"), "+OK marked for removal\r\n", "it may go on");
    signal(&office, Signal::INT);
    let cut = |_| session.ask("NOOP").is_empty() || later();
    assert!((0..500).any(cut), "it was cut");
    assert!(office.server.wait().unwrap().success());
    let letters = office.contents("mail/mark/new").len() + office.contents("mail/mark/cur").len();
    assert_eq!(letters, 1, "what was marked is not removed");
    assert!(office.log().contains("stopping"), "{}", office.log());
}

#[test]
fn logs_name_user_and_peer() {
    let office = Office::with(&[b"Subject: x\n\n"]);
    office.client("list", &[]).run().ok();
    let log = office.log();
    assert!(log.contains("mark") && log.contains("127.0.0.1:"), "{log}");
    let quiet = Office::open_with(&["--log", "off"]);
    quiet.client("list", &[]).run().ok();
    assert_eq!(quiet.log(), "");
}

#[test]
fn apop_is_offered_on_demand() {
    let office = Office::open_with(&["--apop", "--host", "pop.example.org"]);
    let url = format!("pop://mark;AUTH=+APOP@{}", office.address);
    office.pop3(&["list", &url]).password(crate::run::PASSWORD).run().ok();

    let office = Office::open();
    let url = format!("pop://mark;AUTH=+APOP@{}", office.address);
    let error = pop3(["list", &url]).password(crate::run::PASSWORD).run().fails(4);
    assert!(error.contains("APOP"), "{error}");
}

/// The PROXY protocol, from an address that is trusted and from one that is not.
#[test]
fn a_load_balancer_tells_for_whom_it_speaks_on_every_runtime() {
    const HEADER: &str = "PROXY TCP4 192.0.2.7 198.51.100.1 49152 110\r\n";
    for runtime in ["tokio", "async-std", "blocking"] {
        let proxy = ["--runtime", runtime, "--proxy", "--trust", "127.0.0.1"];
        let office = Office::open_with(&proxy);
        let mut session = Telnet::connect(&office);
        session.0.get_mut().write_all(HEADER.as_bytes()).unwrap();
        assert!(session.read().starts_with("+OK"), "{runtime}");
        assert!(session.ask("USER mark").starts_with("-ERR"), "{runtime}: not on this machine");
        assert!(session.ask("QUIT").starts_with("+OK"), "{runtime}");

        let office = Office::open_with(&[&proxy[..3], &["--trust", "192.0.2.1"]].concat());
        let mut session = Telnet::connect(&office);
        assert!(session.read().starts_with("+OK"), "{runtime}");
        assert!(session.ask(HEADER.trim_end()).starts_with("-ERR"), "{runtime}");
        assert!(session.ask("USER mark").starts_with("+OK"), "{runtime}");
    }
}

/// Somebody who types.
struct Telnet(BufReader<TcpStream>);

impl Telnet {
    fn connect(office: &Office) -> Self {
        let stream = TcpStream::connect(&office.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(BufReader::new(stream))
    }

    fn log_in(office: &Office) -> Self {
        let mut session = Self::connect(office);
        session.read();
        session.ask("USER mark");
        assert!(session.ask(&format!("PASS {}", crate::run::PASSWORD)).starts_with("+OK"));
        session
    }

    fn ask(&mut self, line: &str) -> String {
        // What was cut cannot be written to.
        let _ = self.0.get_mut().write_all(format!("{line}\r\n").as_bytes());
        self.read()
    }

    fn read(&mut self) -> String {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            Ok(_) => line,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => String::new(),
            Err(error) => panic!("{error}"),
        }
    }
}
