//! Every fault can be seen from outside: something that is said to the faulty server and to the
//! lawful one gets different answers, or leaves different letters.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use base64ct::{Base64, Encoding};

use super::client::{Client, asks_for_certificate};
use super::logins::scram_with;
use crate::faulty::{Entry, FAULTS, Fault, FaultyServer, TOKEN};

/// After so long a silence a server is taken to wait.
const SILENCE: Duration = Duration::from_millis(250);

const LOGIN: &str = "USER mark\r\nPASS swordfish\r\n";

/// What is said, and what then shows.
type Probe = fn(&FaultyServer) -> String;

const PROBES: &[Probe] = &[
    before_login,
    transaction,
    marks,
    an_empty_maildrop,
    a_hang_up,
    quit,
    new_mail,
    a_new_letter,
    locks,
    apop,
    cram,
    exchanges,
    scram,
    in_tls,
    languages,
    utf8,
    stls,
    lines,
    doors,
];

fn letters() -> Vec<Vec<u8>> {
    vec![
        b"Subject: one\n continued\n\n.dot\n..two\n\nlast".to_vec(),
        b"Subject: two\r\n\r\n.x\r\ny\r\n".to_vec(),
        "Subject: Grüße\n\nx\n".as_bytes().to_vec(),
        [b"Subject: long\n\n".to_vec(), vec![b'x'; 1_500]].concat(),
    ]
}

/// All that comes when this is said in one go.
fn told(server: &FaultyServer, said: impl AsRef<[u8]>) -> String {
    let mut socket = TcpStream::connect(server.clear()).unwrap();
    socket.set_read_timeout(Some(SILENCE)).unwrap();
    socket.write_all(said.as_ref()).unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    shown(server, &all(&mut socket))
}

/// Up to the end, or to a silence.
fn all(stream: &mut impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    let end = stream.read_to_end(&mut all).map(|_| ());
    if end.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock) {
        all.extend_from_slice(b"(silence)");
    }
    all
}

/// Without what differs from server to server, and from session to session: what makes nonces
/// unique, and the number before it.
fn shown(server: &FaultyServer, octets: &[u8]) -> String {
    let text = octets.escape_ascii().to_string();
    let seed = format!(".{}", server.shared.seed);
    let mut parts =
        text.split(&seed).map(|part| part.trim_end_matches(|end: char| end.is_ascii_digit()));
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |shown, part| shown + "N.SEED" + part)
}

fn before_login(server: &FaultyServer) -> String {
    let name = "x".repeat(40);
    let long = "x".repeat(120);
    let shouted = "x".repeat(600);
    let mut said = format!(
        "CAPA\r\ncapa\r\nCAPA x\r\nNOOP\r\nSTAT\r\nRETR 1\r\n\r\n{shouted}\r\nSTLS x\r\nUSER\r\n\
         USER nobody\r\nUSER {name}\r\nUSER {long}\r\nUSER jürgen\r\nUSER ma\u{ad}rk\r\n\
         PASS wrong\r\nUSER mark\r\nPASS tanstaaf\r\nPASS swordfish\r\nUSER mark\r\nNOOP\r\n\
         PASS swordfish\r\nUSER mark\r\nPASS swordfish x\r\nAPOP mark\r\nAPOP mark 0\r\nUTF8 x\r\n\
         USER "
    )
    .into_bytes();
    said.extend_from_slice(b"\xff\r\nQUIT\r\n");
    told(server, &said)
        + &told(server, format!("USER mark\r\nPASS wrong\r\n{LOGIN}"))
        + &told(server, "USER ma\u{ad}rk\r\nPASS swordfish\r\n")
}

fn transaction(server: &FaultyServer) -> String {
    told(
        server,
        format!(
            "{LOGIN}STAT\r\nLIST\r\nLIST\r\nLIST 1\r\nUIDL\r\nUIDL 2\r\nRETR 1\r\nRETR 1\r\n\
             RETR 2\r\nRETR 3\r\nRETR 4\r\nTOP 1 0\r\nTOP 1 1\r\nTOP 1 999\r\nTOP 1 -1\r\n\
             RETR 9\r\nLIST 4294967297\r\nLIST +1\r\nLIST 1x\r\nLIST  1\r\nLIST 0\r\nSTAT 1\r\n\
             NOOP x\r\nNOOP\r\nCAPA\r\nLANG\r\nUTF8\r\nUSER mark\r\nAPOP mark 0\r\nXYZZ\r\n\
             AUTH PLAIN\r\nSTLS\r\n"
        ),
    ) + &told(server, format!("{LOGIN}RETR 3\r\nNOOP\r\nSTLS\r\nNOOP\r\n"))
}

