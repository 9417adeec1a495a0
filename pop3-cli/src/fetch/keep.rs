//! Where fetched letters are kept.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pop3_maildrop::{maildir, mbox};
use pop3_proto::adapter::Error;
use pop3_proto::{MessageNumber, UniqueId};

use super::progress::Progress;
use crate::args::Format;
use crate::failure::Failure;
use crate::lf::ToLf;
use crate::mailbox::Chunks;

/// A place for letters. A letter that was saved is on disk, in whole.
pub(super) struct Keep {
    format: Format,
    to: PathBuf,
    count: Cell<u32>,
    /// Letters that have come in whole and wait to be made durable together.
    waiting: Vec<Waiting>,
    waiting_octets: u64,
}

/// A letter that is written but has no name yet that anybody would find.
enum Waiting {
    Maildir(maildir::Delivery),
    Eml(tempfile::NamedTempFile, String),
}

/// So many letters, or octets of them, are made durable together: waiting for the disk once for
/// all of them is what makes many small letters quick.
const BATCH: usize = 256;
const BATCH_OCTETS: u64 = 64 << 20;

/// Why a letter was not saved; nothing of it is left then.
#[derive(Debug)]
pub(super) enum NotKept {
    /// It did not come in whole: the session is over.
    Session(Error),
    /// It could not be written.
    Local(io::Error),
}

impl From<io::Error> for NotKept {
    fn from(error: io::Error) -> Self {
        Self::Local(error)
    }
}

/// The longest name of an .eml file, without its ending and number.
const LONGEST_NAME: usize = 120;

impl Keep {
    /// Makes the directories that are missing.
    pub(super) fn new(format: Format, to: &Path) -> Result<Self, Failure> {
        let directory = match format {
            Format::Maildir | Format::Eml => Some(to),
            Format::Mbox => to.parent(),
        };
        if let Some(directory) = directory.filter(|directory| !directory.as_os_str().is_empty()) {
            fs::create_dir_all(directory)
                .map_err(|error| Failure::local(directory.display(), error))?;
        }
        let (to, count) = (to.to_owned(), Cell::new(0));
        Ok(Self { format, to, count, waiting: Vec::new(), waiting_octets: 0 })
    }

    pub(super) const fn names_by_unique_id(&self) -> bool {
        matches!(self.format, Format::Eml)
    }

    /// Reads a letter to its end; returns its octets. It is safe after the next
    /// [`sync`](Self::sync) that succeeds.
    pub(super) fn save(
        &mut self,
        letter: &mut dyn Chunks,
        number: MessageNumber,
        unique_id: Option<&UniqueId>,
        progress: &Progress,
    ) -> Result<u64, NotKept> {
        self.count.set(self.count.get() + 1);
        progress.message(self.count.get());
        let octets = match self.format {
            Format::Maildir => {
                let mut delivery = maildir::Delivery::begin(&self.to)?;
                let octets = copy_as_lf(letter, &mut delivery, progress)?;
                self.waiting.push(Waiting::Maildir(delivery));
                octets
            }
            Format::Mbox => {
                let mut delivery = mbox::Delivery::begin(&self.to, "MAILER-DAEMON")?;
                let octets = copy(letter, &mut delivery, progress)?;
                delivery.commit()?;
                octets
            }
            Format::Eml => {
                let mut file = tempfile::Builder::new().prefix(".fetch").tempfile_in(&self.to)?;
                let octets = copy(letter, file.as_file_mut(), progress)?;
                self.waiting.push(Waiting::Eml(file, file_name(number, unique_id)));
                octets
            }
        };
        self.waiting_octets += octets;
        if self.waiting.len() >= BATCH || self.waiting_octets >= BATCH_OCTETS {
            self.sync()?;
        }
        Ok(octets)
    }

    /// Gives a file its name, or the next that is free: nothing is overwritten.
    fn put_in_place(&self, mut file: tempfile::NamedTempFile, name: &str) -> io::Result<()> {
        for count in 1.. {
            let name =
                if count == 1 { format!("{name}.eml") } else { format!("{name}.{count}.eml") };
            match file.persist_noclobber(self.to.join(name)) {
                Ok(_) => break,
                Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => {
                    file = taken.file;
                }
                Err(failed) => return Err(failed.error),
            }
        }
        Ok(())
    }

    /// Makes everything that was saved durable, and gives it its name.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        let (mut deliveries, mut files) = (Vec::new(), Vec::new());
        for letter in self.waiting.drain(..) {
            match letter {
                Waiting::Maildir(delivery) => deliveries.push(delivery),
                Waiting::Eml(file, name) => files.push((file, name)),
            }
        }
        self.waiting_octets = 0;
        maildir::Delivery::commit_all(deliveries)?;
        if files.is_empty() {
            return Ok(());
        }
        files.iter().try_for_each(|(file, _)| file.as_file().sync_all())?;
        for (file, name) in files {
            self.put_in_place(file, &name)?;
        }
        File::open(&self.to)?.sync_all()
    }
}

fn copy(letter: &mut dyn Chunks, to: &mut impl Write, progress: &Progress) -> Result<u64, NotKept> {
    let mut octets = 0;
    while let Some(chunk) = letter.next_chunk().map_err(NotKept::Session)? {
        to.write_all(&chunk)?;
        octets += chunk.len() as u64;
        progress.octets(chunk.len());
    }
    Ok(octets)
}

fn copy_as_lf(
    letter: &mut dyn Chunks,
    to: &mut impl Write,
    progress: &Progress,
) -> Result<u64, NotKept> {
    let (mut lf, mut lines, mut octets) = (ToLf::default(), Vec::new(), 0);
    while let Some(chunk) = letter.next_chunk().map_err(NotKept::Session)? {
        lines.clear();
        lf.push(&chunk, &mut lines);
        to.write_all(&lines)?;
        octets += chunk.len() as u64;
        progress.octets(chunk.len());
    }
    lines.clear();
    lf.finish(&mut lines);
    to.write_all(&lines)?;
    Ok(octets)
}

/// A name that cannot lead out of the directory, hide, or be too long, whatever the server says.
fn file_name(number: MessageNumber, unique_id: Option<&UniqueId>) -> String {
    let Some(unique_id) = unique_id else { return format!("message-{number}") };
    let lawful = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'_' | b'-');
    let safe = |octet: &u8| if lawful(*octet) { char::from(*octet) } else { '_' };
    let name: String = unique_id.as_bytes().iter().take(LONGEST_NAME).map(safe).collect();
    let name = name.trim_start_matches(['.', '-']);
    if name.is_empty() { format!("message-{number}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(unique_id: &[u8]) -> String {
        file_name(MessageNumber::FIRST, UniqueId::from_peer(unique_id).as_ref())
    }

    #[test]
    fn unique_ids_cannot_lead_out_of_the_directory() {
        assert_eq!(name(b"../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(name(b".hidden"), "hidden");
        assert_eq!(name(b"-rf"), "rf");
        assert_eq!(name(b".."), "message-1");
        assert_eq!(name(b"a b\x1b\xff"), "a_b__");
        assert_eq!(name(&[b'x'; 4000]).len(), LONGEST_NAME);
        assert_eq!(file_name(MessageNumber::FIRST, None), "message-1");
    }
}
