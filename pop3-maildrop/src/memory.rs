//! A post office in memory, for tests and demonstrations.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use std::{fmt, io};

use pop3_proto::auth::Credentials;
use pop3_proto::auth::sasl::{ScramHash, ScramKeys};
use pop3_proto::multiline::Counter;
use pop3_proto::{MessageInfo, MessageNumber, Secret, UniqueId, UserName};

use crate::authenticator::{Authenticator, LoginRefused};
use crate::salts::Salts;
use crate::storage::{LetterError, Maildrop, Maildrops, OpenError, Removal, RemoveError};

/// Users and their letters in memory. Clones share them.
///
/// Being a whole post office, it is both [`Authenticator`] and [`Maildrops`]. Removals stay removed for as long as any clone
/// lives, and unique-ids are not used again even by the next process.
#[derive(Clone, Default)]
pub struct MemoryMaildrops {
    inner: Arc<Mutex<Inner>>,
    salts: Arc<Salts>,
}

#[derive(Default)]
struct Inner {
    users: HashMap<UserName, User>,
    delivered: u64,
}

struct User {
    secret: Secret,
    mechanism: Mechanism,
    letters: Vec<Letter>,
    locked: bool,
}

/// Which of the two old ways is a user's: a secret that is good for APOP must not go over the wire
/// in the clear as well (RFC 1939, section 13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mechanism {
    Password,
    Apop,
}

#[derive(Clone)]
struct Letter {
    info: MessageInfo,
    delivered: SystemTime,
    content: Arc<[u8]>,
}

/// The user is not known to this post office.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such user")]
pub struct UnknownUser;

impl MemoryMaildrops {
    /// A post office without users.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a user who logs in by anything but APOP, or changes the password of one.
    pub fn add_user(&self, user: UserName, password: Secret) {
        self.add(user, password, Mechanism::Password);
    }

    /// Adds a user who logs in by APOP, or by a SASL mechanism that does not send the secret either,
    /// or changes the secret of one.
    pub fn add_apop_user(&self, user: UserName, secret: Secret) {
        self.add(user, secret, Mechanism::Apop);
    }

    fn add(&self, user: UserName, secret: Secret, mechanism: Mechanism) {
        match self.inner().users.entry(user) {
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                (known.secret, known.mechanism) = (secret, mechanism);
            }
            Entry::Vacant(place) => {
                place.insert(User { secret, mechanism, letters: Vec::new(), locked: false });
            }
        }
    }

    /// Puts a letter behind the user's others and returns its unique-id. A session that is under
    /// way does not see it.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn deliver(
        &self,
        user: &UserName,
        letter: impl AsRef<[u8]>,
    ) -> Result<UniqueId, UnknownUser> {
        self.deliver_at(user, letter, SystemTime::now())
    }

    /// Puts a letter there as if it had been delivered at that time.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn deliver_at(
        &self,
        user: &UserName,
        letter: impl AsRef<[u8]>,
        delivered: SystemTime,
    ) -> Result<UniqueId, UnknownUser> {
        let content = letter.as_ref();
        let mut counter = Counter::new();
        counter.push(content);

        let mut inner = self.inner();
        inner.delivered += 1;
        let unique_id = fresh_id(inner.delivered);
        let info = MessageInfo { octets: counter.finish(), unique_id: unique_id.clone() };
        let user = inner.users.get_mut(user).ok_or(UnknownUser)?;
        user.letters.push(Letter { info, delivered, content: content.into() });
        Ok(unique_id)
    }

    /// The user's letters as they are now, oldest first; none for an unknown user.
    #[must_use]
    pub fn letters(&self, user: &UserName) -> Vec<Arc<[u8]>> {
        let inner = self.inner();
        let letters = inner.users.get(user).map_or(&[][..], |user| &user.letters);
        letters.iter().map(|letter| letter.content.clone()).collect()
    }

    fn retain(&self, user: &UserName, keep: impl Fn(&Letter) -> bool) {
        if let Some(user) = self.inner().users.get_mut(user) {
            user.letters.retain(keep);
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change below is complete before anything could panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryMaildrops {
    /// Shows neither secrets nor letters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.inner().users.keys()).finish()
    }
}

/// The time tells processes apart, the count the letters of one.
fn fresh_id(count: u64) -> UniqueId {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    UniqueId::new(format!("{:x}.{count}", now.as_micros())).expect("short and graphic")
}

impl Authenticator for MemoryMaildrops {
    fn authenticate(&self, credentials: &Credentials) -> Result<UserName, LoginRefused> {
        let inner = self.inner();
        let name = credentials.user().ok_or(LoginRefused::Credentials)?;
        let user = inner.users.get(name).ok_or(LoginRefused::Credentials)?;
        let proven = match (credentials, user.mechanism) {
            (Credentials::CramMd5 { challenge, digest, .. }, _) => {
                digest.matches(challenge.as_str().as_bytes(), user.secret.expose())
            }
            (Credentials::Password { password, .. }, Mechanism::Password) => {
                *password == user.secret
            }
            (Credentials::Apop { timestamp, digest, .. }, Mechanism::Apop) => {
                digest.matches(timestamp, user.secret.expose())
            }
            _ => false,
        };
        proven.then(|| name.clone()).ok_or(LoginRefused::Credentials)
    }

    /// All that can be done with a password that is at hand.
    fn mechanisms(&self) -> Vec<&'static str> {
        let scram = ScramHash::ALL.into_iter().map(ScramHash::mechanism);
        scram.chain(["CRAM-MD5", "PLAIN", "LOGIN"]).collect()
    }

    fn scram_keys(
        &self,
        user: &UserName,
        hash: ScramHash,
    ) -> Result<Option<ScramKeys>, LoginRefused> {
        let secret = self.inner().users.get(user).map(|user| user.secret.clone());
        let iterations = *ScramKeys::ITERATIONS.start();
        self.salts.keys(hash, user, secret.as_ref(), iterations).map(Some)
    }

    fn offers_apop(&self) -> bool {
        self.inner().users.values().any(|user| user.mechanism == Mechanism::Apop)
    }
}

