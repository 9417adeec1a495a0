//! A stream that shows what goes over it.

use std::io::{self, Read, Write};

use pop3_proto::Command;
use pop3_proto::command::Spaces;

use crate::output::escaped;

/// Passes octets on and prints them, line by line, with `S: ` or `C: ` in front. Passwords are
/// hidden.
pub(super) struct Tap<S> {
    stream: S,
    server: Vec<u8>,
    client: Vec<u8>,
}

impl<S> Tap<S> {
    pub(super) const fn new(stream: S) -> Self {
        Self { stream, server: Vec::new(), client: Vec::new() }
    }
}

impl<S: Read> Read for Tap<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        self.server.extend_from_slice(&buffer[..read]);
        show(&mut self.server, |line| format!("S: {}", escaped(line)));
        Ok(read)
    }
}

impl<S: Write> Write for Tap<S> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.stream.write(buffer)?;
        self.client.extend_from_slice(&buffer[..written]);
        show(&mut self.client, |line| format!("C: {}", hidden(line)));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
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
