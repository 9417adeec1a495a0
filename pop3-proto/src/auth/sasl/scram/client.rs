//! The client of SCRAM.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::super::base64;
use super::super::error::SaslError;
use super::super::prepare::prepared_user;
use super::super::{ClientMechanism, concat};
use super::hash::{Digest, ScramHash};
use super::message::{Attributes, Gs2, escape, nonce, number, text};
use super::{AuthMessage, keys};
use crate::excerpt::Excerpt;
use crate::secret::Secret;
use crate::types::UserName;

pub(in super::super) struct ScramClient {
    hash: ScramHash,
    gs2: Gs2,
    state: State,
}

enum State {
    Start { user: UserName, password: Secret, nonce: Box<str> },
    First { password: Secret, nonce: Box<str>, client_first_bare: String },
    Final { server_signature: Digest },
    Verified,
    Over,
}

impl ScramClient {
    pub(in super::super) fn new(
        hash: ScramHash,
        user: &UserName,
        password: &Secret,
        nonce: &str,
        gs2: Gs2,
    ) -> Self {
        let state =
            State::Start { user: user.clone(), password: password.clone(), nonce: nonce.into() };
        Self { hash, gs2, state }
    }

    /// The last message, and the signature that the server must answer with.
    fn prove(
        &self,
        challenge: &[u8],
        password: &Secret,
        own_nonce: &str,
        client_first_bare: &str,
    ) -> Result<(Zeroizing<Vec<u8>>, Digest), SaslError> {
        let server_first = text(challenge)?;
        refusal(server_first)?;
        let mut attributes = Attributes::of(server_first);
        let both = nonce(attributes.next('r')?)?;
        if both.strip_prefix(own_nonce).is_none_or(str::is_empty) {
            return Err(SaslError::Nonce);
        }
        let salt = base64::decode(attributes.next('s')?.as_bytes()).ok_or(SaslError::Malformed)?;
        let iterations = number(attributes.next('i')?).ok_or(SaslError::Malformed)?;
        attributes.ignore_rest()?;
        let iterations = keys::check(&salt, iterations)?;

        let header = self.gs2.header();
        let bound = base64::encode(&concat(&[header.as_bytes(), self.gs2.data()]));
        let without_proof = concat(&[b"c=", bound.as_bytes(), b",r=", both.as_bytes()]);
        let auth_message = AuthMessage {
            client_first_bare: client_first_bare.as_bytes(),
            server_first: challenge,
            without_proof: &without_proof,
        };
        let (client_key, server_key) = keys::keys(self.hash, password, &salt, iterations)?;
        let mut proof = auth_message.sign(self.hash, &self.hash.hash(&client_key));
        for (octet, key) in proof.iter_mut().zip(client_key.iter()) {
            *octet ^= key;
        }
        let last = concat(&[&without_proof, b",p=", base64::encode(&proof).as_bytes()]);
        Ok((last, auth_message.sign(self.hash, &server_key)))
    }
}

/// The reason that a server gives for failing, as an error.
fn refusal(message: &str) -> Result<(), SaslError> {
    match message.strip_prefix("e=") {
        Some(reason) => {
            let reason = reason.split(',').next().unwrap_or_default();
            Err(SaslError::Server(Excerpt::of(reason.as_bytes())))
        }
        None => Ok(()),
    }
}

fn verify(challenge: &[u8], server_signature: &[u8]) -> Result<(), SaslError> {
    let server_final = text(challenge)?;
    refusal(server_final)?;
    let mut attributes = Attributes::of(server_final);
    let signature = attributes.next('v')?;
    attributes.ignore_rest()?;
    let signature = base64::decode(signature.as_bytes()).ok_or(SaslError::Malformed)?;
    if bool::from(signature.ct_eq(server_signature)) {
        Ok(())
    } else {
        Err(SaslError::ServerSignature)
    }
}

impl ClientMechanism for ScramClient {
    fn name(&self) -> &str {
        match self.gs2 {
            Gs2::Bound(_) => self.hash.mechanism_plus(),
            _ => self.hash.mechanism(),
        }
    }

    fn initial(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, SaslError> {
        let State::Start { user, password, nonce } =
            core::mem::replace(&mut self.state, State::Over)
        else {
            return Err(SaslError::Unexpected);
        };
        let user = prepared_user(&user)?;
        let client_first_bare = alloc::format!("n={},r={nonce}", escape(&user));
        let first = concat(&[self.gs2.header().as_bytes(), client_first_bare.as_bytes()]);
        self.state = State::First { password, nonce, client_first_bare };
        Ok(Some(first))
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, SaslError> {
        match core::mem::replace(&mut self.state, State::Over) {
            State::First { password, nonce, client_first_bare } => {
                let (last, server_signature) =
                    self.prove(challenge, &password, &nonce, &client_first_bare)?;
                self.state = State::Final { server_signature };
                Ok(last)
            }
            State::Final { server_signature } => {
                verify(challenge, &server_signature)?;
                self.state = State::Verified;
                Ok(Zeroizing::default())
            }
            State::Start { .. } | State::Verified | State::Over => Err(SaslError::Unexpected),
        }
    }

    fn finish(&mut self) -> Result<(), SaslError> {
        match core::mem::replace(&mut self.state, State::Over) {
            State::Verified => Ok(()),
            _ => Err(SaslError::NotVerified),
        }
    }
}

impl fmt::Debug for ScramClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(…)", self.name())
    }
}
