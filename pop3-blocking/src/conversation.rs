//! A stream and the state machine that speaks over it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::task::Poll;
use std::time::{Duration, Instant};

use pop3_proto::Pipe;
use pop3_proto::adapter::{Endpoint, Error, Options, Silence};
use pop3_proto::bytes::Buf;
use pop3_proto::client::exchange::Exchange;
use pop3_proto::client::{self, Connection};

/// One generic loop for every exchange.
#[derive(Debug)]
pub(crate) struct Conversation<S> {
    stream: S,
    pipe: Pipe<Connection>,
    /// Who is spoken to, for TLS; unknown where the stream was brought along.
    endpoint: Option<Endpoint>,
    options: Options,
    /// The socket below the stream, to arm its timeouts; a foreign stream has its own.
    socket: Option<TcpStream>,
    armed: Option<Duration>,
    silence: Silence,
}

impl<S: Read + Write> Conversation<S> {
    pub(crate) fn new(
        stream: S,
        socket: Option<TcpStream>,
        endpoint: Option<Endpoint>,
        options: &Options,
    ) -> Result<Self, Error> {
        let pipe = match &endpoint {
            Some(endpoint) => options.pipe(endpoint)?,
            None => Pipe::new(Connection::new(options.config.clone())),
        };
        let options = options.clone();
        Ok(Self {
            stream,
            pipe,
            endpoint,
            options,
            socket,
            armed: None,
            silence: Silence::default(),
        })
    }

    pub(crate) const fn connection(&mut self) -> &mut Connection {
        self.pipe.connection()
    }

    pub(crate) const fn get_ref(&self) -> &Connection {
        self.pipe.get_ref()
    }

    /// Where the stream leads to, if that is known, and how to get there.
    pub(crate) fn place(&self) -> Option<(&Endpoint, &Options)> {
        Some((self.endpoint.as_ref()?, &self.options))
    }

    /// Drives an exchange to its result.
    pub(crate) fn hold<E: Exchange>(&mut self, mut exchange: E) -> Result<E::Output, Error> {
        self.until(|connection| exchange.poll(connection))
    }

    /// Moves octets until something is ready.
    pub(crate) fn until<T>(
        &mut self,
        mut poll: impl FnMut(&mut Connection) -> Poll<Result<T, client::Error>>,
    ) -> Result<T, Error> {
        loop {
            let ready = self.pipe.drive(|connection| match poll(connection) {
                Poll::Ready(result) => Some(result),
                Poll::Pending => None,
            });
            if let Some(result) = ready {
                // A refused goodbye is an end like any other.
                let is_refused = matches!(result, Err(client::Error::Refused { .. }));
                if result.is_ok() || (is_refused && self.pipe.get_ref().is_over()) {
                    // What was queued meanwhile is on its way while the caller works.
                    let sent = self.send();
                    if !self.pipe.get_ref().is_over() {
                        sent?;
                    }
                }
                return result.map_err(|error| Error::of(error, &self.pipe));
            }
            self.options.start_tls(&mut self.pipe, self.endpoint.as_ref())?;
            self.send()?;
            self.receive()?;
        }
    }

    fn send(&mut self) -> io::Result<()> {
        if !self.pipe.wants_write() {
            return Ok(());
        }
        while self.pipe.wants_write() && self.arm()? {
            let mut transmit = self.pipe.transmit();
            let written = self.stream.write(transmit.chunk());
            self.silence.pause(Instant::now());
            match written {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => transmit.advance(written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.failed(error),
            }
        }
        self.stream.flush()
    }

    fn receive(&mut self) -> io::Result<()> {
        if !self.pipe.wants_read() || !self.arm()? {
            return Ok(());
        }
        let read = self.stream.read(self.pipe.read_buffer());
        self.silence.pause(Instant::now());
        match read {
            Ok(0) => self.pipe.closed(),
            Ok(read) => self.pipe.filled(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return self.failed(error),
        }
        Ok(())
    }

    /// Tells the state machine of silences and broken connections, which it can name better.
    fn failed(&mut self, error: io::Error) -> io::Result<()> {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.connection().timed_out(),
            // What the server said before it hung up is still worth reading.
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => self.pipe.closed(),
            _ => return Err(error),
        }
        Ok(())
    }

    /// Arms the socket with what is left of the time for the server to get on; false when nothing is.
    fn arm(&mut self) -> io::Result<bool> {
        let (connection, now) = (self.pipe.get_ref(), Instant::now());
        let until = self.silence.until(connection.progress(), connection.idle_limit(), now);
        let left = until.map(|until| until.saturating_duration_since(now));
        if left.is_some_and(|left| left.is_zero()) {
            self.connection().timed_out();
            return Ok(false);
        }
        if let Some(socket) = &self.socket
            && left != self.armed
        {
            socket.set_read_timeout(left)?;
            socket.set_write_timeout(left)?;
            self.armed = left;
        }
        Ok(true)
    }
}
