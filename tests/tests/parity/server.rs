//! Our servers, spoken to by raw octets.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use pop3_maildrop::maildir::{self, MaildirMaildrops};
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::{Door, Service};
use pop3_proto::tls::ServerTls;
use pop3_proto::{Secret, UserName};
use pop3_tests::letters::Set;

use crate::tls::{Security, Wire, certificate};
use pop3_tests::adapters::Adapter;

/// What is said to the servers, each in a session of its own: name and octets.
fn scenes() -> Vec<(&'static str, Vec<u8>)> {
    let lines = |lines: &[&str]| lines.iter().flat_map(|line| [line, "\r\n"]).collect::<String>();
    let login = "USER mark\r\nPASS swordfish\r\n";
    let within = |what: &str| format!("{login}{what}QUIT\r\n").into_bytes();
    let all: String = (1..=30).map(|n| format!("RETR {n}\r\nTOP {n} 2\r\n")).collect();
    vec![
        ("capabilities", lines(&["capa", "QUIT"]).into()),
        ("a look by telnet", within("stat\r\nlist\r\nuidl\r\ntop 1 0\r\nretr 2\r\nnoop\r\n")),
        ("every letter, pipelined", within(&all)),
        ("marks", within("DELE 1\r\nDELE 1\r\nLIST\r\nRETR 1\r\nRSET\r\nSTAT\r\n")),
        ("numbers", within("LIST 0\r\nRETR 999\r\nTOP 1\r\nDELE x\r\nUIDL 4294967297\r\n")),
        ("in the wrong state", lines(&["STAT", "PASS x", "RETR 1", "APOP mark x", "QUIT"]).into()),
        ("by AUTH", lines(&["AUTH PLAIN", "AG1hcmsAc3dvcmRmaXNo", "STAT", "CAPA", "QUIT"]).into()),
        (
            "AUTH that goes wrong",
            lines(&["AUTH PLAIN", "*", "AUTH X", "AUTH PLAIN !", "QUIT"]).into(),
        ),
        ("a wrong password", lines(&["USER mark", "PASS wrong", "QUIT"]).into()),
        ("bare line feeds", b"NOOP\nCAPA\nUSER mark\nPASS swordfish\nSTAT\nQUIT\n".to_vec()),
        ("NUL and eight bits", b"US\0ER mark\r\n\xff\xfe\r\nUSER m\xc3\xa4rk\r\nQUIT\r\n".to_vec()),
        ("an endless line", [vec![b'x'; 100_000], b"\r\nQUIT\r\n".to_vec()].concat()),
        ("nothing but line ends", b"\r\n\r\n\n\r\nQUIT\r\n".to_vec()),
        ("too many bad commands", "XYZZY\r\n".repeat(150).into()),
        ("silence after half a line", b"USER mark\r\nPASS sword".to_vec()),
        ("no goodbye after marking", format!("{login}DELE 2\r\nDELE 3\r\n").into()),
        (
            "STLS where it stands",
            lines(&["USER mark", "UTF8", "LANG de", "XCLIENT ADDR=::1", "QUIT"]).into(),
        ),
        ("removal", within("DELE 4\r\nDELE 2\r\n")),
        ("what is left", within("STAT\r\nUIDL\r\n")),
    ]
}

/// What each session answered, and what the Maildir holds in the end.
pub(crate) fn play(adapter: Adapter, security: Security) -> Vec<(String, Vec<u8>)> {
    let mail = tempfile::tempdir().unwrap();
    let mark = mail.path().join("mark");
    for (number, letter) in Set::Hard.letters().into_iter().enumerate() {
        // Names of their own choosing would give every Maildir other unique-ids.
        maildir::deliver(&mark, &mut letter.content.as_slice()).unwrap();
        name_last(&mark.join("new"), &format!("{number:04}.letter"));
    }
    let users = MemoryMaildrops::new();
    users.add_user(UserName::new("mark").unwrap(), Secret::new("swordfish").unwrap());
    let mut service = Service::new(Arc::new(users), Arc::new(MaildirMaildrops::new(mail.path())));
    service.config_mut().failed_login_delay = Duration::from_millis(1);
    let (certificate, key) = certificate();
    if security != Security::Plain {
        service.set_tls(ServerTls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap());
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let door = if security == Security::Implicit { Door::TLS } else { Door::PLAIN };

    let serving = adapter.serve(vec![(listener, door)], service);
    let mut played: Vec<_> = scenes()
        .into_iter()
        .map(|(name, octets)| (name.to_owned(), session(address, security, &octets)))
        .collect();
    serving.stop();
    for (name, content) in files(&mark) {
        played.push((format!("on disk: {name}"), content));
    }
    played
}

/// Gives the letter that came last a name that is the same in every run.
fn name_last(new: &std::path::Path, name: &str) {
    let unnamed = std::fs::read_dir(new)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| !path.file_name().unwrap().to_string_lossy().contains(".letter"));
    std::fs::rename(unnamed.unwrap(), new.join(name)).unwrap();
}

/// The letters that are left, by their names without flags.
fn files(maildir: &std::path::Path) -> BTreeMap<String, Vec<u8>> {
    ["new", "cur"]
        .into_iter()
        .flat_map(|directory| std::fs::read_dir(maildir.join(directory)).unwrap())
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

/// Says the octets and returns all that was answered.
fn session(address: SocketAddr, security: Security, octets: &[u8]) -> Vec<u8> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut wire = Wire::Plain(stream);
    let mut answered = Vec::new();
    match security {
        Security::Plain => {}
        Security::Implicit => wire = wire.into_client(),
        Security::Stls => {
            wire.write_all(b"STLS\r\n").unwrap();
            for _ in ["greeting", "STLS"] {
                answered.extend(line(&mut wire));
            }
            wire = wire.into_client();
        }
    }
    // What is said with long answers is short, so that neither side waits for the other.
    if wire.write_all(octets).and_then(|()| wire.flush()).is_ok() {
        wire.finish();
    }
    let mut buffer = [0; 16_384];
    while let Ok(read @ 1..) = wire.read(&mut buffer) {
        answered.extend_from_slice(&buffer[..read]);
    }
    answered
}

fn line(wire: &mut Wire) -> Vec<u8> {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let mut octet = [0];
        wire.read_exact(&mut octet).unwrap();
        line.extend_from_slice(&octet);
    }
    line
}
