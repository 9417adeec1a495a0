//! A stream and the state machine that speaks over it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::task::Poll;
use std::time::Duration;

use pop3_proto::Pipe;
use pop3_proto::adapter::{Endpoint, Error, Options};
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
        Ok(Self { stream, pipe, endpoint, options, socket, armed: None })
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
        self.arm()?;
        while self.pipe.wants_write() {
            let mut transmit = self.pipe.transmit();
            match self.stream.write(transmit.chunk()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => transmit.advance(written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.failed(error),
            }
        }
        self.stream.flush()
    }

    fn receive(&mut self) -> io::Result<()> {
        if !self.pipe.wants_read() {
            return Ok(());
        }
        self.arm()?;
        match self.stream.read(self.pipe.read_buffer()) {
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

    /// Arms the socket with the limit that holds now.
    fn arm(&mut self) -> io::Result<()> {
        let limit = self.connection().idle_limit();
        if let Some(socket) = &self.socket
            && limit != self.armed
        {
            socket.set_read_timeout(limit)?;
            socket.set_write_timeout(limit)?;
            self.armed = limit;
        }
        Ok(())
    }
}
