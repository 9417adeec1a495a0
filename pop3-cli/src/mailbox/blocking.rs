//! Over pop3-blocking.

use std::convert::identity;
use std::io;
use std::net::{IpAddr, TcpStream};

use pop3_proto::adapter::Endpoint;

use super::over::over;
use crate::talk::{PATIENCE, Stream};

over!(pop3_blocking, TcpStream, identity);

pub(super) fn stream(endpoint: &Endpoint) -> io::Result<Box<dyn Stream>> {
    let stream = TcpStream::connect((endpoint.host(), endpoint.port()))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(Box::new(stream))
}

impl Stream for TcpStream {
    fn peer(&self) -> io::Result<IpAddr> {
        Ok(self.peer_addr()?.ip())
    }
}
