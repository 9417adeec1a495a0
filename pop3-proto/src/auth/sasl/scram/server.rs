//! The server of SCRAM.

use alloc::string::String;
use alloc::vec::Vec;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::super::error::SaslError;
use super::super::prepare::prepared_user;
use super::super::server::Step;
use super::super::{ChannelBinding, base64, concat};
use super::AuthMessage;
use super::hash::ScramHash;
use super::keys::ScramKeys;
use super::message::{Attributes, Header, nonce, text, unescape};
use crate::types::UserName;

pub(in super::super) struct ScramServer {
    hash: ScramHash,
    plus: bool,
    nonce: String,
    bindings: Vec<ChannelBinding>,
    decoy_key: Zeroizing<[u8; 32]>,
    state: State,
}

enum State {
    Start,
    Keys(First),
    Final {
        first: First,
        server_first: String,
        both_nonces: String,
        keys: ScramKeys,
    },
    /// The signature was sent; the client has nothing more to say.
    Told(UserName),
    Over,
}

/// What the first message said.
struct First {
    user: UserName,
    /// The header and the binding's data, as the last message must repeat them.
    bound: Zeroizing<Vec<u8>>,
    bare: String,
    client_nonce: String,
    /// Whether the client asks to be somebody else.
    presumes: bool,
}

impl ScramServer {
    pub(in super::super) fn new(
        hash: ScramHash,
        plus: bool,
        nonce: String,
        bindings: Vec<ChannelBinding>,
        decoy_key: Zeroizing<[u8; 32]>,
    ) -> Self {
        Self { hash, plus, nonce, bindings, decoy_key, state: State::Start }
    }

    pub(in super::super) fn step(&mut self, response: &[u8]) -> Result<Step, SaslError> {
        match core::mem::replace(&mut self.state, State::Over) {
            State::Start => {
                let first = self.first(response)?;
                let step = Step::ScramKeys { user: first.user.clone(), hash: self.hash };
                self.state = State::Keys(first);
                Ok(step)
            }
            State::Final { first, server_first, both_nonces, keys } => {
                match self.verify(response, &first, &server_first, &both_nonces, &keys)? {
                    Some(signature) => {
                        self.state = State::Told(first.user);
                        Ok(Step::Challenge(signature))
                    }
                    None => Ok(Step::Refused),
                }
            }
            State::Told(user) if response.is_empty() => Ok(Step::Proven(user)),
            State::Told(_) => Err(SaslError::Malformed),
            State::Keys(_) | State::Over => Err(SaslError::Unexpected),
        }
    }

    /// Goes on with the keys of the user, or with such as nobody has.
    pub(in super::super) fn keys(&mut self, keys: Option<ScramKeys>) -> Result<Step, SaslError> {
        let State::Keys(first) = core::mem::replace(&mut self.state, State::Over) else {
            return Err(SaslError::Unexpected);
        };
        let keys = keys.filter(|keys| keys.hash() == self.hash).unwrap_or_else(|| {
            let iterations = *ScramKeys::ITERATIONS.start();
            ScramKeys::decoy(self.hash, &self.decoy_key, &first.user, iterations)
        });
        let both_nonces = alloc::format!("{}{}", first.client_nonce, self.nonce);
        let salt = base64::encode(keys.salt());
        let server_first =
            alloc::format!("r={both_nonces},s={},i={}", salt.as_str(), keys.iterations());
        let challenge = server_first.clone().into_bytes();
        self.state = State::Final { first, server_first, both_nonces, keys };
        Ok(Step::Challenge(challenge))
    }

    fn first(&self, message: &[u8]) -> Result<First, SaslError> {
        let header = Header::split(text(message)?)?;
        let data = self.bound(header.flag)?;
        let mut attributes = Attributes::of(header.rest);
        let user = prepared_user(&unescape(attributes.next('n')?)?)?;
        let client_nonce = nonce(attributes.next('r')?)?.into();
        attributes.ignore_rest()?;
        let presumes = match header.authorization {
            Some(other) => prepared_user(&other)? != user,
            None => false,
        };
        let bound = concat(&[header.octets.as_bytes(), data]);
        Ok(First { user, bound, bare: header.rest.into(), client_nonce, presumes })
    }

    /// The data that a client with this flag binds.
    fn bound(&self, flag: &str) -> Result<&[u8], SaslError> {
        match flag {
            "n" | "y" if self.plus => Err(SaslError::BindingUse),
            "n" => Ok(&[]),
            "y" if self.bindings.is_empty() => Ok(&[]),
            "y" => Err(SaslError::Downgraded),
            _ => {
                let kind = flag.strip_prefix("p=").ok_or(SaslError::Malformed)?;
                if !self.plus {
                    return Err(SaslError::BindingUse);
                }
                let of_kind = |binding: &&ChannelBinding| binding.kind().as_str() == kind;
                let binding = self.bindings.iter().find(of_kind).ok_or(SaslError::BindingType)?;
                Ok(binding.data())
            }
        }
    }

