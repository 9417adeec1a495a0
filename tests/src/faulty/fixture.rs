//! What the conformance suite needs of a maildrop.

use std::io;

use pop3_conformance::server::fixture::Fixture;

use super::FaultyServer;

impl Fixture for FaultyServer {
    fn fill(&self, letters: &[Vec<u8>]) -> io::Result<()> {
        Self::fill(self, letters);
        Ok(())
    }

    fn deliver(&self, letter: &[u8]) -> io::Result<()> {
        Self::deliver(self, letter);
        Ok(())
    }

    fn letters(&self) -> io::Result<Vec<Vec<u8>>> {
        Ok(self.holds())
    }
}
