//! A secret as the file holds it, and whether a password is the one.

use std::fmt;
use std::str::FromStr;

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use bcrypt::HashParts;
use pop3_proto::Secret;
use pop3_proto::auth::sasl::{ScramHash, ScramKeys};
use sha_crypt::ShaCrypt;

use super::as_stored;
use super::table::Problem;

/// A secret of the file.
#[derive(Clone)]
pub(super) enum Stored {
    Plain(Secret),
    Argon2id(Box<str>),
    Sha512Crypt(Box<str>),
    BlfCrypt(Box<str>),
    Scram(Box<ScramKeys>),
}

/// The kind of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Plain,
    Argon2id,
    Sha512Crypt,
    BlfCrypt,
    Scram(ScramHash),
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
        let is_scheme = |hash: &ScramHash| hash.mechanism().as_bytes() == scheme;
        if let Some(scram) = ScramHash::ALL.into_iter().find(is_scheme) {
            let keys = hash.parse().ok().filter(|keys: &ScramKeys| keys.hash() == scram);
            return keys.map(|keys| Self::Scram(keys.into())).ok_or(Problem::Secret);
        }
        let (stored, well_formed) = match &scheme[..] {
            b"ARGON2ID" => (Self::Argon2id(hash.into()), is_argon2id(hash)),
            b"SHA512-CRYPT" => (Self::Sha512Crypt(hash.into()), is_sha512_crypt(hash)),
            b"BLF-CRYPT" => (Self::BlfCrypt(hash.into()), is_blf_crypt(hash)),
            _ => return Err(Problem::UnknownScheme),
        };
        if well_formed { Ok(stored) } else { Err(Problem::Secret) }
    }

    /// Whether it is this password, [as it is stored](as_stored). Takes as long when it is not.
    pub(super) fn matches(&self, password: &Secret) -> bool {
        match self {
            Self::Plain(secret) => as_stored(secret) == *password,
            Self::Argon2id(hash) => {
                let hash: &str = hash;
                Argon2::default().verify_password(password.expose(), hash).is_ok()
            }
            Self::Sha512Crypt(hash) => {
                let hash: &str = hash;
                ShaCrypt::SHA512.verify_password(password.expose(), hash).is_ok()
            }
            Self::BlfCrypt(hash) => bcrypt::verify(password.expose(), hash).unwrap_or(false),
            Self::Scram(keys) => keys.matches(password),
        }
    }

    /// The password itself, where the file holds it.
    pub(super) const fn plain(&self) -> Option<&Secret> {
        match self {
            Self::Plain(secret) => Some(secret),
            _ => None,
        }
    }

    /// The keys for SCRAM, where the file holds such.
    pub(super) const fn scram(&self) -> Option<&ScramKeys> {
        match self {
            Self::Scram(keys) => Some(keys),
            _ => None,
        }
    }

    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Plain(_) => Kind::Plain,
            Self::Argon2id(_) => Kind::Argon2id,
            Self::Sha512Crypt(_) => Kind::Sha512Crypt,
            Self::BlfCrypt(_) => Kind::BlfCrypt,
            Self::Scram(keys) => Kind::Scram(keys.hash()),
        }
    }
}

impl fmt::Debug for Stored {
    /// Shows the scheme alone: a hash can be guessed at offline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)
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

    /// Made by other programs: the reference implementation of Argon2, openssl, crypt(3), doveadm.
    const ARGON2ID: &str = "{ARGON2ID}$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    const SHA512: &str = "{SHA512-CRYPT}$6$abcdefgh$ezUHNwwnOV8.5NnF/Ae61rjp1aJ3wPfJkeW09V6BC09akE1uKbyQ8qxMPAx1tLaev04OGoslSkF38/mElBLOu/";
    const SHA512_ROUNDS: &str = "{sha512-crypt}$6$rounds=1000$abc$7Dwt0kw8Eii/IaClM8ZSuffER.PZ6YA70pxlDDA/P0Hu8gBH9Lp5gfb5aXLJq5ZHZm/UBLJxFw5Cel/2oBhKX0";
    const BLF: &str = "{BLF-CRYPT}$2y$04$abcdefghijklmnopqrstuuhwY1ZbPKPB/wmWP..ihc77VKK2Ik4Yq";
    const SCRAM_SHA1: &str = "{SCRAM-SHA-1}4096,xcPuN9JPpuH8g+DDbBzgxw==,ugCCby5ZF+5+fAJHrDT8EF5mbuo=,dlCpCA8nu+LUm+C590km/3wTI4I=";
    const SCRAM_SHA256: &str = "{scram-sha-256}4096,4sh7LqRT5K4wQXRTOmoDJQ==,tUFEEJIU5EWR+e4WcB5FR6SbMgijNhOOLFjoYStR8aQ=,sSEiHiHYrcmRE2Vx+yEOpLHoK+ISoKGYd+MWhIj0OKA=";

    #[test]
    fn hashes_of_other_programs_are_understood() {
        for (field, right) in [
            (ARGON2ID, "password"),
            (SHA512, "sword fish"),
            (SHA512_ROUNDS, "sword fish"),
            (BLF, "sword fish"),
            (SCRAM_SHA1, "sword fish"),
            (SCRAM_SHA256, "sword fish"),
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
            ("{SCRAM-SHA-1}4096,QSXCR+Q6sek8bf92,6dlGYMOdZcOPutkcNY8U2g7vK9Y=", Problem::Secret),
            (&SCRAM_SHA1.replace("4096", "1"), Problem::Secret),
            (&SCRAM_SHA1.replace("SHA-1", "SHA-256"), Problem::Secret),
            ("{SCRAM-SHA-224}x", Problem::UnknownScheme),
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