impl Maildrops for MemoryMaildrops {
    fn open(&self, name: &UserName) -> Result<Box<dyn Maildrop>, OpenError> {
        let mut inner = self.inner();
        let user =
            inner.users.get_mut(name).ok_or_else(|| OpenError::Permanent(UnknownUser.into()))?;
        if user.locked {
            return Err(OpenError::InUse);
        }
        user.locked = true;
        let letters = user.letters.clone();
        Ok(Box::new(Snapshot {
            office: self.clone(),
            name: name.clone(),
            messages: letters.iter().map(|letter| letter.info.clone()).collect(),
            letters,
        }))
    }
}

/// A user's letters at login; holds the user's lock.
struct Snapshot {
    office: MemoryMaildrops,
    name: UserName,
    messages: Vec<MessageInfo>,
    letters: Vec<Letter>,
}

impl Maildrop for Snapshot {
    fn messages(&self) -> &[MessageInfo] {
        &self.messages
    }

    fn expire(&mut self, before: SystemTime) -> Result<usize, RemoveError> {
        let (expired, kept): (Vec<_>, Vec<_>) =
            self.letters.drain(..).partition(|letter| letter.delivered < before);
        let gone: HashSet<_> = expired.iter().map(|letter| &letter.info.unique_id).collect();
        self.office.retain(&self.name, |letter| !gone.contains(&letter.info.unique_id));
        self.messages = kept.iter().map(|letter| letter.info.clone()).collect();
        self.letters = kept;
        Ok(expired.len())
    }

    fn letter(&self, number: MessageNumber) -> Result<Box<dyn io::Read + Send>, LetterError> {
        let letter = self.letters.get(number.index()).ok_or(LetterError::NoSuchNumber)?;
        Ok(Box::new(io::Cursor::new(letter.content.clone())))
    }

