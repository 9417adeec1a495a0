//! A wire between client and server that shows what goes over it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use pop3_proto::Command;
use pop3_proto::command::Spaces;

use crate::output::escaped;

/// A tap on the wire to a server.
pub(super) struct Tap {
    address: SocketAddr,
    relaying: JoinHandle<io::Result<()>>,
}

/// Listens for one client and passes octets on between it and that server, printing them line by
/// line with `S: ` or `C: ` in front. Passwords are hidden.
pub(super) fn between(server: SocketAddr) -> io::Result<Tap> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let relaying = thread::spawn(move || {
        let (client, _) = listener.accept()?;
        let server = TcpStream::connect(server)?;
        thread::scope(|scope| {
            let up = scope.spawn(|| relay(&client, &server, |line| format!("C: {}", hidden(line))));
            let down = relay(&server, &client, |line| format!("S: {}", escaped(line)));
            up.join().unwrap_or(Ok(())).and(down)
        })
    });
    Ok(Tap { address, relaying })
}

impl Tap {
    /// Where a client connects to.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until all has been shown; the client must have gone.
    pub(super) fn finish(self) -> io::Result<()> {
        // A client that never came is waited for no longer.
        drop(TcpStream::connect(self.address));
        self.relaying.join().unwrap_or(Ok(()))
    }
}

/// Passes octets on until one side has no more. They are shown before they go on, so that the
/// answer to a line is shown after it.
fn relay(
    mut from: &TcpStream,
    mut to: &TcpStream,
    line: impl Fn(&[u8]) -> String,
) -> io::Result<()> {
    let (mut buffer, mut seen) = ([0; 4_096], Vec::new());
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        seen.extend_from_slice(&buffer[..read]);
        show(&mut seen, &line);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    // Whoever has gone already needs no goodbye.
    let _ = to.shutdown(Shutdown::Write);
    Ok(())
}

/// A command as it may be seen.
fn hidden(line: &[u8]) -> String {
    match Command::parse_with(line, Spaces::Any) {
        Ok(Command::Pass(_)) => "PASS ********".into(),
        Ok(command) => command.to_string(),
        Err(_) => escaped(line),
    }
}

/// Prints the lines that are complete. The session goes on when nobody looks any more.
fn show(seen: &mut Vec<u8>, line: impl Fn(&[u8]) -> String) {
    let complete = memchr::memrchr(b'\n', seen).map_or(0, |end| end + 1);
    let mut out = io::stdout().lock();
    for text in seen[..complete].split_inclusive(|octet| *octet == b'\n') {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let _ = writeln!(out, "{}", line(text.strip_suffix(b"\r").unwrap_or(text)));
    }
    seen.drain(..complete);
}
