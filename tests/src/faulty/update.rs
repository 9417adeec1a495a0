//! DELE, RSET and QUIT, and what becomes of the marks.

use std::io;
use std::thread;
use std::time::Duration;

use super::Fault;
use super::session::{Next, Open, Seen, Session};

/// How long after the reply [`QuitAnswersEarly`](Fault::QuitAnswersEarly) removes.
const DELAY: Duration = Duration::from_secs(1);

impl Session {
    /// DELE.
    pub(super) fn dele(&mut self, number: &str) -> io::Result<Next> {
        let Some(position) = self.message(number, Fault::DeleTwice)? else {
            return Ok(Next::Command);
        };
        let removes_at_once = self.is(Fault::DeleRemovesAtOnce);
        if let Some(open) = &mut self.open
            && let Some(seen) = open.letters.get_mut(position)
        {
            seen.is_marked = true;
            if removes_at_once {
                open.maildrop.letters().remove(&[seen.letter.id]);
            }
        }
        self.ok("marked", "zum Löschen vorgemerkt")
    }

    /// RSET.
    pub(super) fn rset(&mut self) -> io::Result<Next> {
        if !self.is(Fault::RsetKeepsMarks) {
            let letters = self.open.iter_mut().flat_map(|open| &mut open.letters);
            letters.for_each(|seen| seen.is_marked = false);
        }
        self.ok("no message is marked", "alle Vormerkungen gelöscht")
    }

    /// QUIT: removes what is marked, unlocks the maildrop, and then says so.
    pub(super) fn quit(&mut self) -> io::Result<Next> {
        let Some(open) = self.open.take() else {
            if self.is(Fault::QuitBeforeLoginRefused) {
                return self.out_of_place();
            }
            self.ok("goodbye", "tschüs")?;
            return Ok(self.after_quit());
        };
        if self.is(Fault::QuitAnswersEarly) {
            drop(open.lock);
            self.ok("goodbye", "tschüs")?;
            thread::sleep(DELAY);
            open.maildrop.letters().remove(&ids(&open.letters, |seen| seen.is_marked));
            return Ok(Next::Close);
        }
        self.remove(&open);
        match open.lock {
            Some(lock) if self.is(Fault::LockedAfterQuit) => lock.linger(),
            lock => drop(lock),
        }
        self.ok("goodbye", "tschüs")?;
        Ok(self.after_quit())
    }

    fn after_quit(&self) -> Next {
        if self.is(Fault::OpenAfterQuit) { Next::Command } else { Next::Close }
    }

    fn remove(&self, open: &Open) {
        let mut marked = ids(&open.letters, |seen| seen.is_marked);
        if self.is(Fault::QuitRemovesNothing) {
            marked.clear();
        }
        if self.is(Fault::QuitRemovesOne) {
            marked.truncate(1);
        }
        if self.is(Fault::RetrRemoves) {
            marked = ids(&open.letters, |seen| seen.is_marked || seen.is_retrieved);
        }
        let mut held = open.maildrop.letters();
        if self.is(Fault::QuitRemovesNewMail) && !marked.is_empty() {
            let kept = ids(&open.letters, |seen| !seen.is_marked);
            held.letters.retain(|letter| kept.contains(&letter.id));
        }
        held.remove(&marked);
        held.old_marks.clear();
    }

    /// The end of a session, which after QUIT has no maildrop any more: nothing is removed.
    pub(super) fn hang_up(&mut self) {
        let Some(open) = self.open.take() else { return };
        let mut held = open.maildrop.letters();
        held.hang_ups += 1;
        if self.is(Fault::HangUpRemoves) {
            held.remove(&ids(&open.letters, |seen| seen.is_marked));
        }
        if self.is(Fault::RetrRemovesAtHangUp) {
            held.remove(&ids(&open.letters, |seen| seen.is_retrieved));
        }
        if self.is(Fault::MarksOutlive) {
            held.old_marks = ids(&open.letters, |seen| seen.is_marked);
        }
    }
}

/// The letters of which that is so.
fn ids(letters: &[Seen], is_so: impl Fn(&Seen) -> bool) -> Vec<u64> {
    letters.iter().filter(|seen| is_so(seen)).map(|seen| seen.letter.id).collect()
}
