//! Reading one letter of a Maildir.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Take};

/// A letter's file, as long as it was when it was opened. Letters never change; one that was cut
/// short all the same does not pass for whole.
#[derive(Debug)]
pub(super) struct Letter(Take<File>);

impl Letter {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self(file.take(length)))
    }
}

impl Read for Letter {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 if !out.is_empty() && self.0.limit() > 0 => Err(ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}
