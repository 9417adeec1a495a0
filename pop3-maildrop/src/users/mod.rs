//! Users from a file, as Dovecot's passwd-file writes it.
//!
//! A line a user, `name:{SCHEME}secret`; further fields behind another colon are left alone, and so
//! are empty lines and those that begin with `#`:
//!
//! ```text
//! # The post office of example.org
//! mark:{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$…
//! mary:{SHA512-CRYPT}$6$rounds=5000$saltstring$…:1001:1001::/home/mary
//! kate:{SCRAM-SHA-256}100000,c2FsdHNhbHRzYWx0c2FsdA==,WG5d8oPm3OtcPnkdi4Uo7BkeZ…,wfPLwcE6nTWh…
//! john:{PLAIN}tanstaaf
//! ```
//!
//! | scheme | secret |
//! |---|---|
//! | `ARGON2ID` | `$argon2id$…`; what [`hash_password`] makes |
//! | `SHA512-CRYPT` | `$6$…` of crypt(3) |
//! | `BLF-CRYPT` | `$2y$…` (or `$2a$`, `$2b$`) of bcrypt, which looks at the first 72 octets of a password only |
//! | `SCRAM-SHA-1`, `-256`, `-512` | `iterations,salt,StoredKey,ServerKey`; what SCRAM with that hash function works with |
//! | `PLAIN` | the password itself; the only one that APOP and CRAM-MD5 can work with, and every SCRAM can |
//!
//! Scheme names may be in either case. There is no default scheme: a line without one, or with an
//! unknown one, is an error, as is a second line for the same name. Such a line is ignored and its
//! number is logged; the other users are not affected.
//!
//! **SASL mechanisms are offered when all users can log in by them**, since many clients try the
//! strongest that they see and no other: SCRAM when everybody's scheme is the one for it or `PLAIN`,
//! CRAM-MD5 when everybody's is `PLAIN`. Every user can log in by a password that is sent (PLAIN,
//! LOGIN, USER and PASS), unless it is good for APOP.
//!
//! **The file is read again when it changes**; logins are refused as a temporary error while it
//! cannot be read. It has 16 MiB at most. It is best replaced in one step, as [`set_password`] does:
//! one that is empty or ends within a line may be half written, and what was there before counts
//! until such a file has been seen unchanged for two seconds.
//!
//! **As many passwords are checked at a time as there are processors**, since a hash takes memory
//! on purpose (19 MiB with [`hash_password`]'s); other logins wait their turn.
//!
//! **Whether a name exists does not show** in how long a refusal takes: the password of an unknown
//! user is hashed like that of a known one, one of those who have the scheme that most of the file has.
//! In a file of several schemes, users of a rarer one can still be told apart by a patient observer.
//! SCRAM shows salts: those of users who have none stored, and of unknown ones, are the same for as
//! long as the process lives, with the iterations that most users have. After a restart they are
//! others, stored ones are not.

mod change;
#[cfg(test)]
mod sasl_tests;
mod stored;
mod table;
#[cfg(test)]
mod tests;
mod turns;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pop3_proto::auth::Credentials;
use pop3_proto::auth::sasl::{ScramHash, ScramKeys, prepared_password};
use pop3_proto::{Secret, UserName};
use zeroize::Zeroizing;

use crate::authenticator::{Authenticator, LoginRefused};
use crate::salts::Salts;
use crate::stamp::Stamp;
use stored::{Kind, Stored};
use table::Table;
use turns::Turns;

pub use change::{Change, Scheme, SetPasswordError, hash_password, set_password, set_password_as};

/// The users of a file.
///
/// ```
/// use pop3_maildrop::Authenticator;
/// use pop3_maildrop::users::{UsersFile, set_password};
/// use pop3_proto::{Secret, UserName, auth::Credentials};
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("users");
/// let user = UserName::new("mark")?;
/// let password = Secret::new("swordfish")?;
/// set_password(&path, &user, &password)?;
///
/// let users = UsersFile::open(&path)?;
/// let credentials = Credentials::Password { user: user.clone(), password };
/// assert_eq!(users.authenticate(&credentials)?, user);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct UsersFile {
    path: PathBuf,
    apop: bool,
    loaded: Mutex<Loaded>,
    turns: Turns,
    salts: Salts,
}

#[derive(Debug)]
struct Loaded {
    table: Arc<Table>,
    /// None when the file was so young that a change since could go unnoticed.
    stamp: Option<Stamp>,
    /// A file in its place that looks half written, and since when it has been there.
    unfinished: Option<(Stamp, Instant)>,
}

/// How long a file that looks half written has to stay as it is until it is believed. By a clock
/// that nobody sets.
const FINISHED: Duration = Duration::from_secs(2);

