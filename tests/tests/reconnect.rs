//! A server that hangs up after a refusal is connected to once more, for the next way to log in: by
//! each adapter.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use pop3_proto::client::exchange::Method;

/// What the server says in each session, to what; then it hangs up.
const SESSIONS: [&[(&str, &str)]; 2] = [
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

fn server() -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        for session in SESSIONS {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"+OK\r\n").unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            for (expected, answer) in session {
                assert_eq!(lines.next().unwrap().unwrap(), *expected);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        }
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
