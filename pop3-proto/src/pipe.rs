//! A connection as its transport sees it, in clear text or in TLS.

use core::fmt;

use crate::auth::Channel;
#[cfg(feature = "tls")]
use crate::tls::{Layer, TlsConnection, TlsError};
use crate::wire::Transmit;
use crate::{client, server};

/// What a [`Pipe`] needs of what it leads to: a [`client::Connection`], a [`server::Connection`],
/// or whatever has one of them within.
///
/// The methods are those of the connections, where their meaning is told.
pub trait Half {
    /// Lends the buffer to read into.
    fn read_buffer(&mut self) -> &mut [u8];
    /// Says how much was read into it.
    fn filled(&mut self, octets: usize);
    /// Says that the peer has closed its side.
    fn closed(&mut self);
    /// What is to be sent now.
    fn transmit(&mut self) -> Transmit<'_>;
    /// Whether there is room for octets from the peer.
    fn wants_read(&self) -> bool;
    /// Whether there is something to send.
    fn wants_write(&self) -> bool;
    /// Whether a TLS handshake is due: STLS was accepted, and nothing is left to be said in clear
    /// text.
    fn wants_tls(&self) -> bool;
    /// Says that the handshake which was due is done.
    fn tls_started(&mut self, channel: Channel);
    /// Says that there was TLS from the start.
    fn already_in_tls(&mut self, channel: Channel);
    /// Says that TLS has failed, so that nothing more will come or go.
    fn tls_failed(&mut self);
    /// Whether the session is over and has nothing more to say.
    fn is_over(&self) -> bool;
}

/// A connection and what stands between it and its transport: nothing, or TLS.
///
/// A host moves octets between this and its transport and does not need to know which it is:
///
/// | kind | methods |
/// |---|---|
/// | in  | [`read_buffer`](Self::read_buffer) with [`filled`](Self::filled), [`closed`](Self::closed) |
/// | out | [`transmit`](Self::transmit) |
/// | ask | [`wants_read`](Self::wants_read), [`wants_write`](Self::wants_write) |
/// | act | [`drive`](Self::drive) (or [`connection`](Self::connection) and [`pump`](Self::pump)), [`close`](Self::close) |
///
/// Within TLS, octets can wait between the transport and the connection. So ask the connection
/// through [`drive`](Self::drive) before waiting for the transport: what it waits for may be here
/// already. And when the session is over, write until [`wants_write`](Self::wants_write) is
/// `false` before closing the transport: the end of TLS has to be said, too.
///
/// ```
/// use pop3_proto::bytes::Buf;
/// use pop3_proto::{Command, Pipe, client};
///
/// let mut pipe = Pipe::new(client::Connection::new(client::Config::default()));
/// let greeting = b"+OK POP3 server ready\r\n"; // comes from the transport:
/// pipe.read_buffer()[..greeting.len()].copy_from_slice(greeting);
/// pipe.filled(greeting.len());
/// let event = pipe.drive(client::Connection::poll);
/// assert!(matches!(event, Some(client::Event::Greeting(_))));
///
/// pipe.connection().send(Command::Capa)?;
/// # Ok::<(), client::Unsent>(())
/// ```
pub struct Pipe<C> {
    connection: C,
    #[cfg(feature = "tls")]
    layer: Option<Box<Layer>>,
    /// TLS for when the connection will have agreed upon it.
    #[cfg(feature = "tls")]
    prepared: Option<TlsConnection>,
    /// Whether the connection has got something since the host was last told so.
    unpolled: bool,
}

impl<C: Half> Pipe<C> {
    /// A connection in clear text.
    #[must_use]
    pub const fn new(connection: C) -> Self {
        Self {
            connection,
            #[cfg(feature = "tls")]
            layer: None,
            #[cfg(feature = "tls")]
            prepared: None,
            unpolled: false,
        }
    }

    // ---- in ----

    /// Lends a buffer to read from the transport into; then tell [`filled`](Self::filled) how much
    /// was read. Empty when not [`wants_read`](Self::wants_read): an empty read is no end then.
    pub fn read_buffer(&mut self) -> &mut [u8] {
        self.move_on();
        #[cfg(feature = "tls")]
        if let Some(layer) = &mut self.layer {
            return layer.read_buffer(&self.connection);
        }
        self.connection.read_buffer()
    }

    /// Says that this many octets were read into the [`read_buffer`](Self::read_buffer).
    pub fn filled(&mut self, octets: usize) {
        #[cfg(feature = "tls")]
        if let Some(layer) = &mut self.layer {
            layer.filled(octets);
            return self.move_on();
        }
        self.connection.filled(octets);
    }

    /// Says that the peer has closed its side of the transport. What came before still reaches the
    /// connection, before it hears of the end.
    pub fn closed(&mut self) {
        #[cfg(feature = "tls")]
        if let Some(layer) = &mut self.layer {
            layer.closed();
            return self.move_on();
        }
        self.connection.closed();
    }

    // ---- out ----