impl UsersFile {
    /// The users of that file.
    ///
    /// # Errors
    /// When the file cannot be read or has more than 16 MiB. Lines that are wrong are no error
    /// here.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let loaded = Mutex::new(Loaded::new(&path, &read(&path)?));
        Ok(Self {
            path,
            apop: false,
            loaded,
            turns: Turns::one_a_processor(),
            salts: Salts::default(),
        })
    }

    /// Whether users whose scheme is `PLAIN` log in by APOP.
    ///
    /// They cannot log in by a mechanism that sends the secret then, as USER and PASS do: one that is
    /// good for APOP must not go over the wire in the clear (RFC 1939, section 13).
    #[must_use]
    pub const fn with_apop(mut self, apop: bool) -> Self {
        self.apop = apop;
        self
    }

    /// The file as it is now.
    fn table(&self) -> io::Result<Arc<Table>> {
        // Loading either replaces all or nothing, so a panic leaves nothing half done.
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Stamp::of(&fs::metadata(&self.path)?);
        if loaded.stamp != Some(now) {
            loaded.take(&self.path, &read(&self.path)?, Instant::now());
        }
        Ok(Arc::clone(&loaded.table))
    }
}

/// A password as it is stored and compared: prepared, where it can be (RFC 4616, section 2).
fn as_stored(password: &Secret) -> Secret {
    prepared_password(password).unwrap_or_else(|_| password.clone())
}

/// A users' file as it was at one moment.
struct Content {
    octets: Zeroizing<Vec<u8>>,
    stamp: Stamp,
    settled: bool,
}

fn read(path: &Path) -> io::Result<Content> {
    let file = File::open(path)?;
    // Taken before reading: what changes meanwhile is read again next time.
    let metadata = file.metadata()?;
    let settled = Stamp::settled(&metadata)?.is_some();
    Ok(Content { octets: table::read(&file)?, stamp: Stamp::of(&metadata), settled })
}

impl Loaded {
    fn new(path: &Path, content: &Content) -> Self {
        let table = Table::parse(&content.octets);
        for (line, problem) in table.problems() {
            tracing::warn!(path = %path.display(), line, %problem, "a line of the users' file is ignored");
        }
        let stamp = content.settled.then_some(content.stamp);
        Self { table: Arc::new(table), stamp, unfinished: None }
    }

    /// Goes over to what the file is now, unless somebody seems to be writing it.
    fn take(&mut self, path: &Path, content: &Content, now: Instant) {
        if !content.octets.ends_with(b"\n") {
            let since = match self.unfinished {
                Some((stamp, since)) if stamp == content.stamp => since,
                _ => now,
            };
            if now.saturating_duration_since(since) < FINISHED {
                self.unfinished = Some((content.stamp, since));
                return;
            }
        }
        *self = Self::new(path, content);
    }
}

impl Authenticator for UsersFile {
    fn authenticate(&self, credentials: &Credentials) -> Result<UserName, LoginRefused> {
        let table = self.table().map_err(|error| LoginRefused::Temporary(error.into()))?;
        let user = credentials.user().ok_or(LoginRefused::Credentials)?;
        let known = table.get(user);
        let proven = match credentials {
            Credentials::Password { password, .. } => {
                let stored = known.or(table.typical());
                let password = &as_stored(password);
                let matches =
                    self.turns.take(|| stored.is_some_and(|stored| stored.matches(password)));
                matches && known.is_some_and(|stored| !(self.apop && stored.plain().is_some()))
            }
            Credentials::Apop { timestamp, digest, .. } => known
                .and_then(Stored::plain)
                .is_some_and(|secret| self.apop && digest.matches(timestamp, secret.expose())),
            Credentials::CramMd5 { challenge, digest, .. } => {
                let secret = known.and_then(Stored::plain).map(Secret::expose);
                // Without a secret it is computed as well, so that it takes as long.
                digest.matches(challenge.as_str().as_bytes(), secret.unwrap_or_default())
                    && secret.is_some()
            }
            _ => false,
        };
        proven.then(|| user.clone()).ok_or(LoginRefused::Credentials)
    }

    fn mechanisms(&self) -> Vec<&'static str> {
        let Ok(table) = self.table() else { return vec!["PLAIN", "LOGIN"] };
        let mut mechanisms = Vec::new();
        for hash in ScramHash::ALL {
            if table.all_have(&[Kind::Plain, Kind::Scram(hash)]) {
                mechanisms.push(hash.mechanism());
            }
        }
        let all_plain = table.all_have(&[Kind::Plain]);
        if all_plain {
            mechanisms.push("CRAM-MD5");
        }
        if !(self.apop && all_plain) {
            mechanisms.extend(["PLAIN", "LOGIN"]);
        }
        mechanisms
    }

    fn scram_keys(
        &self,
        user: &UserName,
        hash: ScramHash,
    ) -> Result<Option<ScramKeys>, LoginRefused> {
        let table = self.table().map_err(|error| LoginRefused::Temporary(error.into()))?;
        let known = table.get(user);
        if let Some(keys) = known.and_then(Stored::scram).filter(|keys| keys.hash() == hash) {
            return Ok(Some(keys.clone()));
        }
        let iterations = table.iterations(hash);
        // An unknown user takes as long as most users do.
        match known.or(table.typical()).and_then(Stored::plain) {
            Some(_) => {
                let password = known.and_then(Stored::plain);
                self.turns.take(|| self.salts.keys(hash, user, password, iterations))
            }
            None => self.salts.decoy(hash, user, iterations),
        }
        .map(Some)
    }

    /// Only when APOP is on and somebody's scheme is `PLAIN`.
    fn offers_apop(&self) -> bool {
        self.apop && self.table().is_ok_and(|table| table.has_plain())
    }
}
