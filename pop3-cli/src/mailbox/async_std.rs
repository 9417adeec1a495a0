//! Over pop3-async-std.

use std::io::{self, Read, Write};
use std::net::IpAddr;

use async_std::future::timeout;
use async_std::io::{ReadExt, WriteExt};
use async_std::net::TcpStream;
use async_std::task::block_on as wait;
use pop3_proto::adapter::Endpoint;

use super::over::over;
use crate::talk::{PATIENCE, Stream};

over!(pop3_async_std, TcpStream, wait);

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
        wait(timeout(PATIENCE, self.0.read(buffer))).map_err(|_| io::ErrorKind::TimedOut)?
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