    fn remove(&mut self, numbers: &[MessageNumber]) -> Vec<Removal> {
        let marked = numbers.iter().map(|number| self.messages.get(number.index()));
        let gone: HashSet<_> = marked.clone().flatten().map(|info| &info.unique_id).collect();
        self.office.retain(&self.name, |letter| !gone.contains(&letter.info.unique_id));
        marked.map(|info| info.map(|_| ()).ok_or(RemoveError::NoSuchNumber)).collect()
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        if let Some(user) = self.office.inner().users.get_mut(&self.name) {
            user.locked = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pop3_proto::auth::{ApopDigest, CramMd5Digest, Timestamp};

    fn office() -> (MemoryMaildrops, UserName) {
        let mark = UserName::new("mark").unwrap();
        let office = MemoryMaildrops::new();
        office.add_user(mark.clone(), Secret::new("swordfish").unwrap());
        (office, mark)
    }

    fn password(user: &UserName, password: &str) -> Credentials {
        Credentials::Password { user: user.clone(), password: Secret::new(password).unwrap() }
    }

    #[test]
    fn only_the_right_password_opens() {
        let (office, mark) = office();
        assert_eq!(office.authenticate(&password(&mark, "swordfish")).unwrap(), mark);
        let nobody = UserName::new("nobody").unwrap();
        for wrong in [password(&mark, "Swordfish"), password(&nobody, "swordfish")] {
            let refused = office.authenticate(&wrong).unwrap_err();
            assert!(matches!(refused, LoginRefused::Credentials));
        }
    }

    #[test]
    fn a_user_of_apop_does_not_log_in_by_password() {
        let (office, mark) = office();
        assert!(!office.offers_apop());
        office.add_apop_user(mark.clone(), Secret::new("tanstaaf").unwrap());
        assert!(office.offers_apop());

        let timestamp = Timestamp::fresh(7, "localhost");
        let digest = ApopDigest::compute(&timestamp, b"tanstaaf");
        let apop = Credentials::Apop { user: mark.clone(), timestamp, digest };
        assert!(office.authenticate(&apop).is_ok());
        assert!(office.authenticate(&password(&mark, "tanstaaf")).is_err());
    }

    #[test]
    fn a_password_at_hand_is_good_for_mechanisms_that_do_not_send_it() {
        let (office, mark) = office();
        let nobody = UserName::new("nobody").unwrap();
        office.add_apop_user(UserName::new("mary").unwrap(), Secret::new("swordfish").unwrap());
        let challenge = Timestamp::fresh(7, "localhost");
        let digest = CramMd5Digest::compute(challenge.as_str().as_bytes(), b"swordfish");
        for (user, known) in [(mark, true), (UserName::new("mary").unwrap(), true), (nobody, false)]
        {
            let (user, challenge) = (user.clone(), challenge.clone());
            let keys = office.scram_keys(&user, ScramHash::Sha256).unwrap().unwrap();
            assert_eq!(keys.matches(&Secret::new("swordfish").unwrap()), known);
            let cram = Credentials::CramMd5 { user, challenge, digest };
            assert_eq!(office.authenticate(&cram).is_ok(), known);
        }
    }

    #[test]
    fn a_refused_second_session_does_not_free_the_lock() {
        let (office, mark) = office();
        let first = office.open(&mark).unwrap();
        for _ in 0..2 {
            assert!(matches!(office.open(&mark), Err(OpenError::InUse)));
        }
        drop(first);
        assert!(office.open(&mark).is_ok());
    }

    #[test]
    fn mail_that_arrives_during_a_session_is_not_seen_and_not_lost() {
        let (office, mark) = office();
        office.deliver(&mark, "one").unwrap();
        let mut session = office.open(&mark).unwrap();
        office.deliver(&mark, "two").unwrap();
        assert_eq!(session.messages().len(), 1);
        assert!(session.remove(&[MessageNumber::FIRST])[0].is_ok());
        assert_eq!(session.messages().len(), 1, "a snapshot does not change");
        assert_eq!(office.letters(&mark), [Arc::from(*b"two")]);
    }

    #[test]
    fn unique_ids_are_never_used_again() {
        let (office, mark) = office();
        let one = office.deliver(&mark, "same").unwrap();
        office.open(&mark).unwrap().remove(&[MessageNumber::FIRST]);
        assert_ne!(one, office.deliver(&mark, "same").unwrap());
    }

    #[test]
    fn a_number_beyond_the_snapshot_is_an_error() {
        let (office, mark) = office();
        let mut session = office.open(&mark).unwrap();
        assert!(matches!(session.letter(MessageNumber::FIRST), Err(LetterError::NoSuchNumber)));
        let removals = session.remove(&[MessageNumber::FIRST]);
        assert!(matches!(removals[..], [Err(RemoveError::NoSuchNumber)]));
    }

    #[test]
    fn debug_shows_no_secret() {
        assert!(!format!("{:?}", office().0).contains("swordfish"));
    }
}
