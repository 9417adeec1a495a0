//! Users, their maildrops, and the lock on each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long [`LockedAfterQuit`](super::Fault::LockedAfterQuit) holds a lock.
const LINGER: Duration = Duration::from_secs(3);

/// Whose maildrop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Mark,
    Mary,
}

impl Owner {
    pub(super) const ALL: [Self; 2] = [Self::Mark, Self::Mary];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Mark => "mark",
            Self::Mary => "mary",
        }
    }

    pub(super) const fn password(self) -> &'static str {
        match self {
            Self::Mark => "swordfish",
            Self::Mary => "tanstaaf",
        }
    }

    /// The owner of that name, which is prepared already.
    pub(super) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|owner| owner.name() == name)
    }
}

/// A letter as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    /// What its unique-id is made from.
    pub(super) id: u64,
    pub(super) content: Vec<u8>,
}

/// What a maildrop holds, in the order of delivery.
#[derive(Debug, Default)]
pub(super) struct Letters {
    pub(super) letters: Vec<Letter>,
    next_id: u64,
    lock: Lock,
    /// Sessions that ended without QUIT.
    pub(super) hang_ups: u64,
    /// What [`MarksOutlive`](super::Fault::MarksOutlive) leaves marked.
    pub(super) old_marks: Vec<u64>,
}

#[derive(Debug, Default)]
enum Lock {
    #[default]
    Free,
    Held,
    Until(Instant),
}

impl Letters {
    pub(super) fn deliver(&mut self, content: &[u8]) {
        self.next_id += 1;
        self.letters.push(Letter { id: self.next_id, content: content.to_vec() });
    }

    /// As [`deliver`](Self::deliver), with the least unique-id that no letter has.
    pub(super) fn deliver_with_old_id(&mut self, content: &[u8]) {
        let taken: Vec<_> = self.letters.iter().map(|letter| letter.id).collect();
        let id = (1..).find(|id| !taken.contains(id)).unwrap_or_default();
        self.letters.push(Letter { id, content: content.to_vec() });
    }

    pub(super) fn remove(&mut self, ids: &[u64]) {
        self.letters.retain(|letter| !ids.contains(&letter.id));
    }

    pub(super) fn is_locked(&self) -> bool {
        match self.lock {
            Lock::Free => false,
            Lock::Held => true,
            Lock::Until(end) => Instant::now() < end,
        }
    }
}

/// A maildrop, shared among sessions.
#[derive(Clone, Debug, Default)]
pub(super) struct Maildrop(Arc<Mutex<Letters>>);

impl Maildrop {
    pub(super) fn letters(&self) -> MutexGuard<'_, Letters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lock on the maildrop, unless somebody has it.
    pub(super) fn lock(&self) -> Option<Held> {
        let mut letters = self.letters();
        if letters.is_locked() {
            return None;
        }
        letters.lock = Lock::Held;
        Some(Held { maildrop: self.clone(), lingers: false })
    }
}

/// The lock on a maildrop, which is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Held {
    maildrop: Maildrop,
    lingers: bool,
}

impl Held {
    /// Leaves the maildrop locked for a while.
    pub(super) fn linger(mut self) {
        self.lingers = true;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.maildrop.letters().lock =
            if self.lingers { Lock::Until(Instant::now() + LINGER) } else { Lock::Free };
    }
}

/// The lines of a letter, without their ends.
pub(super) fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split_inclusive(|octet| *octet == b'\n').map(|line| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    })
}

/// Whether the header of a letter is more than ASCII, so that it needs UTF8 (RFC 6856, section 2.1).
pub(super) fn needs_utf8(content: &[u8]) -> bool {
    lines(content).take_while(|line| !line.is_empty()).any(|line| !line.is_ascii())
}
