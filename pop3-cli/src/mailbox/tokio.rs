//! Over pop3-tokio.

use std::io::{self, Read, Write};
use std::net::IpAddr;

use pop3_proto::adapter::Endpoint;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::over::over;
use crate::runtime::tokio_wait as wait;
use crate::talk::{PATIENCE, Stream};

over!(pop3_tokio, TcpStream, wait);

pub(super) fn stream(endpoint: &Endpoint) -> io::Result<Box<dyn Stream>> {
    Ok(Box::new(Waiting(wait(TcpStream::connect((endpoint.host(), endpoint.port())))?)))
}

/// A stream that is waited for.
struct Waiting(TcpStream);

impl Stream for Waiting {
    fn peer(&self) -> io::Result<IpAddr> {
        Ok(self.0.peer_addr()?.ip())
    }
}

impl Read for Waiting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        wait(async { timeout(PATIENCE, self.0.read(buffer)).await })?
    }
}

impl Write for Waiting {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        wait(self.0.write(buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        wait(self.0.flush())
    }
}
