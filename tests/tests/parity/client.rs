//! Our clients, against a server that says what stands here.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use pop3_proto::adapter::{Cleartext, Endpoint, Options};
use pop3_proto::tls::ClientTls;

use crate::tls::{Security, Wire, certificate};
use pop3_tests::adapters::Adapter;

/// One way in which a server answers.
struct Scene {
    name: &'static str,
    greeting: &'static str,
    /// What is answered to a line that begins so, instead of what is usual.
    odd: &'static [(&'static str, &'static str)],
    /// To which line the server answers by hanging up, after what is odd about it if there is such.
    /// It must not answer it first: whether the client hears of the end before it says the next
    /// thing would be chance.
    hangs_up_at: &'static str,
}

const LAWFUL: Scene = Scene {
    name: "lawful",
    greeting: "+OK POPMail server ready\r\n",
    odd: &[],
    hangs_up_at: "XNEVER",
};

fn scenes() -> Vec<Scene> {
    let odd = |name, odd| Scene { name, odd, ..LAWFUL };
    let greeting = |name, greeting| Scene { name, greeting, ..LAWFUL };
    let cut = |name, hangs_up_at| Scene { name, hangs_up_at, ..LAWFUL };
    vec![
        LAWFUL,
        odd("without capabilities", &[("CAPA", "-ERR what?\r\n")]),
        odd("no UTF-8, no languages", &[("UTF8", "-ERR what?\r\n"), ("LANG", "-ERR what?\r\n")]),
        odd("a refused name", &[("USER", "-ERR nobody\r\n")]),
        odd("a refused password", &[("PASS", "-ERR [AUTH] no\r\n")]),
        odd("in use", &[("PASS", "-ERR [IN-USE] later\r\n")]),
        odd("no such message", &[("RETR 2", "-ERR gone\r\n")]),
        odd("a malformed listing", &[("LIST", "+OK\r\n1 x\r\n\r\n2 20\r\n.\r\n")]),
        odd("odd unique-ids", &[("UIDL", "+OK\r\n1 a b\r\n2 \u{e4}\r\n.\r\n")]),
        odd("bare line feeds", &[("LIST", "+OK\n1 10\n.\n"), ("RETR 1", "+OK\na\n.\n")]),
        odd("not even a status", &[("STAT", "hello\r\n")]),
        odd("NUL in a status", &[("STAT", "+OK 1\0 2\r\n")]),
        odd("a quit that fails", &[("QUIT", "-ERR [SYS/TEMP] 1 of 2 removed\r\n")]),
        odd("more than was asked for", &[("STAT", "+OK 3 60\r\n+OK again\r\n")]),
        odd("dots", &[("RETR 1", "+OK\r\n..\r\n...\r\n\r\n..a\r\n.\r\n")]),
        odd("an empty message", &[("RETR 1", "+OK\r\n.\r\n")]),
        greeting("a refusal of service", "-ERR [SYS/TEMP] too many\r\n"),
        greeting("no POP3", "* OK IMAP4rev1\r\n"),
        greeting("an odd timestamp", "+OK <not a msg-id>\r\n"),
        cut("cut before the login", "CAPA"),
        cut("cut within the login", "PASS"),
        cut("cut within the session", "LIST"),
        cut("cut at the goodbye", "QUIT"),
        Scene {
            name: "cut within a message",
            odd: &[("RETR 1", "+OK\r\nhalf a mess")],
            hangs_up_at: "RETR 1",
            ..LAWFUL
        },
    ]
}

/// What is usually answered.
fn usual(line: &str) -> String {
    let verb = line.split(' ').next().unwrap_or_default();
    let number = line.split(' ').nth(1).unwrap_or_default();
    match (verb, number) {
        ("STAT", _) => "+OK 3 60\r\n".into(),
        ("LIST", _) => "+OK\r\n1 10\r\n2 20\r\n3 30\r\n.\r\n".into(),
        ("LANG", "") => "+OK\r\nen English\r\nde Deutsch\r\n.\r\n".into(),
        ("LANG", _) => "+OK de jetzt auf Deutsch\r\n".into(),
        ("UIDL", _) => "+OK\r\n1 one\r\n2 two\r\n3 three\r\n.\r\n".into(),
        ("RETR", number) => {
            format!("+OK\r\nSubject: {number}\r\n\r\n{}\r\n.\r\n", "x".repeat(9_000))
        }
        ("TOP", number) => format!("+OK\r\nSubject: {number}\r\n\r\n.\r\n"),
        _ => "+OK\r\n".into(),
    }
}

/// What each client said and what it told its user.
pub(crate) fn play(adapter: Adapter, security: Security) -> Vec<(String, Vec<u8>)> {
    scenes().iter().map(|scene| (scene.name.to_owned(), played(scene, adapter, security))).collect()
}

fn played(scene: &Scene, adapter: Adapter, security: Security) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::new("localhost", listener.local_addr().unwrap().port()).unwrap();
    let mut options = Options::default();
    options.security = match security {
        Security::Plain => pop3_proto::adapter::Security::None,
        Security::Stls => pop3_proto::adapter::Security::StartTls,
        Security::Implicit => pop3_proto::adapter::Security::Implicit,
    };
    options.cleartext = Cleartext::Always;
    options.tls = Some(ClientTls::with_roots_pem(certificate().0.as_bytes()).unwrap());
    options.config.reply_limit = Duration::from_secs(20);
    thread::scope(|scope| {
        let server = scope.spawn(move || serve(&listener, scene, security));
        let told = adapter.collect(&endpoint, &options);
        let said = server.join().unwrap();
        format!("said:\n{said}\ntold:\n{}", told.join("\n")).into_bytes()
    })
}

/// Answers one client; returns the lines that it has said.
fn serve(listener: &TcpListener, scene: &Scene, security: Security) -> String {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut wire = Wire::Plain(stream);
    if security == Security::Implicit {
        wire = wire.into_server();
    }
    let mut reader = BufReader::new(wire);
    let mut said = String::new();
    if reader.get_mut().write_all(scene.greeting.as_bytes()).is_err() {
        return said;
    }
    let _ = reader.get_mut().flush();
    let mut encrypted = security != Security::Stls;
    loop {
        let mut line = String::new();
        if !matches!(reader.read_line(&mut line), Ok(1..)) {
            return said;
        }
        said.push_str(&line);
        let line = line.trim_end();
        let odd = scene.odd.iter().find(|(begins, _)| line.starts_with(begins));
        let answer = match (line, odd) {
            ("CAPA", _) if !encrypted => "+OK\r\nSTLS\r\n.\r\n".into(),
            (_, Some((_, odd))) => (*odd).to_owned(),
            ("CAPA", None) => "+OK\r\nUSER\r\nTOP\r\nUIDL\r\nPIPELINING\r\n.\r\n".into(),
            (line, None) => usual(line),
        };
        let hangs_up = encrypted && line.starts_with(scene.hangs_up_at);
        let answer = if hangs_up && odd.is_none() { String::new() } else { answer };
        let sent = reader.get_mut().write_all(answer.as_bytes());
        if sent.and_then(|()| reader.get_mut().flush()).is_err() || hangs_up {
            reader.get_mut().finish();
            // What the client still says is taken in, so that nothing is reset.
            let mut rest = String::new();
            while matches!(reader.read_line(&mut rest), Ok(1..)) {}
            return said;
        }
        if line == "STLS" {
            encrypted = true;
            reader = BufReader::new(reader.into_inner().into_server());
        }
    }
}