    /// The server's signature, if the client's proof is right.
    fn verify(
        &self,
        message: &[u8],
        first: &First,
        server_first: &str,
        both_nonces: &str,
        keys: &ScramKeys,
    ) -> Result<Option<Vec<u8>>, SaslError> {
        let last = text(message)?;
        let (without_proof, proof) = last.rsplit_once(",p=").ok_or(SaslError::Malformed)?;
        let mut attributes = Attributes::of(without_proof);
        let bound = attributes.next('c')?;
        let nonces = attributes.next('r')?;
        attributes.ignore_rest()?;
        let bound = base64::decode(bound.as_bytes()).ok_or(SaslError::Malformed)?;
        let mut proof = base64::decode(proof.as_bytes()).ok_or(SaslError::Malformed)?;
        if !bool::from(bound.ct_eq(&first.bound)) {
            return Err(SaslError::Binding);
        }
        if nonces != both_nonces {
            return Err(SaslError::Nonce);
        }
        let auth_message = AuthMessage {
            client_first_bare: first.bare.as_bytes(),
            server_first: server_first.as_bytes(),
            without_proof: without_proof.as_bytes(),
        };
        let client_signature = auth_message.sign(self.hash, keys.stored_key());
        if proof.len() != client_signature.len() {
            return Err(SaslError::Malformed);
        }
        for (octet, signature) in proof.iter_mut().zip(client_signature.iter()) {
            *octet ^= signature;
        }
        if !keys.is_client_key(&proof) || first.presumes {
            return Ok(None);
        }
        let signature = base64::encode(&auth_message.sign(self.hash, keys.server_key()));
        Ok(Some([b"v=", signature.as_bytes()].concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{ServerMechanism, ServerSetup};
    use super::super::keys::keys;
    use super::*;
    use crate::Secret;
    use crate::command::Mechanism;

    const HASH: ScramHash = ScramHash::Sha256;
    const BARE: &str = "n=mark,r=abc";

    /// The answer to a client that knows the password and would act for somebody, and its server.
    fn acting_for(authorization: &str) -> (ServerMechanism, Step) {
        let name = Mechanism::new(HASH.mechanism()).unwrap();
        let mut server =
            ServerMechanism::new(&name, ServerSetup::new([2; 24], "host", [3; 32])).unwrap();
        let header = alloc::format!("n,a={authorization},");
        let first = alloc::format!("{header}{BARE}");
        assert!(matches!(server.step(Some(first.as_bytes())), Step::ScramKeys { .. }));
        let password = Secret::new("swordfish").unwrap();
        let stored = ScramKeys::derive(HASH, &password, b"a salt", 4096).unwrap();
        let Step::Challenge(challenge) = server.scram_keys(Some(stored)) else { panic!() };
        let (client_key, _) = keys(HASH, &password, b"a salt", 4096).unwrap();

        let server_first = core::str::from_utf8(&challenge).unwrap();
        let nonces = server_first.split(',').next().unwrap();
        let bound = base64::encode(header.as_bytes());
        let without_proof = alloc::format!("c={},{nonces}", bound.as_str());
        let message = AuthMessage {
            client_first_bare: BARE.as_bytes(),
            server_first: server_first.as_bytes(),
            without_proof: without_proof.as_bytes(),
        };
        let mut proof = message.sign(HASH, &HASH.hash(&client_key));
        proof.iter_mut().zip(client_key.iter()).for_each(|(octet, key)| *octet ^= key);
        let last = alloc::format!("{without_proof},p={}", base64::encode(&proof).as_str());
        let step = server.step(Some(last.as_bytes()));
        (server, step)
    }

    #[test]
    fn somebody_may_act_for_themselves_and_for_nobody_else() {
        let (mut server, step) = acting_for("mark");
        assert!(matches!(step, Step::Challenge(_)), "{step:?}");
        let step = server.step(Some(b""));
        assert!(matches!(&step, Step::Proven(user) if user.as_str() == "mark"), "{step:?}");
        let (_, step) = acting_for("mary");
        assert!(matches!(step, Step::Refused), "{step:?}");
    }

    #[test]
    fn nothing_is_said_behind_the_signature() {
        let (mut server, _) = acting_for("mark");
        assert!(matches!(server.step(Some(b"and more")), Step::Malformed(_)));
        assert!(!matches!(server.step(Some(b"")), Step::Proven(_)), "it is over");
    }
}
