//! The client over real sockets.

mod office;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use office::Office;
use pop3_blocking::{Client, Error, Options};
use pop3_proto::adapter::account;
use pop3_proto::client;
use pop3_proto::client::exchange::Method;
use pop3_proto::command::Extension;
use pop3_proto::state::Shape;
use pop3_proto::{MessageNumber, Octets};

const LETTERS: [&[u8]; 3] = [b"Subject: one\n\n.\n..two\n", b"", b"Subject: three\n\nbare\rcr"];
const WIRE: [&[u8]; 3] =
    [b"Subject: one\r\n\r\n.\r\n..two\r\n", b"", b"Subject: three\r\n\r\nbare\rcr\r\n"];

fn number(number: u32) -> MessageNumber {
    MessageNumber::new(number).unwrap()
}

/// A server that says these lines whatever it is told, and keeps the connection.
fn parrot(says: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(says).unwrap();
        let _ = io::copy(&mut stream, &mut io::sink());
    });
    address
}

#[test]
fn every_command_has_a_typed_result() {
    let office = Office::open(&LETTERS);
    let client = Client::connect(office.address).unwrap();
    assert!(client.capabilities().unwrap().has("UIDL"));
    let mut session = client.login("mark", "swordfish").unwrap();
    assert!(session.ask_capabilities().unwrap().has("TOP"));
    let octets: Vec<_> = WIRE.iter().map(|letter| Octets(letter.len() as u64)).collect();
    let drop = session.stat().unwrap();
    assert_eq!((drop.messages, drop.octets), (3, octets.iter().copied().sum()));
    let listed: Vec<_> = session.list().unwrap().iter().map(|message| message.octets).collect();
    assert_eq!(listed, octets);
    assert_eq!(session.list_one(number(3)).unwrap().octets, octets[2]);
    let ids = session.unique_ids().unwrap();
    assert_eq!(session.unique_id(number(2)).unwrap(), ids[1].unique_id);
    let mut top = String::new();
    session.top(number(1), 0).unwrap().read_to_string(&mut top).unwrap();
    assert_eq!(top, "Subject: one\r\n\r\n");
    session.no_operation().unwrap();
    session.delete(number(1)).unwrap();
    assert!(matches!(session.list_one(number(1)), Err(Error::Pop3(client::Error::Refused { .. }))));
    session.reset().unwrap();
    let unknown = Extension::new("XMOON", "", Shape::Message).unwrap();
    assert!(session.extension(unknown).unwrap_err().refusal().is_some());
    let outcomes = session.delete_all([1, 1, 3].map(number)).unwrap();
    let agreed: Vec<_> = outcomes.iter().map(|(_, outcome)| outcome.is_ok()).collect();
    assert_eq!(agreed, [true, false, true]);
    session.quit().unwrap();
    assert_eq!(office.count(), 1);
}

#[test]
fn many_messages_are_retrieved_in_order_and_refusals_do_not_stop_them() {
    let office = Office::open(&LETTERS);
    let mut session = Client::connect(office.address).unwrap().login("mark", "swordfish").unwrap();
    let mut letters = session.retrieve_all([1, 7, 2, 3].map(number));
    let mut seen = Vec::new();
    while let Some((number, letter)) = letters.next_letter().unwrap() {
        let mut content = Vec::new();
        if let Ok(mut letter) = letter {
            letter.read_to_end(&mut content).unwrap();
            seen.push((number.get(), Some(content)));
        } else {
            seen.push((number.get(), None));
        }
    }
    let expected = [(1, Some(WIRE[0])), (7, None), (2, Some(WIRE[1])), (3, Some(WIRE[2]))];
    let expected = expected.map(|(number, letter)| (number, letter.map(<[u8]>::to_vec)));
    assert_eq!(seen, expected);
}

