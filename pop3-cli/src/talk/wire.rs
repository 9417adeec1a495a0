//! The wire to a server, in clear text or in TLS.

use std::io::{self, Read, Write};
use std::net::IpAddr;

use pop3_proto::adapter::{Endpoint, Error};
use pop3_proto::tls::rustls::pki_types::ServerName;
use pop3_proto::tls::rustls::{self, ClientConnection, StreamOwned};
use pop3_proto::tls::{ClientTls, TlsError};

use crate::args::Runtime;
use crate::mailbox;

/// A stream of whichever adapter.
pub(crate) trait Stream: Read + Write {
    /// Who is at its other end.
    fn peer(&self) -> io::Result<IpAddr>;
}

/// A wire to a server.
pub(super) struct Wire {
    stream: Option<Layers>,
    loopback: bool,
}

enum Layers {
    Plain(Box<dyn Stream>),
    Tls(Box<StreamOwned<ClientConnection, Box<dyn Stream>>>),
}

impl Wire {
    pub(super) fn connect(runtime: Runtime, endpoint: &Endpoint) -> io::Result<Self> {
        let stream = mailbox::stream(runtime, endpoint)?;
        let loopback = stream.peer()?.to_canonical().is_loopback();
        Ok(Self { stream: Some(Layers::Plain(stream)), loopback })
    }

    /// Whether a password may go over it.
    pub(super) const fn is_safe(&self) -> bool {
        self.loopback || matches!(self.stream, Some(Layers::Tls(_)))
    }

    /// Does the handshake.
    pub(super) fn start_tls(&mut self, tls: Option<&ClientTls>, host: &str) -> Result<(), Error> {
        let Some(Layers::Plain(mut stream)) = self.stream.take() else {
            return Err(Error::TlsUnavailable);
        };
        let tls = tls.map_or_else(ClientTls::system, |tls| Ok(tls.clone()))?;
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let mut connection = ClientConnection::new(tls.config().clone(), name)
            .map_err(|error| Error::Tls(error.into()))?;
        while connection.is_handshaking() {
            connection.complete_io(&mut stream).map_err(named)?;
        }
        self.stream = Some(Layers::Tls(Box::new(StreamOwned::new(connection, stream))));
        Ok(())
    }

    fn stream(&mut self) -> io::Result<&mut Layers> {
        self.stream.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

/// What rustls has put into an error of a stream.
fn named(error: io::Error) -> Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(inner) => Error::Tls(TlsError::from(inner.clone())),
        None => Error::Io(error),
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stream()? {
            Layers::Plain(stream) => stream.read(buffer),
            Layers::Tls(stream) => match stream.read(buffer) {
                // A server that does not say goodbye in TLS has hung up all the same.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
                read => read,
            },
        }
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self.stream()? {
            Layers::Plain(stream) => stream.write(buffer),
            Layers::Tls(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.stream()? {
            Layers::Plain(stream) => stream.flush(),
            Layers::Tls(stream) => stream.flush(),
        }
    }
}
