//! Whether a file has changed.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    file: (u64, u64),
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// A file changed twice within a tick of the clock looks the same; ticks are shorter than this.
const SETTLED: Duration = Duration::from_secs(2);

impl Stamp {
    /// How a file looks now.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            file: (metadata.dev(), metadata.ino()),
            len: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// How a file looks that is about to be read, by which a later change shows; none while the
    /// file is so young that a change could go unnoticed.
    #[cfg_attr(not(any(feature = "tls", feature = "users")), expect(dead_code))]
    pub(crate) fn settled(metadata: &Metadata) -> io::Result<Option<Self>> {
        let age = SystemTime::now().duration_since(metadata.modified()?).unwrap_or_default();
        Ok((age > SETTLED).then(|| Self::of(metadata)))
    }
}
