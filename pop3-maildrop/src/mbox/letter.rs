//! Reading one letter out of an mbox.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use memchr::memchr;
use sha2::{Digest, Sha256};

use super::quote::Unquoter;
use super::scan::{Found, read_at};

/// How much is read at a time, in octets.
const CHUNK: u64 = 64 * 1024;

/// The way through a letter as it is in the file: hashes all of it, drops the From_ line, unquotes
/// the rest.
#[derive(Debug)]
pub(super) struct Raw {
    at: u64,
    end: u64,
    hash: Sha256,
    in_from_line: bool,
    unquoter: Unquoter,
}

impl Raw {
    /// At the From_ line of a letter whose content ends at `end`.
    pub(super) fn new(start: u64, end: u64) -> Self {
        Self { at: start, end, hash: Sha256::new(), in_from_line: true, unquoter: Unquoter::new() }
    }

    /// Reads the next chunk and hands the content on. False when there was none.
    pub(super) fn next(&mut self, file: &File, sink: &mut impl FnMut(&[u8])) -> io::Result<bool> {
        if self.at == self.end {
            self.unquoter.finish(sink);
            return Ok(false);
        }
        let mut chunk = vec![0; (self.end - self.at).min(CHUNK) as usize];
        let read = read_at(file, &mut chunk, self.at)?;
        let mut piece = &chunk[..read];
        self.at += read as u64;
        self.hash.update(piece);
        if self.in_from_line {
            let line = memchr(b'\n', piece).map(|lf| lf + 1);
            self.in_from_line = line.is_none();
            piece = &piece[line.unwrap_or(read)..];
        }
        self.unquoter.push(piece, sink);
        Ok(true)
    }

    /// The SHA-256 of all that was read.
    pub(super) fn digest(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }
}

/// A letter, unquoted. Fails at the end if it was not what it was at login.
#[derive(Debug)]
pub(super) struct Letter {
    file: Arc<File>,
    progress: Progress,
    expected: [u8; 32],
    ready: Vec<u8>,
    given: usize,
}

#[derive(Debug)]
enum Progress {
    Reading(Raw),
    Whole,
    Changed,
}

impl Letter {
    /// A letter of that file, where it was at login.
    pub(super) fn new(file: Arc<File>, found: &Found) -> Self {
        let progress = Progress::Reading(Raw::new(found.start, found.content_end));
        Self { file, progress, expected: found.digest, ready: Vec::new(), given: 0 }
    }

    /// Reads on until there is something to give, or the end.
    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.given = 0;
        while let Progress::Reading(raw) = &mut self.progress {
            if !self.ready.is_empty() {
                break;
            }
            let ready = &mut self.ready;
            if !raw.next(&self.file, &mut |run| ready.extend_from_slice(run))? {
                let whole = raw.digest() == self.expected;
                self.progress = if whole { Progress::Whole } else { Progress::Changed };
            }
        }
        match self.progress {
            Progress::Changed => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the letter was changed by another program",
            )),
            Progress::Reading(_) | Progress::Whole => Ok(()),
        }
    }
}

impl Read for Letter {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            self.refill()?;
        }
        let length = out.len().min(self.ready.len() - self.given);
        out[..length].copy_from_slice(&self.ready[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}