    /// What is to be sent now; advance it by what the transport took.
    pub fn transmit(&mut self) -> Transmit<'_> {
        self.move_on();
        #[cfg(feature = "tls")]
        if let Some(layer) = &mut self.layer {
            return layer.transmit();
        }
        self.connection.transmit()
    }

    // ---- ask ----

    /// Whether more octets from the transport are of use now.
    pub fn wants_read(&mut self) -> bool {
        self.move_on();
        #[cfg(feature = "tls")]
        if let Some(layer) = &self.layer {
            return layer.wants_read(&self.connection);
        }
        self.connection.wants_read()
    }

    /// Whether there is something to send.
    pub fn wants_write(&mut self) -> bool {
        self.move_on();
        #[cfg(feature = "tls")]
        if let Some(layer) = &self.layer {
            return layer.wants_write();
        }
        self.connection.wants_write()
    }

    // ---- act ----

    /// What the pipe leads to.
    pub const fn connection(&mut self) -> &mut C {
        &mut self.connection
    }

    /// What the pipe leads to, to be asked only.
    #[must_use]
    pub const fn get_ref(&self) -> &C {
        &self.connection
    }

    /// Moves on what waits between the transport and the connection. `true` when the connection
    /// has got something from it since the last call, and is worth a poll before the transport is
    /// waited for.
    pub fn pump(&mut self) -> bool {
        self.move_on();
        core::mem::take(&mut self.unpolled)
    }

    /// Asks the connection for something until it has it, or until nothing that waits within can
    /// help: then it is the transport's turn.
    pub fn drive<T>(&mut self, mut ask: impl FnMut(&mut C) -> Option<T>) -> Option<T> {
        loop {
            if let Some(answer) = ask(&mut self.connection) {
                return Some(answer);
            }
            if !self.pump() {
                return None;
            }
        }
    }

    /// Says that nothing more is to be sent or read. In TLS that has to be told to the peer
    /// (`close_notify`): write on until [`wants_write`](Self::wants_write) is `false`. Goes without
    /// saying when the connection is over; it is for those who leave before.
    pub fn close(&mut self) {
        self.move_on();
        #[cfg(feature = "tls")]
        if let Some(layer) = &mut self.layer {
            layer.close();
        }
    }

    /// Moves on what can be, in both directions.
    fn move_on(&mut self) {
        #[cfg(feature = "tls")]
        {
            if self.layer.is_none()
                && self.prepared.is_some()
                && self.connection.wants_tls()
                && !self.connection.wants_write()
                && let Some(tls) = self.prepared.take()
            {
                self.layer = Some(Box::new(Layer::negotiated(tls)));
            }
            if let Some(layer) = &mut self.layer {
                self.unpolled |= layer.pump(&mut self.connection);
            }
        }
    }
}

/// With TLS.
#[cfg(feature = "tls")]
impl<C: Half> Pipe<C> {
    /// A connection that speaks TLS from its first octet on (RFC 8314, section 3).
    #[must_use]
    pub fn in_tls(connection: C, tls: TlsConnection) -> Self {
        let layer = Some(Box::new(Layer::implicit(tls)));
        Self { layer, ..Self::new(connection) }
    }

    /// Hands in what the connection needs for TLS, once it has agreed upon it by STLS (RFC 2595,
    /// section 4): before that, or when the connection asks for it. The handshake begins as soon
    /// as the connection waits for it, and the connection is told when it is done.
    pub fn start_tls(&mut self, tls: TlsConnection) {
        self.prepared = Some(tls);
        self.move_on();
    }

    /// Whether TLS stands between the connection and its transport, its handshake done.
    #[must_use]
    pub fn is_in_tls(&self) -> bool {
        self.layer.as_ref().is_some_and(|layer| layer.is_established())
    }

    /// Whether a handshake is under way.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        self.layer.as_ref().is_some_and(|layer| layer.is_handshaking())
    }

    /// How many octets wait in TLS in either direction, or have room kept for them.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.layer.as_ref().map_or(0, |layer| layer.held())
    }

    /// Why TLS failed, once it has. The connection knows merely that nothing more comes.
    #[must_use]
    pub fn tls_error(&self) -> Option<&TlsError> {
        self.layer.as_ref().and_then(|layer| layer.error())
    }

    /// The TLS connection: who the peer is, what was agreed on. `None` until its handshake is done.
    #[must_use]
    pub fn tls(&self) -> Option<&TlsConnection> {
        self.layer.as_ref().filter(|layer| layer.is_established()).map(|layer| layer.tls())
    }
}

impl<C: fmt::Debug> fmt::Debug for Pipe<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pipe = f.debug_struct("Pipe");
        pipe.field("connection", &self.connection);
        #[cfg(feature = "tls")]
        pipe.field("tls", &self.layer);
        pipe.finish_non_exhaustive()
    }
}

/// The methods that a connection has by the same name.
macro_rules! same {
    ($connection:ty) => {
        fn read_buffer(&mut self) -> &mut [u8] {
            <$connection>::read_buffer(self)
        }

        fn filled(&mut self, octets: usize) {
            <$connection>::filled(self, octets);
        }

        fn closed(&mut self) {
            <$connection>::closed(self);
        }

        fn transmit(&mut self) -> Transmit<'_> {
            <$connection>::transmit(self)
        }

        fn wants_read(&self) -> bool {
            <$connection>::wants_read(self)
        }

        fn wants_write(&self) -> bool {
            <$connection>::wants_write(self)
        }

        fn wants_tls(&self) -> bool {
            <$connection>::wants_tls(self)
        }

        fn tls_started(&mut self, channel: Channel) {
            <$connection>::tls_started(self, channel);
        }

        fn already_in_tls(&mut self, channel: Channel) {
            <$connection>::already_in_tls(self, channel);
        }

        fn is_over(&self) -> bool {
            <$connection>::is_over(self)
        }
    };
}

impl Half for client::Connection {
    same!(Self);

    /// What came before is authentic and worth a poll; then the session ends as if the server had
    /// hung up.
    fn tls_failed(&mut self) {
        self.closed();
    }
}

impl Half for server::Connection {
    same!(Self);

    fn tls_failed(&mut self) {
        self.hung_up();
    }
}
