//! A transport and the state machine that speaks over it.

#[cfg(test)]
mod tests;

use core::future::poll_fn;
use core::task::{Context, Poll};
use std::io;

use bytes::Buf;

use crate::Pipe;
use crate::adapter::{Endpoint, Error, Options, Silence, Transport};
use crate::client::exchange::Exchange;
use crate::client::{self, Connection};

/// A client's session on an asynchronous runtime: one generic loop for every exchange. Whatever is
/// under way is in here and not in the futures, so that a future may be dropped at any time.
///
/// It reads while it writes, so that neither side waits for the other to read.
#[derive(Debug)]
pub struct Conversation<T> {
    transport: T,
    pipe: Pipe<Connection>,
    /// Who is spoken to, for TLS; unknown where the stream was brought along.
    endpoint: Option<Endpoint>,
    options: Options,
    /// Whether the stream may still hold back what was written.
    unflushed: bool,
    silence: Silence,
}

impl<T: Transport> Conversation<T> {
    /// A session that waits for its greeting, or begins with TLS.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(transport: T, endpoint: Option<Endpoint>, options: &Options) -> Result<Self, Error> {
        let pipe = match &endpoint {
            Some(endpoint) => options.pipe(endpoint)?,
            None => Pipe::new(Connection::new(options.config.clone())),
        };
        let options = options.clone();
        Ok(Self {
            transport,
            pipe,
            endpoint,
            options,
            unflushed: false,
            silence: Silence::default(),
        })
    }

    /// The state machine.
    pub const fn connection(&mut self) -> &mut Connection {
        self.pipe.connection()
    }

    /// The state machine, to be asked only.
    #[must_use]
    pub const fn get_ref(&self) -> &Connection {
        self.pipe.get_ref()
    }

    /// Where the stream leads to, if that is known, and how to get there.
    #[must_use]
    pub fn place(&self) -> Option<(&Endpoint, &Options)> {
        Some((self.endpoint.as_ref()?, &self.options))
    }

    /// Drives an exchange to its result.
    ///
    /// # Errors
    /// Those of the exchange, or when the transport fails.
    pub async fn hold<E: Exchange>(&mut self, mut exchange: E) -> Result<E::Output, Error> {
        self.until(|connection| exchange.poll(connection)).await
    }

    /// Moves octets until something is ready.
    ///
    /// # Errors
    /// When that or the transport fails.
    pub async fn until<R>(
        &mut self,
        mut poll: impl FnMut(&mut Connection) -> Poll<Result<R, client::Error>>,
    ) -> Result<R, Error> {
        poll_fn(|context| self.poll_until(context, &mut poll)).await
    }

    /// The same, as far as it goes without waiting.
    ///
    /// # Errors
    /// As [`until`](Self::until).
    pub fn poll_until<R>(
        &mut self,
        context: &mut Context<'_>,
        mut poll: impl FnMut(&mut Connection) -> Poll<Result<R, client::Error>>,
    ) -> Poll<Result<R, Error>> {
        loop {
            let ready = self.pipe.drive(|connection| match poll(connection) {
                Poll::Ready(result) => Some(result),
                Poll::Pending => None,
            });
            if let Some(result) = ready {
                self.silence.pause(self.transport.now());
                // A refused QUIT is an end like any other.
                let is_refused = matches!(result, Err(client::Error::Refused { .. }));
                if result.is_ok() || (is_refused && self.pipe.get_ref().is_over()) {
                    // What was queued meanwhile is on its way while the caller works.
                    let sent = self.send(context);
                    if !self.pipe.get_ref().is_over() {
                        sent?;
                    }
                }
                return Poll::Ready(result.map_err(|error| Error::of(error, &self.pipe)));
            }
            self.options.start_tls(&mut self.pipe, self.endpoint.as_ref())?;
            let (sent, received) = (self.send(context)?, self.receive(context)?);
            // Who pauses is looked at whenever nothing moves; who never does gets on.
            if sent || received {
                continue;
            }
            if !self.is_silent_for_too_long(context) {
                return Poll::Pending;
            }
            self.connection().timed_out();
        }
    }

    /// Writes as much as the stream takes now; whether that was anything.
    fn send(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
        let mut moved = false;
        while self.pipe.wants_write() {
            let mut transmit = self.pipe.transmit();
            match self.transport.poll_write(context, transmit.chunk()) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(written)) => transmit.advance(written),
                Poll::Ready(Err(error)) => return self.failed(error),
                Poll::Pending => return Ok(moved),
            }
            (moved, self.unflushed) = (true, true);
        }
        if self.unflushed {
            match self.transport.poll_flush(context) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => return self.failed(error),
                Poll::Pending => {}
            }
        }
        Ok(moved)
    }

    /// Reads what has come; whether that was anything, be it the end.
    fn receive(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
        if !self.pipe.wants_read() {
            return Ok(false);
        }
        match self.transport.poll_read(context, self.pipe.read_buffer()) {
            Poll::Ready(Ok(0)) => self.pipe.closed(),
            Poll::Ready(Ok(read)) => self.pipe.filled(read),
            Poll::Ready(Err(error)) => return self.failed(error),
            Poll::Pending => return Ok(false),
        }
        Ok(true)
    }

    /// Tells the state machine of silences and broken connections, which it can name better.
    fn failed(&mut self, error: io::Error) -> io::Result<bool> {
        match error.kind() {
            io::ErrorKind::TimedOut => self.connection().timed_out(),
            // What the server said before it hung up is still worth reading.
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => self.pipe.closed(),
            _ => return Err(error),
        }
        Ok(true)
    }

    /// Whether the server has not got on for as long as it may now.
    fn is_silent_for_too_long(&mut self, context: &mut Context<'_>) -> bool {
        let connection = self.pipe.get_ref();
        let (progress, limit) = (connection.progress(), connection.idle_limit());
        let at = self.silence.until(progress, limit, self.transport.now());
        at.is_some_and(|at| self.transport.poll_alarm(at, context).is_ready())
    }
}
