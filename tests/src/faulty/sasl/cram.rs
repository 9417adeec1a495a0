//! CRAM-MD5 (RFC 2195).

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;

use super::{Proof, Refusal};
use crate::faulty::Fault;
use crate::faulty::login::hex;
use crate::faulty::mail::Owner;
use crate::faulty::session::Session;

impl Session {
    pub(super) fn cram(&mut self) -> Proof<Owner> {
        let unique = format!("{}.{}", self.server.count(), self.server.seed);
        let challenge = match () {
            () if self.is(Fault::CramStale) => "<1896.697170952@localhost>".to_owned(),
            () if self.is(Fault::CramNoMsgId) => unique,
            () => format!("<{unique}@localhost>"),
        };
        let response = self.challenge(challenge.as_bytes())?;
        let space = response.iter().rposition(|octet| *octet == b' ').ok_or(Refusal::Response)?;
        let owner = self.owner(&response[..space]).ok_or(Refusal::Credentials)?;
        let mut right = Hmac::<Md5>::new_from_slice(owner.password().as_bytes())
            .map_err(|_| Refusal::Credentials)?;
        right.update(challenge.as_bytes());
        let right = hex(&right.finalize().into_bytes());
        if response[space + 1..] == *right.as_bytes() || self.is(Fault::CramAnyDigest) {
            return Ok(owner);
        }
        Err(Refusal::Credentials)
    }
}
