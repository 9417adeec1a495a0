//! Whoever issues OAuth tokens, as far as a server asks (RFC 7662): is this one good, and whose?

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::login::is_good;

/// An introspection endpoint over HTTP, on loopback, until it is dropped.
#[derive(Debug)]
pub(super) struct Introspection {
    pub(super) address: SocketAddr,
    stopping: Arc<AtomicBool>,
    answering: Option<JoinHandle<()>>,
}

impl Introspection {
    pub(super) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = stopping.clone();
        let answering = std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                // Who does not ask properly learns nothing.
                let _ = answer(&stream);
            }
        });
        Ok(Self { address, stopping, answering: Some(answering) })
    }
}

impl Drop for Introspection {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the listener, which may also have gone.
        let _ = TcpStream::connect(self.address);
        if let Some(answering) = self.answering.take() {
            let _ = answering.join();
        }
    }
}

/// Answers one POST whose form says `token=`.
fn answer(mut stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap_or_default();
            }
            None if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut form = String::new();
    reader.take(length).read_to_string(&mut form)?;
    let good = form
        .split('&')
        .any(|field| field.strip_prefix("token=").is_some_and(|token| is_good(token.as_bytes())));
    let body = if good { r#"{"active":true,"username":"mark"}"# } else { r#"{"active":false}"# };
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}
