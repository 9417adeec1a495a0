//! Lines and letters, in TLS or not.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::Fault;

/// No line is longer, in octets.
const LONGEST_LINE: usize = 4 << 20;

/// No letter is larger, in octets.
const LARGEST_LETTER: usize = 32 << 20;

pub(super) enum Stream {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    /// Neither, for the moment between the two.
    None,
}

pub(super) struct Wire {
    stream: Stream,
    fault: Option<Fault>,
    /// What came and was not read yet.
    inbox: Vec<u8>,
}

pub(super) fn odd(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

impl Wire {
    pub(super) fn new(tcp: TcpStream, fault: Option<Fault>) -> io::Result<Self> {
        tcp.set_read_timeout(Some(Duration::from_secs(20)))?;
        tcp.set_nodelay(true)?;
        Ok(Self { stream: Stream::Clear(tcp), fault, inbox: Vec::new() })
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    pub(super) fn begin_tls(&mut self, config: Arc<ClientConfig>, host: &str) -> io::Result<()> {
        if !self.is(Fault::KeepsClearText) && !self.inbox.is_empty() {
            return Err(odd("clear text behind the reply to STLS"));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|_| odd("no name"))?;
        let tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let Stream::Clear(tcp) = std::mem::replace(&mut self.stream, Stream::None) else {
            return Err(odd("TLS within TLS"));
        };
        let mut stream = StreamOwned::new(tls, tcp);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        self.stream = Stream::Tls(Box::new(stream));
        Ok(())
    }

    /// Says a line.
    pub(super) fn say(&mut self, line: &str) -> io::Result<()> {
        let end = if self.is(Fault::LinesEndInLf) { "\n" } else { "\r\n" };
        self.write(format!("{line}{end}").as_bytes())
    }

    pub(super) fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Clear(tcp) => tcp.write_all(octets),
            Stream::Tls(tls) => tls.write_all(octets).and_then(|()| tls.flush()),
            Stream::None => Err(odd("no stream")),
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut octets = [0; 16 << 10];
        let count = match &mut self.stream {
            Stream::Clear(tcp) => tcp.read(&mut octets),
            Stream::Tls(tls) => tls.read(&mut octets),
            Stream::None => Ok(0),
        }?;
        if count == 0 {
            if self.is(Fault::HangsAtTheEnd) {
                std::thread::sleep(Duration::from_secs(15));
            }
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.inbox.extend_from_slice(&octets[..count]);
        Ok(())
    }

    /// The next line, without its CRLF.
    pub(super) fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut looked = 0;
        loop {
            let found = self.inbox[looked..].windows(2).position(|pair| pair == b"\r\n");
            if let Some(at) = found {
                let mut line: Vec<u8> = self.inbox.drain(..looked + at + 2).collect();
                line.truncate(looked + at);
                return Ok(line);
            }
            if self.inbox.len() > LONGEST_LINE {
                return Err(odd("a line without an end"));
            }
            if self.is(Fault::OneReadIsALine) && !self.inbox.is_empty() {
                return Ok(std::mem::take(&mut self.inbox));
            }
            looked = self.inbox.len().saturating_sub(1);
            self.fill()?;
        }
    }

    /// A letter up to its final dot, without stuffed dots.
    pub(super) fn letter(&mut self, announced: Option<usize>) -> io::Result<Vec<u8>> {
        if self.is(Fault::TrustsSizes) {
            return self.announced(announced.unwrap_or(0));
        }
        let mut letter = Vec::new();
        loop {
            let mut line = match self.line() {
                Err(_) if self.is(Fault::CutLetterIsWhole) => return Ok(letter),
                line => line?,
            };
            if line == b"." || self.ends_by_fault(&line, &mut letter) {
                return Ok(letter);
            }
            self.spoil(&mut line);
            if line.starts_with(b".") && !self.is(Fault::KeepsDots) {
                line.remove(0);
                if self.is(Fault::TakesTwoDots) && line.starts_with(b".") {
                    line.remove(0);
                }
            }
            letter.extend(line);
            letter.extend_from_slice(b"\r\n");
            if letter.len() > LARGEST_LETTER {
                return Err(odd("a letter without an end"));
            }
        }
    }

    /// Where a letter ends that does not end there.
    fn ends_by_fault(&self, line: &[u8], letter: &mut Vec<u8>) -> bool {
        let within = match self.fault {
            Some(Fault::AnyFinalDotEnds) => return line.ends_with(b"."),
            Some(Fault::BlankLineEnds) => return letter.ends_with(b"\r\n\r\n") && line.is_empty(),
            Some(Fault::AnyFirstDotEnds) => {
                return line.starts_with(b".") && !line.starts_with(b"..");
            }
            Some(Fault::LfDotLfEnds) => line.windows(3).position(|it| it == b"\n.\n"),
            _ => None,
        };
        let Some(at) = within else { return false };
        letter.extend_from_slice(&line[..at]);
        true
    }

    fn spoil(&self, line: &mut Vec<u8>) {
        match self.fault {
            Some(Fault::CutsLines) => line.truncate(512),
            Some(Fault::CutsVeryLongLines) => line.truncate(64 << 10),
            Some(Fault::NulEnds) => {
                line.truncate(line.iter().position(|octet| *octet == 0).unwrap_or(line.len()));
            }
            Some(Fault::AsciiOnly) => {
                line.iter_mut().filter(|octet| !octet.is_ascii()).for_each(|octet| *octet = b'?');
            }
            _ => {}
        }
    }

    fn announced(&mut self, size: usize) -> io::Result<Vec<u8>> {
        while self.inbox.len() < size {
            self.fill()?;
        }
        let letter = self.inbox.drain(..size).collect();
        while self.line()? != b"." {}
        Ok(letter)
    }

    /// Ends TLS as is proper.
    pub(super) fn close(&mut self) {
        if let Stream::Tls(tls) = &mut self.stream
            && self.fault != Some(Fault::NoAlert)
        {
            tls.conn.send_close_notify();
            // The other side may be gone already.
            _ = tls.flush();
        }
    }
}