fn marks(server: &FaultyServer) -> String {
    let told = told(
        server,
        format!(
            "{LOGIN}DELE 1\r\nDELE 1\r\nRETR 1\r\nTOP 1 0\r\nLIST 1\r\nUIDL 1\r\nLIST\r\nUIDL\r\n\
             STAT\r\nLIST 2\r\nRSET\r\nLIST\r\nDELE 1\r\nDELE 2\r\nQUIT\r\n"
        ),
    );
    format!("{told}{:?}", server.holds())
}

fn an_empty_maildrop(server: &FaultyServer) -> String {
    server.fill(&[]);
    told(server, format!("{LOGIN}STAT\r\nLIST\r\nUIDL\r\n"))
}

fn a_hang_up(server: &FaultyServer) -> String {
    let mut told = told(server, format!("{LOGIN}RETR 2\r\nUIDL\r\nDELE 1\r\n"));
    told += &self::told(server, format!("{LOGIN}LIST\r\nUIDL\r\nDELE 4\r\n"));
    format!("{told}{:?}", server.holds())
}

fn quit(server: &FaultyServer) -> String {
    let told = told(server, format!("{LOGIN}RETR 2\r\nQUIT\r\n"));
    let mut client = Client::clear(server);
    let mut seen = format!("{told}{}{}", client.try_log_in(), server.holds().len());
    seen += &client.ask("DELE 1");
    seen += &client.ask("QUIT");
    let held = server.holds().len();
    seen + &held.to_string() + &told_open(&mut client)
}

/// What comes when nothing more is said.
fn told_open(client: &mut Client) -> String {
    client.be_patient_for(SILENCE);
    match client.try_read() {
        Ok(rest) => rest.escape_ascii().to_string(),
        Err(error) => error.kind().to_string(),
    }
}

fn new_mail(server: &FaultyServer) -> String {
    let mut client = Client::clear(server);
    client.try_log_in();
    server.deliver(b"Subject: late\n");
    let seen = client.ask("STAT") + &client.ask("DELE 1") + &client.ask("QUIT");
    format!("{seen}{:?}", server.holds())
}

fn a_new_letter(server: &FaultyServer) -> String {
    told(server, format!("{LOGIN}DELE 1\r\nQUIT\r\n"));
    server.deliver(b"Subject: new\n");
    told(server, format!("{LOGIN}UIDL\r\n"))
}

fn locks(server: &FaultyServer) -> String {
    let mut first = Client::clear(server);
    let mut seen = first.ask("USER mark");
    seen += &told(server, LOGIN);
    seen += &first.ask("PASS wrong");
    seen += &told(server, LOGIN);
    seen += &first.try_log_in();
    seen += &told(server, format!("USER mark\r\nPASS wrong\r\n{LOGIN}"));
    seen += &cram_with(&mut Client::clear(server), "mark", "swordfish");
    seen += &first.ask("QUIT");
    shown(server, seen.as_bytes())
}

fn apop(server: &FaultyServer) -> String {
    let mut client = Client::clear(server);
    let digest = client.digest("swordfish");
    let seen = client.ask(&format!("APOP mark {digest}"));
    let seen = seen + &client.ask("APOP mark 0") + &client.ask("QUIT");
    shown(server, client.greeting.as_bytes()) + &seen
}

fn cram_with(client: &mut Client, name: &str, password: &str) -> String {
    let challenge = client.ask("AUTH CRAM-MD5");
    let challenge = challenge.strip_prefix("+ ").unwrap_or_default();
    let Ok(challenge) = Base64::decode_vec(challenge) else { return "no challenge".to_owned() };
    let challenge = String::from_utf8(challenge).unwrap();
    let digest = super::logins::keyed(password, &challenge);
    challenge + &client.ask(&Base64::encode_string(format!("{name} {digest}").as_bytes()))
}

