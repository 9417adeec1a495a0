//! What a case speaks through: a socket, or whatever else leads to the server.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// A way to the server: a stream of octets in each direction.
///
/// A read that waits longer than the patience fails with [`io::ErrorKind::WouldBlock`] or
/// [`io::ErrorKind::TimedOut`].
pub trait Transport: Read + Write + Send {
    /// Sets how long a read or a write may wait.
    ///
    /// # Errors
    /// When it cannot be set.
    fn set_patience(&mut self, patience: Duration) -> io::Result<()>;

    /// Says that nothing more will be written. What comes can still be read.
    ///
    /// # Errors
    /// When the connection is gone.
    fn half_close(&mut self) -> io::Result<()>;
}

impl Transport for TcpStream {
    fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(patience))?;
        self.set_write_timeout(Some(patience))
    }

    fn half_close(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// Where a server is found.
#[derive(Clone)]
#[non_exhaustive]
pub enum Place {
    /// At this address.
    Address(SocketAddr),
    /// In this process: a server without a socket, say.
    Within(Arc<dyn Connect>),
}

/// Opens connections to a server within this process.
pub trait Connect: Send + Sync {
    /// Opens a connection.
    ///
    /// # Errors
    /// When there is none.
    fn connect(&self) -> io::Result<Box<dyn Transport>>;
}

impl Place {
    /// Opens a connection.
    pub(crate) fn connect(&self, patience: Duration) -> io::Result<Box<dyn Transport>> {
        let mut transport: Box<dyn Transport> = match self {
            Self::Address(address) => {
                let socket = TcpStream::connect_timeout(address, patience)?;
                // Pieces are to arrive as they are sent.
                socket.set_nodelay(true)?;
                Box::new(socket)
            }
            Self::Within(server) => server.connect()?,
        };
        transport.set_patience(patience)?;
        Ok(transport)
    }
}

impl From<SocketAddr> for Place {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Within(_) => f.write_str("this process"),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