#[test]
fn a_letter_that_is_dropped_half_way_leaves_the_session_in_step() {
    let long = b"line\n".repeat(100_000);
    let office = Office::open(&[&long, LETTERS[0]]);
    let mut session = Client::connect(office.address).unwrap().login("mark", "swordfish").unwrap();
    let mut letter = session.retrieve(number(1)).unwrap();
    letter.read_exact(&mut [0; 10]).unwrap();
    drop(letter);
    assert_eq!(session.stat().unwrap().messages, 2);
    let mut letters = session.retrieve_all([1, 2].map(number));
    drop(letters.next_letter().unwrap());
    drop(letters);
    assert_eq!(session.stat().unwrap().messages, 2);
    session.quit().unwrap();
}

#[test]
fn dropping_a_session_removes_nothing() {
    let office = Office::open(&LETTERS);
    let mut session = Client::connect(office.address).unwrap().login("mark", "swordfish").unwrap();
    session.delete(number(1)).unwrap();
    drop(session);
    drop(office.stop.clone());
    assert_eq!(office.count(), 3);
}

#[test]
fn a_refused_login_gives_the_client_back() {
    let office = Office::with(
        &LETTERS,
        |config| config.failed_login_delay = Duration::from_millis(1),
        |_| (),
    );
    let client = Client::connect(office.address).unwrap();
    let refused = client.login("mark", "wrong").unwrap_err();
    assert!(refused.error.refusal().is_some());
    let refused = refused.client.unwrap().login("two words", "x").unwrap_err();
    assert!(matches!(refused.error, Error::UserName(_)));
    let (client, account) = (refused.client.unwrap(), account("mark", b"swordfish").unwrap());
    let refused = client.login_by(account, &[Method::Apop]).unwrap_err();
    assert!(matches!(refused.error, Error::Pop3(client::Error::NoMethod { wanted: Some("APOP") })));
    let session = refused.client.unwrap().login("mark", "swordfish").unwrap();
    session.quit().unwrap();
}

#[test]
fn a_silent_server_is_given_up_with_a_reason() {
    let mut options = Options::default();
    options.config.reply_limit = Duration::from_millis(50);
    let error = Client::connect_with(parrot(b""), &options).unwrap_err();
    assert_eq!(error.to_string(), "the server was silent for too long while its greeting was due");
}

#[test]
fn a_server_that_says_an_octet_now_and_then_is_as_good_as_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        while stream.write_all(b"+").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let mut options = Options::default();
    options.config.reply_limit = Duration::from_millis(200);
    let error = Client::connect_with(address, &options).unwrap_err();
    assert_eq!(error.to_string(), "the server was silent for too long while its greeting was due");
}

#[test]
fn a_message_that_breaks_off_is_an_error_and_not_an_end() {
    let says = b"+OK\r\n-ERR\r\n+OK\r\n+OK\r\n-ERR\r\n+OK\r\nhalf a mess";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Said in advance; the client takes each reply as it asks.
        let mut lines = says.split_inclusive(|octet| *octet == b'\n');
        for line in lines.by_ref().take(5) {
            stream.write_all(line).unwrap();
            let _ = stream.read(&mut [0; 100]).unwrap();
        }
        lines.for_each(|line| stream.write_all(line).unwrap());
    });
    let mut session = Client::connect(address).unwrap().login("mark", "swordfish").unwrap();
    let mut letter = session.retrieve(number(1)).unwrap();
    let error = letter.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert!(error.to_string().contains("RETR"), "{error}");
}

#[test]
fn any_stream_can_be_brought_along() {
    /// A stream that counts what passes.
    struct Counted(TcpStream, usize);

    impl Read for Counted {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            // One octet at a time: where the input is cut does not matter.
            let read = self.0.read(&mut buffer[..1])?;
            self.1 += read;
            Ok(read)
        }
    }

    impl Write for Counted {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            self.0.write(&buffer[..1])
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }

    let office = Office::open(&LETTERS);
    let stream = Counted(TcpStream::connect(office.address).unwrap(), 0);
    let client = Client::with_stream(stream, &Options::default()).unwrap();
    let mut session = client.login("mark", "swordfish").unwrap();
    let mut letter = Vec::new();
    session.retrieve(number(1)).unwrap().read_to_end(&mut letter).unwrap();
    assert_eq!(letter, WIRE[0]);
    session.quit().unwrap();
}
