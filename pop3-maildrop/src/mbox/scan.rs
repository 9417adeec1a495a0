//! Where the letters of an mbox are.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;

use memchr::memmem;
use pop3_proto::Octets;
use pop3_proto::multiline::Counter;

use super::letter::Raw;
use crate::storage::OpenError;

/// The file does not begin with a From_ line, so it is no mbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file is not an mbox: it does not begin with a From_ line")]
pub struct NotMbox;

/// Why an mbox could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ScanError {
    #[error(transparent)]
    NotMbox(#[from] NotMbox),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<ScanError> for OpenError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::NotMbox(error) => Self::Permanent(error.into()),
            ScanError::Io(error) => error.into(),
        }
    }
}

/// A letter in the file: offsets in octets, and what reading it once told.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Where its From_ line begins.
    pub(super) start: u64,
    /// Where the empty line behind it begins, or where it ends when there is none.
    pub(super) content_end: u64,
    /// Where the next letter begins, or the file ends.
    pub(super) end: u64,
    /// The octets that RETR will deliver: those of the letter unquoted, without From_ line.
    pub(super) octets: Octets,
    /// SHA-256 over From_ line and letter as they are in the file.
    pub(super) digest: [u8; 32],
}

/// Finds all letters. Needs memory for what it finds and one buffer, whatever the size.
pub(super) fn scan(file: &File) -> Result<Vec<Found>, ScanError> {
    let length = file.metadata()?.len();
    let starts = from_lines(file, length)?;
    if length > 0 && starts.first() != Some(&0) {
        return Err(NotMbox.into());
    }
    let ends = starts.iter().copied().skip(1).chain([length]);
    Ok(starts
        .iter()
        .zip(ends)
        .map(|(start, end)| find(file, *start, end))
        .collect::<io::Result<_>>()?)
}

/// Where the From_ lines begin: `From ` at the start of the file or behind an empty line, which is
/// LF alone or CR LF.
fn from_lines(file: &File, length: u64) -> io::Result<Vec<u64>> {
    /// Enough of what was read before to see the line end, the empty line and `From `.
    const KEPT: usize = b"\n\r\nFrom ".len() - 1;
    let line_then_from = memmem::Finder::new(b"\nFrom ");

    let mut starts = Vec::new();
    let mut window = Vec::new();
    let mut offset = 0;
    let mut chunk = vec![0; 128 * 1024];
    while offset < length {
        let read = read_at(file, &mut chunk, offset)?;
        if offset == 0 && chunk[..read].starts_with(b"From ") {
            starts.push(0);
        }
        let seen_before = window.len();
        let window_start = offset - seen_before as u64;
        window.extend_from_slice(&chunk[..read]);
        for lf in line_then_from.find_iter(&window) {
            let before = &window[..lf];
            let is_new = lf + b"\nFrom ".len() > seen_before;
            if is_new && (before.ends_with(b"\n") || before.ends_with(b"\n\r")) {
                starts.push(window_start + lf as u64 + 1);
            }
        }
        window.drain(..window.len().saturating_sub(KEPT));
        offset += read as u64;
    }
    Ok(starts)
}

/// Reads what is there, at least one octet: a file that ends early is an error.
pub(super) fn read_at(file: &File, chunk: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(chunk, offset) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

fn find(file: &File, start: u64, end: u64) -> io::Result<Found> {
    let mut tail = [0; 3];
    file.read_exact_at(&mut tail, end - 3)?;
    let empty_line = match tail {
        [_, b'\n', b'\n'] => 1,
        [b'\n', b'\r', b'\n'] => 2,
        _ => 0,
    };
    let content_end = end - empty_line;
    let mut counter = Counter::new();
    let mut raw = Raw::new(start, content_end);
    while raw.next(file, &mut |run| counter.push(run))? {}
    Ok(Found { start, content_end, end, octets: counter.finish(), digest: raw.digest() })
}
