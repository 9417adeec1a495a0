//! A session at the end of a [`Pipe`](pop3_proto::Pipe) is its connection.

use pop3_proto::auth::Channel;
use pop3_proto::{Half, Transmit};

use super::Session;

impl Half for Session {
    fn read_buffer(&mut self) -> &mut [u8] {
        self.connection.read_buffer()
    }

    fn filled(&mut self, octets: usize) {
        self.connection.filled(octets);
    }

    fn closed(&mut self) {
        self.connection.closed();
    }

    fn transmit(&mut self) -> Transmit<'_> {
        self.connection.transmit()
    }

    fn wants_read(&self) -> bool {
        self.connection.wants_read()
    }

    fn wants_write(&self) -> bool {
        self.connection.wants_write()
    }

    fn wants_tls(&self) -> bool {
        self.connection.wants_tls()
    }

    fn tls_started(&mut self, channel: Channel) {
        self.connection.tls_started(channel);
    }

    fn already_in_tls(&mut self, channel: Channel) {
        self.connection.already_in_tls(channel);
    }

    fn tls_failed(&mut self) {
        self.connection.tls_failed();
    }

    fn is_over(&self) -> bool {
        self.connection.is_over()
    }
}
