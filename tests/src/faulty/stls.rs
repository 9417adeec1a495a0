//! STLS.

use std::io;

use super::Fault;
use super::mail::Owner;
use super::session::{Next, Session};

impl Session {
    /// STLS.
    pub(super) fn stls(&mut self) -> io::Result<Next> {
        if self.open.is_some() && !self.is(Fault::StlsAfterLogin) {
            return self.out_of_place();
        }
        if self.wire.in_tls() {
            return self.refuse("", "this is TLS already", "das läuft schon in TLS");
        }
        if self.is(Fault::StlsHollow) {
            return self.refuse("", "there is no certificate", "es gibt kein gültiges Zertifikat");
        }
        self.ok("begin TLS", "TLS möge beginnen")?;
        self.wire.start_tls(&self.server.tls.clone())?;
        // What was said in clear text may have been somebody else's words.
        self.is_german = false;
        self.utf8 = false;
        if self.is(Fault::StlsLogsIn) {
            let lock = self.server.maildrop(Owner::Mark).lock();
            self.open(Owner::Mark, lock);
        }
        Ok(Next::Command)
    }
}
