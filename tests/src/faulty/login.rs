//! USER, PASS and APOP, and how a maildrop is opened.

use std::io;

use md5::{Digest, Md5};

use super::Fault;
use super::mail::{Held, Owner};
use super::session::{Next, Open, Seen, Session};

/// By which command somebody logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Password,
    Auth,
}

impl Session {
    /// USER.
    pub(super) fn name(&mut self, name: Option<&[u8]>) -> io::Result<Next> {
        if self.open.is_some() && !self.is(Fault::UserAfterLogin) {
            return self.out_of_place();
        }
        let name = match name {
            None if self.is(Fault::UserWithoutName) => b"nobody",
            Some(name) if !name.is_empty() && !name.contains(&b' ') => name,
            _ => return self.syntax(),
        };
        if self.is(Fault::ArgumentsShort) && name.len() > 20 {
            return Ok(Next::Close);
        }
        let is_utf8 = std::str::from_utf8(name).is_ok() || self.is(Fault::UserBadUtf8);
        if !is_utf8 || (self.is(Fault::UserAsciiOnly) && !name.is_ascii()) {
            return self.refuse("", "a name is UTF-8", "ein Name ist UTF-8, bitte prüfen");
        }
        let owner = self.owner(name);
        if owner.is_none() && self.is(Fault::UserTellsUnknown) {
            return self.refuse("", "nobody here has that name", "hier heißt niemand so");
        }
        if owner.is_none() && self.is(Fault::AuthCodeToUser) {
            return self.refuse("AUTH", "nobody here has that name", "hier heißt niemand so");
        }
        if let Some(owner) = owner
            && self.is(Fault::UserLocks)
        {
            self.early_lock = self.server.maildrop(owner).lock();
        }
        self.user = Some(name.to_vec());
        self.ok("now the password, please", "das Passwort für das Postfach, bitte")
    }

    /// PASS, with what USER said if that was the command before.
    pub(super) fn password(
        &mut self,
        user: Option<Vec<u8>>,
        password: Option<&[u8]>,
    ) -> io::Result<Next> {
        if self.open.is_some() {
            return self.out_of_place();
        }
        let Some(user) = user else {
            return self.refuse("", "USER comes first", "zuerst wäre USER an der Reihe");
        };
        let mut password = match password {
            Some(password) if !password.is_empty() => password,
            _ => return self.syntax(),
        };
        if self.is(Fault::PassCut) {
            password = password.split(|octet| *octet == b' ').next().unwrap_or_default();
        }
        let owner = self.owner(&user);
        match owner {
            Some(owner) if self.fits(owner, password) => self.enter(owner, By::Password),
            _ => {
                if self.is(Fault::PassAgain) {
                    self.user = Some(user);
                }
                if let Some(owner) = owner
                    && self.is(Fault::RefusalLocks)
                {
                    self.early_lock = self.server.maildrop(owner).lock();
                }
                let is_locked =
                    owner.is_some_and(|owner| self.server.maildrop(owner).letters().is_locked());
                if is_locked && self.is(Fault::InUseForAnybody) {
                    return self.in_use();
                }
                self.deny()
            }
        }
    }

    /// Whether that is the user's password.
    pub(super) fn fits(&self, owner: Owner, password: &[u8]) -> bool {
        let Ok(password) = std::str::from_utf8(password) else { return false };
        let Ok(password) = stringprep::saslprep(password) else { return false };
        if self.is(Fault::PassOfOther) {
            return Owner::ALL.iter().any(|owner| owner.password() == password);
        }
        owner.password() == password
    }

    /// APOP.
    pub(super) fn apop(&mut self, arguments: &[&str]) -> io::Result<Next> {
        let (name, digest) = match arguments {
            [name] if self.is(Fault::ApopWithoutDigest) => (name, None),
            [name, digest] => (name, Some(*digest)),
            _ => return self.syntax(),
        };
        let Some(owner) = self.owner(name.as_bytes()) else { return self.deny() };
        let shown = if self.is(Fault::ApopOtherDigest) {
            self.timestamp.trim_matches(['<', '>'])
        } else {
            &self.timestamp
        };
        let right = hex(&Md5::new().chain_update(shown).chain_update(owner.password()).finalize());
        if digest.is_none_or(|digest| digest == right) || self.is(Fault::ApopAnyDigest) {
            return self.enter(owner, By::Password);
        }
        self.deny()
    }

    /// The refusal of a name and what was to prove it.
    pub(super) fn deny(&mut self) -> io::Result<Next> {
        self.is_refused = true;
        let code = match () {
            () if self.is(Fault::NoAuthCode) => "",
            () if self.is(Fault::SysForPassword) => "SYS/TEMP",
            () => "AUTH",
        };
        self.refuse(code, "name and password do not match", "das gehört nicht zusammen, äh")
    }

    fn in_use(&mut self) -> io::Result<Next> {
        self.refuse("IN-USE", "another session has the maildrop", "das Postfach ist schon geöffnet")
    }

    /// Opens the maildrop for somebody who has proven to be its owner.
    pub(super) fn enter(&mut self, owner: Owner, by: By) -> io::Result<Next> {
        let is_barred = match by {
            By::Password => self.is_auth_refused && self.is(Fault::NoLoginAfterAuth),
            By::Auth => false,
        };
        if is_barred || (self.is_refused && self.is(Fault::NoSecondLogin)) {
            return self.deny();
        }
        if self.open.is_some() {
            return self.ok("welcome again", "schön, nochmals willkommen");
        }
        self.early_lock = None;
        let needs_lock = match by {
            By::Password => !self.is(Fault::NoLock),
            By::Auth => !self.is(Fault::NoLock) && !self.is(Fault::AuthTakesNoLock),
        };
        let lock = self.server.maildrop(owner).lock();
        if lock.is_none() && needs_lock {
            return self.in_use();
        }
        let count = self.open(owner, lock);
        if let Some(data) = self.data_with_ok.take() {
            return self.ok(&data, &data);
        }
        self.ok(
            &format!("welcome, there are {count} messages"),
            &format!("schön, hier sind {count} Nachrichten"),
        )
    }

    /// Looks at what is in the maildrop; says how many letters.
    pub(super) fn open(&mut self, owner: Owner, lock: Option<Held>) -> usize {
        let maildrop = self.server.maildrop(owner).clone();
        let letters: Vec<_> = {
            let held = maildrop.letters();
            let seen = held.letters.iter().map(|letter| Seen {
                letter: letter.clone(),
                is_marked: held.old_marks.contains(&letter.id),
                is_retrieved: false,
            });
            seen.collect()
        };
        let count = letters.len();
        self.open = Some(Open { maildrop, letters, lock, listings: 0 });
        count
    }
}

/// In small letters.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
