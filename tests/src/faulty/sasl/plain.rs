//! PLAIN (RFC 4616).

use super::{Proof, Refusal};
use crate::faulty::Fault;
use crate::faulty::mail::Owner;
use crate::faulty::session::Session;

impl Session {
    pub(super) fn plain(&self, message: &[u8]) -> Proof<Owner> {
        let parts: Vec<_> = message.split(|octet| *octet == b'\0').collect();
        let (for_whom, name, password) = match parts[..] {
            [for_whom, name, password] => (for_whom, name, password),
            [for_whom, name, password, _] if self.is(Fault::PlainThirdNul) => {
                (for_whom, name, password)
            }
            _ => return Err(Refusal::Response),
        };
        if name.is_empty() || password.is_empty() {
            return Err(Refusal::Response);
        }
        let owner = self.owner(name).ok_or(Refusal::Credentials)?;
        let is_proven = self.fits(owner, password) || self.is(Fault::PlainAnyPassword);
        let is_oneself = for_whom.is_empty()
            || self.owner(for_whom) == Some(owner)
            || self.is(Fault::PlainForOthers);
        if is_proven && is_oneself { Ok(owner) } else { Err(Refusal::Credentials) }
    }
}
