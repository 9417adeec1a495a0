//! Lines in, octets out, in clear text or in TLS.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::faults::Fault;

/// How much of a line is kept; of what is longer the rest is thrown away.
const LONGEST: usize = 64 * 1024;
/// How long a client may take to close its end after the last reply.
const FAREWELL: Duration = Duration::from_millis(500);
/// The first octet of a TLS handshake.
const HANDSHAKE: u8 = 0x16;

enum Stream {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

/// What the client says next.
pub(super) enum Line {
    /// A line, without its end.
    Whole(Vec<u8>),
    /// A line of more than [`LONGEST`] octets.
    TooLong,
}

/// A connection.
pub(super) struct Wire {
    stream: Stream,
    /// What has come and is not a line yet, or not the next one.
    pending: Vec<u8>,
    fault: Option<Fault>,
}

impl Wire {
    pub(super) const fn new(stream: TcpStream, fault: Option<Fault>) -> Self {
        Self { stream: Stream::Clear(stream), pending: Vec::new(), fault }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    pub(super) const fn in_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// Waits for octets; says whether any came.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        let mut chunk = [0; 8192];
        let count = match &mut self.stream {
            Stream::Clear(stream) => stream.read(&mut chunk)?,
            Stream::Tls(stream) => stream.read(&mut chunk)?,
        };
        self.pending.extend_from_slice(&chunk[..count]);
        Ok(count > 0)
    }

    /// The next line; none at the end of the connection.
    pub(super) fn line(&mut self) -> io::Result<Option<Line>> {
        let mut is_long = false;
        loop {
            if let Some(end) = self.pending.iter().position(|octet| *octet == b'\n') {
                let line = self.take_line(end);
                let is_long = is_long || line.len() > LONGEST;
                return Ok(Some(if is_long { Line::TooLong } else { Line::Whole(line) }));
            }
            if self.is(Fault::SegmentsAreCommands) && !self.pending.is_empty() {
                return Ok(Some(Line::Whole(std::mem::take(&mut self.pending))));
            }
            if self.pending.len() > LONGEST {
                if self.is(Fault::LongLineSplit) {
                    return Ok(Some(Line::Whole(std::mem::take(&mut self.pending))));
                }
                is_long = true;
                self.pending.clear();
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    fn take_line(&mut self, end: usize) -> Vec<u8> {
        let mut rest = self.pending.split_off(end + 1);
        if self.is(Fault::PipelineDropped) {
            rest.clear();
        }
        if self.is(Fault::PipelineOutOfTurn)
            && let Some(second_end) = rest.iter().position(|octet| *octet == b'\n')
        {
            let behind_both = rest.split_off(second_end + 1);
            std::mem::swap(&mut self.pending, &mut rest);
            rest.extend_from_slice(&behind_both);
        }
        let mut line = std::mem::replace(&mut self.pending, rest);
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        line
    }

    pub(super) fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Clear(stream) => stream.write_all(octets),
            Stream::Tls(stream) => {
                stream.write_all(octets)?;
                stream.flush()
            }
        }
    }

    /// Goes over to TLS. What has come in clear text is thrown away.
    pub(super) fn start_tls(&mut self, tls: &Arc<ServerConfig>) -> io::Result<()> {
        let Stream::Clear(stream) = &self.stream else { return Ok(()) };
        let mut stream = stream.try_clone()?;
        if !self.is(Fault::StlsInjection) {
            self.pending.clear();
        }
        if self.is(Fault::StlsFallsBack) {
            let mut first = [0];
            if stream.peek(&mut first)? == 1 && first[0] != HANDSHAKE {
                return Ok(());
            }
        }
        let mut tls = ServerConnection::new(tls.clone()).map_err(io::Error::other)?;
        while tls.is_handshaking() {
            if let Err(error) = tls.complete_io(&mut stream) {
                // The alert says why.
                let _ = tls.write_tls(&mut stream);
                return Err(error);
            }
        }
        self.stream = Stream::Tls(Box::new(StreamOwned::new(tls, stream)));
        Ok(())
    }

    /// Says that nothing more will come, and waits a little for the client to close: whoever closes
    /// first may take the last reply away from a client that has sent more.
    pub(super) fn close(&mut self) -> io::Result<()> {
        let sends_alert = !self.is(Fault::NoCloseAlert);
        let socket = match &mut self.stream {
            Stream::Clear(stream) => stream,
            Stream::Tls(stream) => {
                if sends_alert {
                    stream.conn.send_close_notify();
                    stream.flush()?;
                }
                &mut stream.sock
            }
        };
        socket.shutdown(Shutdown::Write)?;
        socket.set_read_timeout(Some(FAREWELL))?;
        let mut chunk = [0; 8192];
        while socket.read(&mut chunk)? > 0 {}
        Ok(())
    }
}