fn cram(server: &FaultyServer) -> String {
    let mut client = Client::clear(server);
    let mut seen = cram_with(&mut client, "mark", "wrong");
    seen += &cram_with(&mut client, "mark", "swordfish");
    seen += &client.ask("QUIT");
    shown(server, seen.as_bytes()) + &told(server, "AUTH CRAM-MD5 abcd\r\n*\r\n")
}

fn exchanges(server: &FaultyServer) -> String {
    let first = Base64::encode_string(b"n,,n=nobody,r=abc");
    told(server, "AUTH FOO\r\n*\r\nauth scram-sha-256\r\n*\r\nAUTH SCRAM-SHA-256 =\r\n*\r\n")
        + &told(server, "AUTH SCRAM-SHA-256\r\n!!!\r\nAUTH PLAIN\r\n*\r\nAUTH OAUTHBEARER\r\n*\r\n")
        + &told(server, format!("AUTH SCRAM-SHA-256\r\n*\r\n{LOGIN}"))
        + &told(server, format!("AUTH SCRAM-SHA-256 {first}\r\n*\r\n")).len().to_string()
}

fn scram(server: &FaultyServer) -> String {
    let mut seen = String::new();
    for (header, bare, changed) in [
        ("n,,", "n=mark,r=abc", ("", "")),
        ("x,,", "n=mark,r=abc", ("", "")),
        ("p=tls-unique,,", "n=mark,r=abc", ("", "")),
        ("n,a=mary,", "n=mark,r=abc", ("", "")),
        ("n,,", "n=mar=6B,r=abc", ("", "")),
        ("n,,", "m=x,n=mark,r=abc", ("", "")),
        ("n,,", "n=mark,r=abc,x=foo", ("", "")),
        ("n,,", "n=mark,r=abc", ("r=abc", "r=abcd")),
        ("n,,", "n=mark,r=abc", ("c=biws", "c=eSws")),
    ] {
        let mut client = Client::clear(server);
        for line in scram_with(&mut client, (header, bare), "swordfish", changed) {
            // Keys are different for each server.
            let line = line.split([',', ' ']).map(|word| match word.get(..2) {
                Some("s=" | "v=") => "…",
                _ => word,
            });
            let line: Vec<_> = line.collect();
            let _ = writeln!(seen, "{}", line.join(","));
        }
    }
    shown(server, seen.as_bytes())
}

fn in_tls(server: &FaultyServer) -> String {
    let plain = |text: &str| format!("AUTH PLAIN {}", Base64::encode_string(text.as_bytes()));
    let bearer = |header: &str, extra: &str, token: &str| {
        let message = format!("{header}\x01{extra}auth=Bearer {token}\x01\x01");
        format!("AUTH OAUTHBEARER {}", Base64::encode_string(message.as_bytes()))
    };
    let long = Base64::encode_string(&[b'x'; 4_000]);
    let right = Base64::encode_string(b"\0mark\0swordfish");
    let mut seen = String::new();
    for commands in [
        vec!["CAPA".to_owned()],
        vec![plain("\0mark\0wrong")],
        vec![plain("mary\0mark\0swordfish")],
        vec![plain("\0mark\0swordfish\0x")],
        vec!["AUTH PLAIN =".to_owned(), "*".to_owned()],
        vec!["AUTH PLAIN".to_owned(), right.clone(), "AUTH PLAIN".to_owned()],
        vec![format!("AUTH PLAIN -{right}")],
        vec![format!("AUTH PLAIN {right}=AAA")],
        vec![format!("AUTH PLAIN AG1h=cmsAc3dvcmRmaXNo")],
        vec!["AUTH PLAIN AG1hcmsAc3dvcmRmaXNo=x".to_owned()],
        vec!["AUTH OAUTHBEARER".to_owned(), long],
        vec![bearer("n,,", "", "another"), "AQ==".to_owned()],
        vec![bearer("n,,", "foo=bar\x01", TOKEN), "AQ==".to_owned()],
        vec![bearer("n,,", "host=example.org\x01", TOKEN), "AQ==".to_owned()],
        vec![bearer("n,a=mary,", "", TOKEN), "AQ==".to_owned()],
        vec![
            "AUTH OAUTHBEARER".to_owned(),
            Base64::encode_string(
                format!("n,,\x01x={}\x01auth=Bearer {TOKEN}\x01\x01", "y".repeat(2_000)).as_bytes(),
            ),
        ],
    ] {
        let mut client = Client::tls(server);
        for command in commands {
            client.send(format!("{command}\r\n").as_bytes());
        }
        client.send(b"QUIT\r\n");
        let rest = client.try_read().unwrap_or_else(|error| error.kind().to_string().into_bytes());
        let _ = writeln!(seen, "{}", rest.escape_ascii());
    }
    seen
}

