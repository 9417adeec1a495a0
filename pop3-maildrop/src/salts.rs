//! Keys for SCRAM where none are stored: of users whose password is at hand, and of nobody.

use std::sync::OnceLock;
use std::{fmt, io};

use pop3_proto::auth::sasl::{ScramHash, ScramKeys};
use pop3_proto::{Secret, UserName};

use crate::LoginRefused;

/// Gives every name a salt that is the same for as long as the process lives, whether there is such
/// a user or not, so that nothing tells the two apart. The secret that the salts are made with is
/// drawn when it is first needed.
#[derive(Default)]
pub(crate) struct Salts(OnceLock<[u8; 32]>);

impl Salts {
    /// The keys of a password; without one, keys that no password has, after the same time.
    pub(crate) fn keys(
        &self,
        hash: ScramHash,
        user: &UserName,
        password: Option<&Secret>,
        iterations: u32,
    ) -> Result<ScramKeys, LoginRefused> {
        let decoy = self.decoy(hash, user, iterations)?;
        let nobody = Secret::new("-").expect("a password");
        let derived =
            ScramKeys::derive(hash, password.unwrap_or(&nobody), decoy.salt(), decoy.iterations());
        Ok(match derived {
            Ok(keys) if password.is_some() => keys,
            _ => decoy,
        })
    }

    /// Keys that no password has, at once: as quickly as stored ones are found.
    pub(crate) fn decoy(
        &self,
        hash: ScramHash,
        user: &UserName,
        iterations: u32,
    ) -> Result<ScramKeys, LoginRefused> {
        Ok(ScramKeys::decoy(hash, self.key()?, user, iterations))
    }

    fn key(&self) -> Result<&[u8; 32], LoginRefused> {
        if let Some(key) = self.0.get() {
            return Ok(key);
        }
        let key = random().map_err(|error| LoginRefused::Temporary(error.into()))?;
        Ok(self.0.get_or_init(|| key))
    }
}

/// Octets that nobody can foresee.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets)?;
    Ok(octets)
}

impl fmt::Debug for Salts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salts(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_unknown_users_have_the_same_salt_and_only_the_known_a_password() {
        let salts = Salts::default();
        let (user, secret) = (UserName::new("mark").unwrap(), Secret::new("swordfish").unwrap());
        let known = salts.keys(ScramHash::Sha256, &user, Some(&secret), 4096).unwrap();
        let unknown = salts.keys(ScramHash::Sha256, &user, None, 4096).unwrap();
        let decoy = salts.decoy(ScramHash::Sha256, &user, 4096).unwrap();
        assert_eq!((known.salt(), known.iterations()), (unknown.salt(), unknown.iterations()));
        assert_eq!(decoy.salt(), known.salt());
        assert!(known.matches(&secret));
        for keys in [unknown, decoy] {
            assert!(!keys.matches(&secret) && !keys.matches(&Secret::new("-").unwrap()));
        }
        assert_ne!(
            Salts::default().decoy(ScramHash::Sha256, &user, 4096).unwrap().salt(),
            known.salt()
        );
    }
}
