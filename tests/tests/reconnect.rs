//! A server that hangs up after a refusal is connected to once more, for the next way to log in: by
//! each adapter.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use pop3_proto::client::exchange::Method;

/// What the server is told, and what it says to that.
type Dialogue = &'static [(&'static str, &'static str)];

/// After each session the server hangs up.
const SESSIONS: [Dialogue; 2] = [
    &[
        ("CAPA", "+OK\r\nSASL PLAIN CRAM-MD5\r\n.\r\n"),
        ("AUTH CRAM-MD5", "-ERR [AUTH] not for you, goodbye\r\n"),
    ],
    &[
        ("CAPA", "+OK\r\nSASL PLAIN CRAM-MD5\r\n.\r\n"),
        ("AUTH PLAIN AG1hcmsAc3dvcmRmaXNo", "+OK welcome\r\n"),
        ("CAPA", "-ERR\r\n"),
        ("QUIT", "+OK\r\n"),
    ],
];

/// What was agreed on holds for one connection.
const AGREED: [Dialogue; 1] = [&[
    ("CAPA", "+OK\r\nSASL PLAIN CRAM-MD5\r\nUTF8\r\n.\r\n"),
    ("UTF8", "+OK\r\n"),
    ("AUTH CRAM-MD5", "-ERR [AUTH] not for you, goodbye\r\n"),
]];

fn server() -> (SocketAddr, JoinHandle<()>) {
    let (address, serving) = server_of(&SESSIONS);
    (address, std::thread::spawn(move || drop(serving.join().unwrap())))
}

/// A server of so many sessions, and its socket after them.
fn server_of(sessions: &'static [Dialogue]) -> (SocketAddr, JoinHandle<TcpListener>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        for session in sessions {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"+OK\r\n").unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            for (expected, answer) in *session {
                assert_eq!(lines.next().unwrap().unwrap(), *expected);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        }
        listener
    });
    (address, serving)
}

#[test]
fn the_blocking_client_comes_back() {
    let (address, serving) = server();
    let client = pop3_blocking::Client::connect(address).unwrap();
    let session = client.login("mark", "swordfish").unwrap();
    assert_eq!(session.method(), Method::Plain);
    session.quit().unwrap();
    serving.join().unwrap();
}

#[test]
fn the_client_on_tokio_comes_back() {
    let (address, serving) = server();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let client = pop3_tokio::Client::connect(address).await.unwrap();
        let session = client.login("mark", "swordfish").await.unwrap();
        assert_eq!(session.method(), Method::Plain);
        session.quit().await.unwrap();
    });
    serving.join().unwrap();
}

#[test]
fn the_client_on_async_std_comes_back() {
    let (address, serving) = server();
    async_std::task::block_on(async {
        let client = pop3_async_std::Client::connect(address).await.unwrap();
        let session = client.login("mark", "swordfish").await.unwrap();
        assert_eq!(session.method(), Method::Plain);
        session.quit().await.unwrap();
    });
    serving.join().unwrap();
}

#[test]
fn who_has_agreed_on_something_does_not_come_back_without_it() {
    let stays_away = |log_in: fn(SocketAddr) -> bool| {
        let (address, serving) = server_of(&AGREED);
        assert!(!log_in(address));
        let listener = serving.join().unwrap();
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err());
    };
    stays_away(|address| {
        let mut client = pop3_blocking::Client::connect(address).unwrap();
        client.utf8().unwrap();
        client.login("mark", "swordfish").is_ok()
    });
    stays_away(|address| {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut client = pop3_tokio::Client::connect(address).await.unwrap();
            client.utf8().await.unwrap();
            client.login("mark", "swordfish").await.is_ok()
        })
    });
    stays_away(|address| {
        async_std::task::block_on(async {
            let mut client = pop3_async_std::Client::connect(address).await.unwrap();
            client.utf8().await.unwrap();
            client.login("mark", "swordfish").await.is_ok()
        })
    });
}
