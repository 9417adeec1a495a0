//! A connection to the server that is judged: raw octets, and a record of them.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::exchange::{Exchange, Tracker, without_end};
use super::transport::Transport;
use super::wire::WireLog;

/// Longest line that is read, in octets: 64 MiB.
const LONGEST_LINE: usize = 64 << 20;

/// Why nothing more can be read or written.
#[derive(Debug)]
pub enum Trouble {
    /// The server closed the connection; with what it had said of a line.
    Closed(Vec<u8>),
    /// The server said nothing for so long.
    Silent(Duration),
    /// Something else.
    Io(io::Error),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(rest) if rest.is_empty() => write!(f, "the end of the connection"),
            Self::Closed(rest) => {
                write!(f, "{}, and the end of the connection", super::wire::shown(rest))
            }
            Self::Silent(limit) => write!(f, "nothing within {} s", limit.as_secs()),
            Self::Io(error) => write!(f, "the connection failed: {error}"),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
                Self::Closed(Vec::new())
            }
            _ => Self::Io(error),
        }
    }
}

enum Stream {
    Clear(Box<dyn Transport>),
    Tls(Box<StreamOwned<ClientConnection, Box<dyn Transport>>>),
}

impl Stream {
    fn transport(&mut self) -> &mut dyn Transport {
        match self {
            Self::Clear(transport) => &mut **transport,
            Self::Tls(stream) => &mut *stream.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(transport) => transport.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear(transport) => transport.write(octets),
            Self::Tls(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Clear(transport) => transport.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// Who is told of each exchange.
pub(crate) type OnExchange = Arc<dyn Fn(&Exchange) + Send + Sync>;

/// One connection.
pub struct Peer {
    /// None after a handshake that failed.
    stream: Option<Stream>,
    /// The greeting, when it was read on the way to TLS.
    greeting: Option<Vec<u8>>,
    unread: Vec<u8>,
    patience: Duration,
    tracker: Tracker,
    log: WireLog,
    on_exchange: OnExchange,
    /// Whether the greeting has been read.
    pub(crate) greeted: bool,
    /// The greeting, once it has been read: APOP needs its timestamp.
    pub(crate) greeted_with: Vec<u8>,
    /// How many octets were sent since the greeting, or since TLS began.
    pub(crate) sent: usize,
    /// Whether the end of the connection came as it should: in TLS with an alert before it.
    pub(crate) ended_well: bool,
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("greeted", &self.greeted).finish_non_exhaustive()
    }
}

impl Peer {
    pub(crate) fn new(
        transport: Box<dyn Transport>,
        patience: Duration,
        log: WireLog,
        on_exchange: OnExchange,
    ) -> Self {
        log.note("connected");
        Self {
            stream: Some(Stream::Clear(transport)),
            greeting: None,
            unread: Vec::new(),
            patience,
            tracker: Tracker::default(),
            log,
            on_exchange,
            greeted: false,
            greeted_with: Vec::new(),
            sent: 0,
            ended_well: false,
        }
    }

    /// Sends octets as they are, in one write.
    ///
    /// # Errors
    /// When the connection fails.
    pub fn send(&mut self, octets: &[u8]) -> Result<(), Trouble> {
        self.tracker.sent(octets);
        self.log.sent(octets);
        self.sent += octets.len();
        self.write(octets)
    }

    fn write(&mut self, octets: &[u8]) -> Result<(), Trouble> {
        let stream = self.stream.as_mut().ok_or_else(|| Trouble::Closed(Vec::new()))?;
        stream.write_all(octets)?;
        Ok(stream.flush()?)
    }

    /// Sends each octet in a segment of its own.
    ///
    /// # Errors
    /// When the connection fails.
    pub fn send_octetwise(&mut self, octets: &[u8]) -> Result<(), Trouble> {
        self.tracker.sent(octets);
        self.log.sent(octets);
        self.sent += octets.len();
        for octet in octets {
            self.write(std::slice::from_ref(octet))?;
            // Long enough for the other side to read what is there.
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(())
    }

    /// Sends a command, with its CRLF.
    ///
    /// # Errors
    /// When the connection fails.
    pub fn command(&mut self, command: &str) -> Result<(), Trouble> {
        self.send(format!("{command}\r\n").as_bytes())
    }

    /// Reads more. Whether there was something.
    fn fill(&mut self) -> Result<bool, Trouble> {
        let stream = self.stream.as_mut().ok_or_else(|| Trouble::Closed(Vec::new()))?;
        let mut buffer = [0; 16 << 10];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => {
                    self.ended_well = true;
                    return Ok(false);
                }
                Ok(read) => {
                    self.unread.extend_from_slice(&buffer[..read]);
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Err(Trouble::Silent(self.patience));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads a line, with its line end.
    ///
    /// # Errors
    /// When there is none.
    pub fn line(&mut self) -> Result<Vec<u8>, Trouble> {
        let is_greeting = !std::mem::replace(&mut self.greeted, true);
        if let Some(greeting) = self.greeting.take() {
            return Ok(greeting);
        }
        let mut searched = 0;
        let end = loop {
            match memchr::memchr(b'\n', &self.unread[searched..]) {
                Some(at) => break searched + at + 1,
                None if self.unread.len() > LONGEST_LINE => {
                    return Err(Trouble::Io(io::Error::other("a line without end")));
                }
                None => searched = self.unread.len(),
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) | Err(Trouble::Closed(_)) => {
                    let rest = std::mem::take(&mut self.unread);
                    if !rest.is_empty() {
                        self.log.came(&rest);
                    }
                    self.log.note("the server closed the connection");
                    return Err(Trouble::Closed(rest));
                }
                Err(trouble) => {
                    if !self.unread.is_empty() {
                        self.log.came(&self.unread);
                    }
                    self.log.note(&trouble.to_string());
                    return Err(trouble);
                }
            }
        };
        let line: Vec<u8> = self.unread.drain(..end).collect();
        self.log.came(&line);
        if is_greeting {
            self.greeted_with.clone_from(&line);
        }
        if let Some(exchange) = self.tracker.came(&line) {
            (self.on_exchange)(&exchange);
        }
        Ok(line)
    }

    /// Reads a whole reply: the status line, and what follows it up to the final dot when the
    /// command has a reply of several lines.
    ///
    /// # Errors
    /// When there is none.
    pub fn reply(&mut self) -> Result<Reply, Trouble> {
        let mut reply = Reply { status: self.line()?, content: None };
        if !self.tracker.is_between_replies() {
            let content = reply.content.insert(Vec::new());
            loop {
                let line = self.line()?;
                if without_end(&line) == b"." {
                    break;
                }
                content.push(line);
            }
        }
        Ok(reply)
    }

    /// Reads the greeting, unless it has been read.
    ///
    /// # Errors
    /// When there is none.
    pub fn greeting(&mut self) -> Result<Option<Vec<u8>>, Trouble> {
        if self.greeted { Ok(None) } else { self.line().map(Some) }
    }

    /// Gives the greeting back, to be read again.
    pub(crate) fn unread_greeting(&mut self, greeting: Vec<u8>) {
        self.greeting = Some(greeting);
        self.greeted = false;
    }

    /// Sends a command and reads its reply.
    ///
    /// # Errors
    /// When the connection fails, or there is no reply.
    pub fn ask(&mut self, command: &str) -> Result<Reply, Trouble> {
        self.command(command)?;
        self.reply()
    }

    /// What the server says within this time without being asked; none when nothing.
    ///
    /// # Errors
    /// When the connection fails.
    pub fn says_within(&mut self, limit: Duration) -> Result<Option<Vec<u8>>, Trouble> {
        if self.unread.is_empty() {
            self.set_patience(limit)?;
            let filled = self.fill();
            self.set_patience(self.patience)?;
            match filled {
                Ok(true) => {}
                Ok(false) => return Err(Trouble::Closed(Vec::new())),
                Err(Trouble::Silent(_)) => return Ok(None),
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(Some(self.unread.clone()))
    }

    fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        stream.transport().set_patience(patience)
    }

    /// Waits for the server to close the connection; what it says before that is given.
    ///
    /// # Errors
    /// When it does not.
    pub fn rest(&mut self) -> Result<Vec<u8>, Trouble> {
        let until = Instant::now() + self.patience;
        loop {
            match self.fill() {
                Ok(true) if Instant::now() < until => {}
                Ok(true) => return Err(Trouble::Silent(self.patience)),
                Ok(false) | Err(Trouble::Closed(_)) => break,
                Err(trouble) => return Err(trouble),
            }
        }
        let rest = std::mem::take(&mut self.unread);
        if !rest.is_empty() {
            self.log.came(&rest);
        }
        self.log.note("the server closed the connection");
        Ok(rest)
    }

    /// Reads so many octets, whatever they are; fewer when the server closes the connection.
    ///
    /// # Errors
    /// When the server neither says them nor closes the connection.
    pub fn octets(&mut self, count: usize) -> Result<Vec<u8>, Trouble> {
        while self.unread.len() < count {
            match self.fill() {
                Ok(true) => {}
                Ok(false) | Err(Trouble::Closed(_)) => break,
                Err(trouble) => return Err(trouble),
            }
        }
        let octets: Vec<u8> = self.unread.drain(..count.min(self.unread.len())).collect();
        if !octets.is_empty() {
            self.log.came(&octets);
        }
        Ok(octets)
    }

    /// Says that nothing more will be sent, and goes on reading.
    ///
    /// # Errors
    /// When the connection fails.
    pub fn half_close(&mut self) -> Result<(), Trouble> {
        self.log.note("the client will say no more");
        let stream = self.stream.as_mut().ok_or_else(|| Trouble::Closed(Vec::new()))?;
        if let Stream::Tls(stream) = stream {
            stream.conn.send_close_notify();
            stream.flush()?;
        }
        Ok(stream.transport().half_close()?)
    }

    /// Goes over to TLS. Octets that were read but not looked at are dropped.
    ///
    /// # Errors
    /// When the handshake fails; the connection is then of no more use.
    pub fn start_tls(
        &mut self,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<(), Trouble> {
        let Some(Stream::Clear(transport)) = self.stream.take() else {
            return Err(Trouble::Io(io::Error::other("the connection is in TLS already")));
        };
        self.tracker.tls();
        self.unread.clear();
        self.sent = 0;
        let connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let mut stream = Box::new(StreamOwned::new(connection, transport));
        while stream.conn.is_handshaking() {
            if let Err(error) = stream.conn.complete_io(&mut stream.sock) {
                self.log.note(&format!("the TLS handshake failed: {error}"));
                return Err(match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => Trouble::Silent(self.patience),
                    _ => error.into(),
                });
            }
        }
        self.log.note("TLS");
        self.stream = Some(Stream::Tls(stream));
        Ok(())
    }

    /// The state of TLS, when there is any.
    #[must_use]
    pub fn tls(&self) -> Option<&ClientConnection> {
        match &self.stream {
            Some(Stream::Tls(stream)) => Some(&stream.conn),
            _ => None,
        }
    }
}

/// A whole reply.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The status line, with its line end.
    pub status: Vec<u8>,
    /// The lines behind it, with their line ends, stuffed as they came, without the final dot; none
    /// for a reply of one line.
    pub content: Option<Vec<Vec<u8>>>,
}

impl Reply {
    /// Whether it is positive.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.status.starts_with(b"+OK")
    }

    /// The content without the dots that were stuffed.
    #[must_use]
    pub fn unstuffed(&self) -> Vec<u8> {
        let lines = self.content.iter().flatten();
        lines.flat_map(|line| line.strip_prefix(b".").unwrap_or(line)).copied().collect()
    }

    /// The content as text, a line each, without line ends.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let lines = self.content.iter().flatten();
        lines.map(|line| String::from_utf8_lossy(without_end(line)).into_owned()).collect()
    }

    /// The same, for a positive reply alone.
    pub(crate) fn lines_if_positive(&self) -> Option<Vec<String>> {
        self.is_positive().then(|| self.lines())
    }

    /// The status line as text, without its line end.
    #[must_use]
    pub fn line(&self) -> String {
        String::from_utf8_lossy(without_end(&self.status)).into_owned()
    }
}
