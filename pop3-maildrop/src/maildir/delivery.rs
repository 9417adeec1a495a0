//! Putting a letter into a Maildir, as an MTA does.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use pop3_proto::UniqueId;
use pop3_proto::multiline::Counter;

use super::directory::Directory;
use super::folder;

/// Delivers a letter: all that the reader has, of any size, with any line ends. Returns where the
/// letter is.
///
/// Makes the Maildir when there is none, in a directory that must exist.
///
/// # Errors
/// When the reader or the file system fails. The letter is then not delivered and leaves nothing
/// behind, with one exception: see [`Delivery::commit`].
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// let letter = b"From: mary@example.org\r\n\r\nHello!\r\n";
/// let path = pop3_maildrop::maildir::deliver(dir.path(), &mut &letter[..])?;
/// assert_eq!(std::fs::read(path)?, letter);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn deliver(maildir: impl AsRef<Path>, letter: &mut impl Read) -> io::Result<PathBuf> {
    let mut delivery = Delivery::begin(maildir)?;
    io::copy(letter, &mut delivery)?;
    delivery.commit()
}

/// A letter that is being written into a Maildir. Nobody sees it before
/// [`commit`](Self::commit); dropping it gives it up.
///
/// What is written goes to the file at once, so write large pieces.
#[derive(Debug)]
pub struct Delivery {
    maildir: PathBuf,
    file: File,
    /// The name in `tmp`.
    temporary: String,
    stem: String,
    size: u64,
    counter: Counter,
    ends_line: bool,
}

impl Delivery {
    /// An empty letter in `tmp`. Makes the Maildir when there is none, in a directory that must
    /// exist.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn begin(maildir: impl AsRef<Path>) -> io::Result<Self> {
        let maildir = maildir.as_ref().to_owned();
        folder::create(&maildir)?;
        let stem = fresh_stem();
        let temporary = format!("{stem}.{}", host());
        let file = Directory::open(&maildir, "tmp")?.create(&temporary)?;
        let counter = Counter::new();
        Ok(Self { maildir, file, temporary, stem, size: 0, counter, ends_line: true })
    }

    /// Moves the letter into `new`, where readers find it, and returns where that is. It is on disk
    /// then, so whoever handed it over may forget it.
    ///
    /// # Errors
    /// When the file system fails. The letter is then not delivered, unless it was the very last
    /// step that failed, making the directory durable: then it is in `new`, perhaps until the next
    /// power cut, and may come a second time when it is delivered again.
    pub fn commit(self) -> io::Result<PathBuf> {
        self.file.sync_all()?;
        let new = Directory::open(&self.maildir, "new")?;
        let path = self.place(&new)?;
        new.sync()?;
        Ok(path)
    }

    /// Moves many letters into `new` at once, each as [`commit`](Self::commit) does, for a few
    /// syncs of the disk instead of two a letter. All are on disk when this returns.
    ///
    /// # Errors
    /// When the file system fails. Then none, some or all of the letters are in `new`, each of
    /// them whole.
    #[expect(clippy::needless_pass_by_value, reason = "a letter is delivered once")]
    pub fn commit_all(deliveries: Vec<Self>) -> io::Result<Vec<PathBuf>> {
        if let Some(first) = deliveries.first() {
            // One pass over the disk instead of one a file. What it leaves out, or what it cannot
            // tell of, is made sure of below, where little is left to do.
            let _ = rustix::fs::syncfs(&first.file);
        }
        deliveries.iter().try_for_each(|delivery| delivery.file.sync_all())?;
        let mut places = Vec::with_capacity(deliveries.len());
        let mut folders = BTreeMap::new();
        for delivery in &deliveries {
            let new = match folders.entry(&delivery.maildir) {
                Entry::Occupied(open) => open.into_mut(),
                Entry::Vacant(closed) => closed.insert(Directory::open(&delivery.maildir, "new")?),
            };
            places.push(delivery.place(new)?);
        }
        folders.values().try_for_each(Directory::sync)?;
        Ok(places)
    }

    /// Moves the letter there; returns its path.
    fn place(&self, new: &Directory) -> io::Result<PathBuf> {
        let name = self.name();
        Directory::open(&self.maildir, "tmp")?.move_to(&self.temporary, new, &name)?;
        Ok(self.maildir.join("new").join(name))
    }

    /// `<seconds>.M<microseconds>P<process>Q<count>.<host>,S=<size>,W=<size with CRLF>`, with the
    /// host cut short so that the name is a conformant unique-id.
    fn name(&self) -> String {
        let supplied = if self.ends_line { 0 } else { 2 };
        let crlf_size = self.counter.clone().finish().0 - supplied;
        let tail = format!(",S={},W={crlf_size}", self.size);
        let room = UniqueId::MAX.saturating_sub(self.stem.len() + 1 + tail.len());
        let host = host();
        format!("{}.{}{tail}", self.stem, &host[..room.min(host.len())])
    }
}

