//! Users from a file, as Dovecot's passwd-file writes it.
//!
//! A line a user, `name:{SCHEME}secret`; further fields behind another colon are left alone, and so
//! are empty lines and those that begin with `#`:
//!
//! ```text
//! # The post office of example.org
//! mark:{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$…
//! mary:{SHA512-CRYPT}$6$rounds=5000$saltstring$…:1001:1001::/home/mary
//! john:{PLAIN}tanstaaf
//! ```
//!
//! | scheme | secret |
//! |---|---|
//! | `ARGON2ID` | `$argon2id$…`; what [`hash_password`] makes |
//! | `SHA512-CRYPT` | `$6$…` of crypt(3) |
//! | `BLF-CRYPT` | `$2y$…` (or `$2a$`, `$2b$`) of bcrypt, which looks at the first 72 octets of a password only |
//! | `PLAIN` | the password itself; the only one that APOP can work with |
//!
//! Scheme names may be in either case. There is no default scheme: a line without one, or with an
//! unknown one, is an error, as is a second line for the same name. Such a line is ignored and its
//! number is logged; the other users are not affected.
//!
//! **The file is read again when it changes**; logins are refused as a temporary error while it
//! cannot be read. It has 16 MiB at most.
//!
//! **As many passwords are checked at a time as there are processors**, since a hash takes memory
//! on purpose (19 MiB with [`hash_password`]'s); other logins wait their turn.
//!
//! **Whether a name exists does not show** in how long a refusal takes: the password of an unknown
//! user is hashed like that of a known one, one of those who have the scheme that most of the file has.
//! In a file of several schemes, users of a rarer one can still be told apart by a patient observer.

mod change;
mod stored;
mod table;
#[cfg(test)]
mod tests;
mod turns;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use pop3_proto::UserName;
use pop3_proto::auth::Credentials;

use crate::authenticator::{Authenticator, LoginRefused};
use crate::stamp::Stamp;
use stored::Stored;
use table::Table;
use turns::Turns;

pub use change::{Change, SetPasswordError, hash_password, set_password};

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
}

#[derive(Debug)]
struct Loaded {
    table: Arc<Table>,
    /// None when the file was so young that a change since could go unnoticed.
    stamp: Option<Stamp>,
}

impl UsersFile {
    /// The users of that file.
    ///
    /// # Errors
    /// When the file cannot be read or has more than 16 MiB. Lines that are wrong are no error
    /// here.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let loaded = Mutex::new(load(&path)?);
        Ok(Self { path, apop: false, loaded, turns: Turns::one_a_processor() })
    }

    /// Whether users whose scheme is `PLAIN` log in by APOP.
    ///
    /// They cannot log in by USER and PASS then: a secret that is good for APOP must not go over
    /// the wire in the clear (RFC 1939, section 13). All others can log in by USER and PASS alone.
    #[must_use]
    pub const fn with_apop(mut self, apop: bool) -> Self {
        self.apop = apop;
        self
    }

    /// The file as it is now.
    fn table(&self) -> io::Result<Arc<Table>> {
        // Loading either replaces all or nothing, so a panic leaves nothing half done.
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if loaded.stamp != Some(Stamp::of(&fs::metadata(&self.path)?)) {
            *loaded = load(&self.path)?;
        }
        Ok(Arc::clone(&loaded.table))
    }
}

fn load(path: &Path) -> io::Result<Loaded> {
    let file = File::open(path)?;
    // Taken before reading: what changes meanwhile is read again next time.
    let stamp = Stamp::settled(&file.metadata()?)?;
    let table = Table::parse(&table::read(&file)?);
    for (line, problem) in table.problems() {
        tracing::warn!(path = %path.display(), line, %problem, "a line of the users' file is ignored");
    }
    Ok(Loaded { table: Arc::new(table), stamp })
}

impl Authenticator for UsersFile {
    fn authenticate(&self, credentials: &Credentials) -> Result<UserName, LoginRefused> {
        let table = self.table().map_err(|error| LoginRefused::Temporary(error.into()))?;
        let user = credentials.user().ok_or(LoginRefused::Credentials)?;
        let known = table.get(user);
        let proven = match credentials {
            Credentials::Password { password, .. } => {
                let stored = known.or(table.typical());
                let matches =
                    self.turns.take(|| stored.is_some_and(|stored| stored.matches(password)));
                matches && known.is_some_and(|stored| !(self.apop && stored.plain().is_some()))
            }
            Credentials::Apop { timestamp, digest, .. } => known
                .and_then(Stored::plain)
                .is_some_and(|secret| self.apop && digest.matches(timestamp, secret.expose())),
            _ => false,
        };
        proven.then(|| user.clone()).ok_or(LoginRefused::Credentials)
    }

    /// Only when APOP is on and somebody's scheme is `PLAIN`.
    fn offers_apop(&self) -> bool {
        self.apop && self.table().is_ok_and(|table| table.has_plain())
    }
}