fn languages(server: &FaultyServer) -> String {
    told(
        server,
        format!(
            "LANG\r\nLANG xx\r\nLANG de\r\nNOOP\r\nUSER mark\r\nPASS wrong\r\n{LOGIN}NOOP\r\n\
             LANG *\r\nNOOP\r\nQUIT\r\n"
        ),
    )
}

fn utf8(server: &FaultyServer) -> String {
    told(server, format!("UTF8\r\n{LOGIN}RETR 2\r\nRETR 3\r\n"))
}

fn stls(server: &FaultyServer) -> String {
    let mut client = Client::clear(server);
    client.ask("USER mark");
    client.send(b"STLS\r\nXYZZ\r\n");
    let reply = client.line();
    if !reply.starts_with("+OK") {
        return reply;
    }
    let mut client = client.over_tls(server);
    client.send(b"PASS swordfish\r\nSTAT\r\nCAPA\r\nQUIT\r\n");
    let rest = client.try_read().unwrap_or_else(|error| error.kind().to_string().into_bytes());
    let mut client = Client::clear(server);
    client.ask("STLS");
    client.send(b"NOOP\r\nQUIT\r\n");
    let answer = client.try_read().unwrap_or_default();
    shown(server, &rest) + if answer.starts_with(b"-ERR") { "in clear text" } else { "over" }
}

fn lines(server: &FaultyServer) -> String {
    let mut client = Client::clear(server);
    client.send(b"NO");
    thread::sleep(Duration::from_millis(20));
    client.send(b"OP\r\n");
    let seen = client.line();
    seen + &told(server, [&[b'x'; 200_000], &b"\r\nXYZZ\r\n"[..]].concat())
}

/// What comes at each door before anything is said, and whether a certificate is asked for.
fn doors(server: &FaultyServer) -> String {
    let unasked = |address: SocketAddr| {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(SILENCE)).unwrap();
        shown(server, &all(&mut socket))
    };
    let asks = asks_for_certificate(server);
    unasked(server.clear()) + &unasked(server.implicit()) + &asks.to_string()
}

/// Whether one of the probes shows anything else than with the lawful server.
fn is_visible(fault: Fault, lawful: &[String]) -> bool {
    let server = FaultyServer::start(Some(fault)).unwrap();
    PROBES.iter().zip(lawful).any(|(probe, lawful)| {
        server.fill(&letters());
        // A probe that does not understand the server any more has seen enough.
        let seen = thread::scope(|scope| scope.spawn(|| probe(&server)).join());
        seen.is_err() || seen.is_ok_and(|seen| seen != *lawful)
    })
}

fn all_probes() -> Vec<String> {
    let server = FaultyServer::start(None).unwrap();
    let probe = |probe: &Probe| {
        server.fill(&letters());
        probe(&server)
    };
    PROBES.iter().map(probe).collect()
}

#[test]
fn every_fault_can_be_seen_from_outside() {
    let lawful = all_probes();
    for (place, (first, second)) in lawful.iter().zip(&all_probes()).enumerate() {
        assert_eq!(first, second, "probe {place} does not always show the same");
    }
    // Most of the time is spent waiting.
    let parts = FAULTS.chunks(FAULTS.len().div_ceil(8));
    let invisible: Vec<_> = thread::scope(|scope| {
        let look = |part: &'static [Entry]| {
            let faults = part.iter().map(|entry| entry.fault);
            faults.filter(|fault| !is_visible(*fault, &lawful)).collect::<Vec<_>>()
        };
        let looks: Vec<_> = parts.map(|part| scope.spawn(move || look(part))).collect();
        looks.into_iter().flat_map(|look| look.join().unwrap()).collect()
    });
    assert!(invisible.is_empty(), "{invisible:?}");
}
