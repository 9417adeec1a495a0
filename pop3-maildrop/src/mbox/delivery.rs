//! Appending a letter to an mbox, as an MTA does.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::LOCK_WAIT;
use super::access::Access;
use super::quote::Quoter;
use super::scan::NotMbox;
use crate::files::{PRIVATE, beside, nameless, parent};

/// Appends a letter: all that the reader has, of any size, with any line ends, which become LF.
/// `sender` is the envelope sender for the From_ line; `MAILER-DAEMON` is the custom when there is
/// none.
///
/// # Errors
/// As [`Delivery::begin`] and [`Delivery::commit`], and when the reader fails; the mbox is then as
/// it was.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("mark");
/// let letter = b"Subject: x\r\n\r\nFrom here\r\n";
/// pop3_maildrop::mbox::deliver(&path, "mary@example.org", &mut &letter[..])?;
/// let mbox = std::fs::read_to_string(&path)?;
/// assert!(mbox.starts_with("From mary@example.org "));
/// assert!(mbox.ends_with("\nSubject: x\n\n>From here\n\n"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn deliver(mbox: impl AsRef<Path>, sender: &str, letter: &mut impl Read) -> io::Result<()> {
    let mut delivery = Delivery::begin(mbox, sender)?;
    io::copy(letter, &mut delivery)?;
    delivery.commit()
}

/// A letter that is to be appended to an mbox. It gathers in a file without a name beside it, so
/// that the mbox is locked only for as long as it takes to append; [`commit`](Self::commit) does
/// that, dropping gives the letter up.
#[derive(Debug)]
pub struct Delivery {
    mbox: PathBuf,
    gathered: File,
    quoter: Quoter,
    quoted: Vec<u8>,
}

impl Delivery {
    /// An empty letter for that mbox, which is made when there is none, in a directory that must
    /// exist. What may not stand in a From_ line becomes `_` in `sender`.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn begin(mbox: impl AsRef<Path>, sender: &str) -> io::Result<Self> {
        let mbox = mbox.as_ref().to_owned();
        let mut gathered = gathering(&mbox)?;
        gathered.write_all(from_line(sender, SystemTime::now()).as_bytes())?;
        Ok(Self { mbox, gathered, quoter: Quoter::new(), quoted: Vec::new() })
    }

    /// Appends the letter. It is on disk then, so whoever handed it over may forget it. A process
    /// that is killed meanwhile may leave a part of the letter at the end of the mbox; the next
    /// letter begins behind that on a line of its own.
    ///
    /// # Errors
    /// When the file system fails, or another program keeps the mbox locked for longer than
    /// [`LOCK_WAIT`] (`TimedOut`), or the file is no mbox (`InvalidData`, [`NotMbox`]). The mbox is
    /// then as it was.
    pub fn commit(mut self) -> io::Result<()> {
        self.quoted.clear();
        self.quoter.finish(&mut self.quoted);
        self.gathered.write_all(&self.quoted)?;
        self.gathered.rewind()?;

        let access = Access::to_append(&self.mbox, LOCK_WAIT)?;
        let mut file = access.file();
        let before = file.metadata()?.len();
        let appended = separate(file, before)
            .and_then(|()| io::copy(&mut self.gathered, &mut file))
            .and_then(|_| file.sync_all());
        if appended.is_err() {
            file.set_len(before)?;
        }
        appended
    }
}

impl Write for Delivery {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.quoted.clear();
        self.quoter.push(octets, &mut self.quoted);
        // Halfway written is not to be told from wholly, so an error leaves no way on.
        self.gathered.write_all(&self.quoted)?;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file on the same disk that goes with the process, however that ends.
fn gathering(mbox: &Path) -> io::Result<File> {
    nameless(parent(mbox)).or_else(|_| named_at_first(mbox))
}

/// The same where a file has to have a name: killed before that is taken away, a process leaves an
/// empty file behind.
fn named_at_first(mbox: &Path) -> io::Result<File> {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    loop {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = beside(mbox, ".", &format!(".{}.{count}", std::process::id()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(PRIVATE);
        match options.open(&path) {
            // A killed process that had our number has left it.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            opened => {
                let file = opened?;
                fs::remove_file(path)?;
                return Ok(file);
            }
        }
    }
}

/// Supplies what must stand between the last letter and the next From_ line, where a crash or a
/// careless program left it out.
fn separate(mut file: &File, length: u64) -> io::Result<()> {
    if length == 0 {
        return Ok(());
    }
    let mut from = [0; 5];
    let mut tail = [0; 3];
    if file.read_exact_at(&mut from, 0).is_err() || from != *b"From " {
        return Err(io::Error::new(ErrorKind::InvalidData, NotMbox));
    }
    file.read_exact_at(&mut tail, length - 3)?;
    file.write_all(match tail {
        [_, b'\n', b'\n'] | [b'\n', b'\r', b'\n'] => b"",
        [_, _, b'\n'] => b"\n",
        _ => b"\n\n",
    })
}

/// `From <sender> <time as ctime writes it, in UTC>`, with its line end.
fn from_line(sender: &str, now: SystemTime) -> String {
    let sender: String =
        sender.chars().map(|c| if c == ' ' || c.is_control() { '_' } else { c }).collect();
    let sender = if sender.is_empty() { "MAILER-DAEMON" } else { &sender };
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    format!("From {sender} {}\n", ctime(seconds))
}

/// `Thu Jan  1 00:00:00 1970`.
fn ctime(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"];
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March, so that a leap day is the last day of its year; eras have 400 of them.
    let since_march_0 = days + 719_468;
    let (era, day) = (since_march_0 / 146_097, since_march_0 % 146_097);
    let year_of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year_of_era + u64::from(month >= 10);
    format!(
        "{} {} {day:2} {:02}:{:02}:{:02} {year}",
        DAYS[(days % 7) as usize],
        MONTHS[month as usize],
        second / 3_600,
        second / 60 % 60,
        second % 60,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_written_as_by_ctime() {
        assert_eq!(ctime(0), "Thu Jan  1 00:00:00 1970");
        assert_eq!(ctime(951_782_400), "Tue Feb 29 00:00:00 2000");
        assert_eq!(ctime(1_709_251_199), "Thu Feb 29 23:59:59 2024");
        assert_eq!(ctime(1_735_689_599), "Tue Dec 31 23:59:59 2024");
        assert_eq!(ctime(4_107_542_400), "Mon Mar  1 00:00:00 2100");
    }

    /// In a container every process may have the same number.
    #[test]
    fn what_a_killed_process_of_the_same_number_left_does_not_stop_a_delivery() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        for count in 1..20 {
            let left = beside(&path, ".", &format!(".{}.{count}", std::process::id()));
            fs::write(left, "").unwrap();
        }
        let before = fs::read_dir(dir.path()).unwrap().count();
        assert!(named_at_first(&path).is_ok());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), before);
    }

    #[test]
    fn a_sender_cannot_break_the_from_line() {
        let line = from_line("a b\nFrom c", SystemTime::UNIX_EPOCH);
        assert_eq!(line, "From a_b_From_c Thu Jan  1 00:00:00 1970\n");
        assert!(from_line("", SystemTime::UNIX_EPOCH).starts_with("From MAILER-DAEMON "));
    }
}