impl Write for Delivery {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let written = self.file.write(octets)?;
        let octets = &octets[..written];
        self.counter.push(octets);
        self.size += written as u64;
        if let Some(last) = octets.last() {
            self.ends_line = *last == b'\n';
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        // After a commit there is no such file any more.
        let _ = Directory::open(&self.maildir, "tmp")
            .and_then(|tmp| tmp.remove(self.temporary.as_ref()));
    }
}

/// What makes a name unique: time, process, and a count for deliveries within one microsecond.
fn fresh_stem() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let process = std::process::id();
    format!("{}.M{:06}P{process}Q{count}", now.as_secs(), now.subsec_micros())
}

/// The name of this machine in the form that unique names demand: `/` as `\057`, `:` as `\072`,
/// and `_` for what else may not stand in a unique-id, or would be taken for a field (a comma).
fn host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| escape_host(&rustix::system::uname().nodename().to_string_lossy()))
}

fn escape_host(host: &str) -> String {
    host.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '/' => escaped.push_str("\\057"),
            ':' => escaped.push_str("\\072"),
            ',' => escaped.push('_'),
            c if c.is_ascii_graphic() => escaped.push(c),
            _ => escaped.push('_'),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_host_name_cannot_break_the_file_name() {
        assert_eq!(escape_host("mail.example.org"), "mail.example.org");
        assert_eq!(escape_host("a/b:c,d é"), "a\\057b\\072c_d__");
    }

    #[test]
    fn stems_are_never_used_twice() {
        let stems: std::collections::HashSet<_> = (0..1000).map(|_| fresh_stem()).collect();
        assert_eq!(stems.len(), 1000);
    }

    /// What is left of a clock that was set back, in a container.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_letter_is_never_put_in_the_place_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let twin = |text: &str| {
            let mut delivery = Delivery::begin(dir.path()).unwrap();
            delivery.write_all(text.as_bytes()).unwrap();
            delivery.stem = "1700000000.M123456P7Q1".into();
            delivery
        };
        let first = twin("first\n").commit().unwrap();
        let same_name = |error: io::Error| error.kind() == io::ErrorKind::AlreadyExists;
        assert!(twin("other\n").commit().is_err_and(same_name));
        assert!(Delivery::commit_all(vec![twin("third\n")]).is_err_and(same_name));
        assert_eq!(fs::read(first).unwrap(), b"first\n");
        assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn many_letters_are_delivered_at_once_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let begin = |text: &str| {
            let mut delivery = Delivery::begin(dir.path()).unwrap();
            delivery.write_all(text.as_bytes()).unwrap();
            delivery
        };
        let given_up = vec![begin("one"), begin("two")];
        drop(given_up);
        let texts = ["three\n", "four\n"];
        let places = Delivery::commit_all(texts.map(begin).into()).unwrap();
        let delivered: Vec<_> = places.iter().map(|p| fs::read_to_string(p).unwrap()).collect();
        assert_eq!(delivered, texts);
        assert_eq!(fs::read_dir(dir.path().join("new")).unwrap().count(), 2);
        assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
        assert!(Delivery::commit_all(Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn the_name_is_a_conformant_unique_id_at_any_size() {
        let dir = tempfile::tempdir().unwrap();
        let mut delivery = Delivery::begin(dir.path()).unwrap();
        delivery.stem = "1700000000.M123456P4194304Q123456".into();
        for size in [0, 1, 2_147_483_648, 99_999_999_999] {
            delivery.size = size;
            assert!(UniqueId::new(delivery.name()).is_ok(), "{}", delivery.name());
        }
    }
}
