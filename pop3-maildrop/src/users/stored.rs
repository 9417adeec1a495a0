//! A secret as the file holds it, and whether a password is the one.

use std::fmt;
use std::str::FromStr;

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use bcrypt::HashParts;
use pop3_proto::Secret;
use sha_crypt::ShaCrypt;

use super::table::Problem;

/// A secret of the file.
#[derive(Clone)]
pub(super) enum Stored {
    Plain(Secret),
    Argon2id(Box<str>),
    Sha512Crypt(Box<str>),
    BlfCrypt(Box<str>),
}

/// The kind of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Scheme {
    Plain,
    Argon2id,
    Sha512Crypt,
    BlfCrypt,
}

impl Stored {
    /// Reads `{SCHEME}secret`.
    pub(super) fn parse(field: &[u8]) -> Result<Self, Problem> {
        let field = field.strip_prefix(b"{").ok_or(Problem::NoScheme)?;
        let end = memchr::memchr(b'}', field).ok_or(Problem::NoScheme)?;
        let (scheme, secret) = (field[..end].to_ascii_uppercase(), &field[end + 1..]);
        if scheme == b"PLAIN" {
            return Secret::new(secret).map(Self::Plain).map_err(|_| Problem::Secret);
        }
        let hash = std::str::from_utf8(secret).map_err(|_| Problem::Secret)?;
        let (stored, well_formed) = match &scheme[..] {
            b"ARGON2ID" => (Self::Argon2id(hash.into()), is_argon2id(hash)),
            b"SHA512-CRYPT" => (Self::Sha512Crypt(hash.into()), is_sha512_crypt(hash)),
            b"BLF-CRYPT" => (Self::BlfCrypt(hash.into()), is_blf_crypt(hash)),
            _ => return Err(Problem::UnknownScheme),
        };
        if well_formed { Ok(stored) } else { Err(Problem::Secret) }
    }

    /// Whether it is this password. Takes as long when it is not.
    pub(super) fn matches(&self, password: &Secret) -> bool {
        match self {
            Self::Plain(secret) => secret == password,
            Self::Argon2id(hash) => {
                let hash: &str = hash;
                Argon2::default().verify_password(password.expose(), hash).is_ok()
            }
            Self::Sha512Crypt(hash) => {
                let hash: &str = hash;
                ShaCrypt::SHA512.verify_password(password.expose(), hash).is_ok()
            }
            Self::BlfCrypt(hash) => bcrypt::verify(password.expose(), hash).unwrap_or(false),
        }
    }

    /// The password itself, where the file holds it.
    pub(super) const fn plain(&self) -> Option<&Secret> {
        match self {
            Self::Plain(secret) => Some(secret),
            _ => None,
        }
    }

    pub(super) const fn scheme(&self) -> Scheme {
        match self {
            Self::Plain(_) => Scheme::Plain,
            Self::Argon2id(_) => Scheme::Argon2id,
            Self::Sha512Crypt(_) => Scheme::Sha512Crypt,
            Self::BlfCrypt(_) => Scheme::BlfCrypt,
        }
    }
}

impl fmt::Debug for Stored {
    /// Shows the scheme alone: a hash can be guessed at offline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scheme().fmt(f)
    }
}

fn is_argon2id(hash: &str) -> bool {
    hash.starts_with("$argon2id$")
        && PasswordHash::new(hash).is_ok_and(|hash| hash.salt.is_some() && hash.hash.is_some())
}

/// `$6$<salt>$<86 characters>`, or with `rounds=<number>` in front of the salt.
fn is_sha512_crypt(hash: &str) -> bool {
    let is_crypt = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'/');
    let fields: Vec<&str> = hash.split('$').collect();
    let (rounds_are_right, digest) = match fields[..] {
        ["", "6", _, digest] => (true, digest),
        ["", "6", rounds, _, digest] => (sha_crypt::Params::from_str(rounds).is_ok(), digest),
        _ => return false,
    };
    rounds_are_right && digest.len() == 86 && digest.bytes().all(is_crypt)
}

/// `$2x$` marks hashes of an old mistake, which are computed differently.
fn is_blf_crypt(hash: &str) -> bool {
    HashParts::from_str(hash).is_ok_and(|parts| (4..=31).contains(&parts.get_cost()))
        && !hash.starts_with("$2x$")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by other programs: the reference implementation of Argon2, openssl and crypt(3).
    const ARGON2ID: &str = "{ARGON2ID}$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    const SHA512: &str = "{SHA512-CRYPT}$6$abcdefgh$ezUHNwwnOV8.5NnF/Ae61rjp1aJ3wPfJkeW09V6BC09akE1uKbyQ8qxMPAx1tLaev04OGoslSkF38/mElBLOu/";
    const SHA512_ROUNDS: &str = "{sha512-crypt}$6$rounds=1000$abc$7Dwt0kw8Eii/IaClM8ZSuffER.PZ6YA70pxlDDA/P0Hu8gBH9Lp5gfb5aXLJq5ZHZm/UBLJxFw5Cel/2oBhKX0";
    const BLF: &str = "{BLF-CRYPT}$2y$04$abcdefghijklmnopqrstuuhwY1ZbPKPB/wmWP..ihc77VKK2Ik4Yq";

    #[test]
    fn hashes_of_other_programs_are_understood() {
        for (field, right) in [
            (ARGON2ID, "password"),
            (SHA512, "sword fish"),
            (SHA512_ROUNDS, "sword fish"),
            (BLF, "sword fish"),
            ("{Plain}sword fish ", "sword fish "),
        ] {
            let stored = Stored::parse(field.as_bytes()).unwrap();
            assert!(stored.matches(&Secret::new(right).unwrap()), "{field}");
            for wrong in ["sword fis", "sword fishx", "Password", field] {
                assert!(!stored.matches(&Secret::new(wrong).unwrap()), "{field} {wrong}");
            }
        }
    }

    #[test]
    fn what_is_not_well_formed_is_no_secret() {
        for (field, problem) in [
            ("", Problem::NoScheme),
            ("swordfish", Problem::NoScheme),
            ("{PLAIN", Problem::NoScheme),
            ("$6$abc$def", Problem::NoScheme),
            ("{MD5}x", Problem::UnknownScheme),
            ("{}x", Problem::UnknownScheme),
            ("{PLAIN}", Problem::Secret),
            ("{PLAIN}a\0b", Problem::Secret),
            ("{ARGON2ID}$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR", Problem::Secret),
            ("{ARGON2ID}$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ", Problem::Secret),
            ("{SHA512-CRYPT}$6$abc$short", Problem::Secret),
            ("{SHA512-CRYPT}$6$rounds=1$abc$x", Problem::Secret),
            (
                "{BLF-CRYPT}$2y$99$abcdefghijklmnopqrstuuhwY1ZbPKPB/wmWP..ihc77VKK2Ik4Yq",
                Problem::Secret,
            ),
            (
                "{BLF-CRYPT}$2x$04$abcdefghijklmnopqrstuuhwY1ZbPKPB/wmWP..ihc77VKK2Ik4Yq",
                Problem::Secret,
            ),
        ] {
            assert_eq!(Stored::parse(field.as_bytes()).unwrap_err(), problem, "{field}");
        }
    }

    #[test]
    fn debug_shows_the_scheme_alone() {
        assert_eq!(format!("{:?}", Stored::parse(b"{PLAIN}swordfish").unwrap()), "Plain");
        assert_eq!(format!("{:?}", Stored::parse(BLF.as_bytes()).unwrap()), "BlfCrypt");
    }
}
