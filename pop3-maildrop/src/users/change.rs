//! Giving a user a password.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use pop3_proto::auth::sasl::{SaslError, ScramHash, ScramKeys};
use pop3_proto::{Secret, UserName};
use zeroize::Zeroizing;

use super::{as_stored, table};
use crate::files::{PRIVATE, Replacement};
use crate::salts::random;

/// What [`set_password`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The user is new.
    Added,
    /// The user had another password before.
    Replaced,
}

/// Why a password was not set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetPasswordError {
    /// A line cannot hold the name: it has a colon or begins with `#`.
    #[error("a users' file cannot hold that name")]
    Name,
    /// The password holds what SCRAM cannot take.
    #[error("the password cannot be stored for SCRAM")]
    Password(#[from] SaslError),
    /// The file cannot be read or written. It is as it was.
    #[error("the users' file cannot be changed")]
    Io(#[from] io::Error),
}

/// How a password is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// `ARGON2ID`, as [`hash_password`] makes it: the hardest to guess at, and good for passwords
    /// that are sent.
    #[default]
    Argon2id,
    /// `SCRAM-SHA-256` and its like, with a random salt and 100,000 iterations: good for SCRAM with
    /// that hash function, and for passwords that are sent.
    Scram(ScramHash),
}

/// A login takes a client, and for a password that is sent the server, some hundredths of a second.
const ITERATIONS: u32 = 100_000;

/// What a users' file holds of a password: `{ARGON2ID}` and a hash with a random salt, made with
/// 19 MiB of memory and two passes (the least that OWASP recommends). Another hash each time.
///
/// # Errors
/// When the system has no random numbers.
pub fn hash_password(password: &Secret) -> io::Result<String> {
    let password = as_stored(password);
    let hash: PasswordHash =
        Argon2::default().hash_password(password.expose()).map_err(io::Error::other)?;
    Ok(format!("{{ARGON2ID}}{hash}"))
}

/// Gives a user of the file a password, or adds the user at its end.
///
/// All other lines and the other fields of the user's line stay octet for octet. The file is
/// replaced in one step and keeps owner and mode; a new one can be read by its owner only. Waits
/// for others who are doing the same.
///
/// # Errors
/// When the name cannot stand in such a file, or the file cannot be changed or has more than
/// 16 MiB. It is as it was then.
///
/// ```
/// use pop3_maildrop::users::{Change, set_password};
/// use pop3_proto::{Secret, UserName};
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("users");
/// let change = set_password(&path, &UserName::new("mark")?, &Secret::new("swordfish")?)?;
/// assert_eq!(change, Change::Added);
/// assert!(std::fs::read_to_string(&path)?.starts_with("mark:{ARGON2ID}$argon2id$"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn set_password(
    path: impl AsRef<Path>,
    user: &UserName,
    password: &Secret,
) -> Result<Change, SetPasswordError> {
    set_password_as(path, user, password, Scheme::default())
}

/// As [`set_password`], stored in a way of one's choice.
///
/// # Errors
/// As [`set_password`], and when SCRAM cannot prepare the password (RFC 4013).
///
/// ```
/// use pop3_maildrop::users::{Scheme, set_password_as};
/// use pop3_proto::auth::sasl::ScramHash;
/// use pop3_proto::{Secret, UserName};
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("users");
/// let scheme = Scheme::Scram(ScramHash::Sha256);
/// set_password_as(&path, &UserName::new("mark")?, &Secret::new("swordfish")?, scheme)?;
/// assert!(std::fs::read_to_string(&path)?.starts_with("mark:{SCRAM-SHA-256}100000,"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn set_password_as(
    path: impl AsRef<Path>,
    user: &UserName,
    password: &Secret,
    scheme: Scheme,
) -> Result<Change, SetPasswordError> {
    let name = user.as_str();
    if name.contains(':') || name.starts_with('#') {
        return Err(SetPasswordError::Name);
    }
    let secret = match scheme {
        Scheme::Argon2id => hash_password(password)?,
        Scheme::Scram(hash) => scram_keys(password, hash)?,
    };
    let (path, old) = lock(path.as_ref())?;
    let content = table::read(&old)?;
    let (new, change) = with_line(&content, name, &secret);
    let mut file = Replacement::of(&path, &old)?;
    file.write_all(&new)?;
    file.commit()?;
    Ok(change)
}

fn scram_keys(password: &Secret, hash: ScramHash) -> Result<String, SetPasswordError> {
    let salt: [u8; ScramKeys::DECOY_SALT] = random()?;
    let keys = ScramKeys::derive(hash, password, &salt, ITERATIONS)?;
    Ok(format!("{{{}}}{}", hash.mechanism(), *keys.expose()))
}

/// The file, locked until it is dropped; made when there is none. Where the path is a link, what it
/// leads to.
fn lock(path: &Path) -> io::Result<(PathBuf, File)> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    loop {
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).mode(PRIVATE).open(&path)?;
        file.lock()?;
        // Whoever had the lock before us has put another file in place.
        let (ours, there) = (file.metadata()?, fs::metadata(&path)?);
        if (ours.dev(), ours.ino()) == (there.dev(), there.ino()) {
            return Ok((path, file));
        }
    }
}

/// The content with that secret in the first line of that name, or in a line of its own.
fn with_line(content: &[u8], name: &str, secret: &str) -> (Zeroizing<Vec<u8>>, Change) {
    let mut new = Zeroizing::new(Vec::with_capacity(content.len() + name.len() + secret.len() + 3));
    let mut change = Change::Added;
    for line in content.split_inclusive(|octet| *octet == b'\n') {
        if change == Change::Added && table::name_of(line) == Some(name.as_bytes()) {
            let field = &line[name.len() + 1..];
            let end = memchr::memchr3(b':', b'\r', b'\n', field).unwrap_or(field.len());
            new.extend_from_slice(&line[..=name.len()]);
            new.extend_from_slice(secret.as_bytes());
            new.extend_from_slice(&field[end..]);
            change = Change::Replaced;
        } else {
            new.extend_from_slice(line);
        }
    }
    if change == Change::Added {
        if !matches!(new.last(), None | Some(b'\n')) {
            new.push(b'\n');
        }
        for part in [name, ":", secret, "\n"] {
            new.extend_from_slice(part.as_bytes());
        }
    }
    (new, change)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, after: &str, change: Change) {
        let (new, made) = with_line(before.as_bytes(), "mark", "{X}y");
        assert_eq!((std::str::from_utf8(&new).unwrap(), made), (after, change));
    }

    #[test]
    fn only_the_secret_of_the_user_changes() {
        check("", "mark:{X}y\n", Change::Added);
        check("# mark:a\nmarkus:b", "# mark:a\nmarkus:b\nmark:{X}y\n", Change::Added);
        check("#mark:a\n", "#mark:a\nmark:{X}y\n", Change::Added);
        check("a:b\n\nmark:{P}old\r\nc:d", "a:b\n\nmark:{X}y\r\nc:d", Change::Replaced);
        check("mark:{P}old:1:2::/home\n", "mark:{X}y:1:2::/home\n", Change::Replaced);
        check("mark:\nmark:z", "mark:{X}y\nmark:z", Change::Replaced);
        check("mark:", "mark:{X}y", Change::Replaced);
    }
}
