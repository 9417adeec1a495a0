//! A stream and the state machine that speaks over it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::task::Poll;
use std::time::Duration;

use pop3_proto::bytes::Buf;
use pop3_proto::client::exchange::Exchange;
use pop3_proto::client::{self, Connection};

use crate::error::Error;

/// One generic loop for every exchange.
#[derive(Debug)]
pub(crate) struct Conversation<S> {
    stream: S,
    pub(crate) connection: Connection,
    /// The socket below the stream, to arm its timeouts; a foreign stream has its own.
    socket: Option<TcpStream>,
    armed: Option<Duration>,
}

impl<S: Read + Write> Conversation<S> {
    pub(crate) fn new(stream: S, socket: Option<TcpStream>, config: client::Config) -> Self {
        Self { stream, connection: Connection::new(config), socket, armed: None }
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
            if let Poll::Ready(result) = poll(&mut self.connection) {
                // What was queued meanwhile is on its way while the caller works.
                if result.is_ok() {
                    self.send()?;
                }
                return Ok(result?);
            }
            self.send()?;
            self.receive()?;
        }
    }

    fn send(&mut self) -> io::Result<()> {
        if !self.connection.wants_write() {
            return Ok(());
        }
        self.arm()?;
        while self.connection.wants_write() {
            let mut transmit = self.connection.transmit();
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
        self.arm()?;
        match self.stream.read(self.connection.read_buffer()) {
            Ok(0) => self.connection.closed(),
            Ok(read) => self.connection.filled(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return self.failed(error),
        }
        Ok(())
    }

    /// Tells the state machine of silences and broken connections, which it can name better.
    fn failed(&mut self, error: io::Error) -> io::Result<()> {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.connection.timed_out(),
            // What the server said before it hung up is still worth reading.
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => self.connection.closed(),
            _ => return Err(error),
        }
        Ok(())
    }

    /// Arms the socket with the limit that holds now.
    fn arm(&mut self) -> io::Result<()> {
        let limit = self.connection.idle_limit();
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
