//! The server's half of every mechanism.

mod password;
mod setup;
mod token;

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::scram::{ScramKeys, ScramServer};
use super::{SaslError, ScramHash, base64};
use crate::auth::{Credentials, Timestamp};
use crate::command::Mechanism;
use crate::text::Text;
use crate::types::UserName;
use password::{Asked, Login, PasswordProof};
use token::Bearer;

pub use setup::ServerSetup;

/// What a server does next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// Send this challenge, and give the answer to [`ServerMechanism::step`].
    Challenge(Vec<u8>),
    /// Look up the keys of this user, and give them to [`ServerMechanism::scram_keys`].
    ScramKeys {
        /// Whose keys.
        user: UserName,
        /// For which hash function.
        hash: ScramHash,
    },
    /// Find out whether these credentials are right, and tell [`ServerMechanism::checked`].
    Check(Credentials),
    /// The client has proven to be this user.
    Proven(UserName),
    /// The host has found the credentials right, so the client is who the host says.
    Accepted,
    /// The client has not proven what it claims. It counts as a failed login.
    Refused,
    /// The client broke a rule of the mechanism.
    Malformed(SaslError),
}

/// The server's half of one exchange, from AUTH to its end.
///
/// The first call is [`step`](Self::step) with the initial response, or with `None` when AUTH had
/// none. Each [`Step`] says which call is next. After [`Step::Proven`], [`Step::Accepted`],
/// [`Step::Refused`] and [`Step::Malformed`] the exchange is over. A call out of turn is
/// [`SaslError::Unexpected`] and ends it.
#[derive(Debug)]
pub struct ServerMechanism {
    name: Mechanism,
    machine: Machine,
    /// Whether the client has been heard, or asked to speak.
    begun: bool,
}

enum Machine {
    Plain,
    Login(Login),
    CramMd5(Timestamp),
    Scram(Box<ScramServer>),
    Bearer(Bearer),
    External(Vec<u8>),
    Anonymous,
    /// The host is asked; it is told why by this, if the mechanism says more than no.
    Checking(Option<Bearer>),
    /// The refusal was explained; whatever comes, the answer is no.
    Explained,
    Over,
}

impl ServerMechanism {
    /// The server's half of a mechanism; `None` for one that is not known, a -PLUS without a channel
    /// binding, or EXTERNAL without a certificate.
    ///
    /// Which mechanisms a server offers, and where, is decided by whoever calls: PLAIN, LOGIN and
    /// tokens only within TLS, ANONYMOUS only where guests are wanted.
    #[must_use]
    pub fn new(name: &Mechanism, setup: ServerSetup) -> Option<Self> {
        let machine = match name.as_str() {
            "PLAIN" => Machine::Plain,
            "LOGIN" => Machine::Login(Login::default()),
            "CRAM-MD5" => Machine::CramMd5(setup.timestamp()),
            "OAUTHBEARER" => Machine::Bearer(Bearer::OauthBearer),
            "XOAUTH2" => Machine::Bearer(Bearer::Xoauth2),
            "EXTERNAL" => Machine::External(setup.certificate?),
            "ANONYMOUS" => Machine::Anonymous,
            scram => {
                let plain = scram.strip_suffix("-PLUS");
                let known = |hash: &ScramHash| hash.mechanism() == plain.unwrap_or(scram);
                let hash = ScramHash::ALL.into_iter().find(known)?;
                if plain.is_some() && setup.bindings.is_empty() {
                    return None;
                }
                let nonce = base64::encode(&setup.nonce).as_str().into();
                Machine::Scram(Box::new(ScramServer::new(
                    hash,
                    plain.is_some(),
                    nonce,
                    setup.bindings,
                    setup.decoy_key,
                )))
            }
        };
        Some(Self { name: name.clone(), machine, begun: false })
    }

    /// The name of the mechanism.
    #[must_use]
    pub const fn name(&self) -> &Mechanism {
        &self.name
    }

    /// Takes what the client said: the initial response (`None` when AUTH had none), or the answer
    /// to the last challenge.
    pub fn step(&mut self, response: Option<&[u8]>) -> Step {
        self.try_step(response).unwrap_or_else(|error| self.end(error))
    }

    /// Answers [`Step::ScramKeys`]: what is stored for the user. `None` when the user is not known,
    /// or has nothing of that kind: the exchange goes on with a [decoy](ScramKeys::decoy) of the least
    /// iterations, and fails at its end like one with a wrong password. A host whose users have other
    /// iterations gives decoys of its own.
    pub fn scram_keys(&mut self, keys: Option<ScramKeys>) -> Step {
        let step = match &mut self.machine {
            Machine::Scram(scram) => scram.keys(keys),
            _ => Err(SaslError::Unexpected),
        };
        step.unwrap_or_else(|error| self.end(error))
    }

    /// Answers [`Step::Check`]: whether the credentials are right. A token's refusal is explained to
    /// the client in one more challenge, whatever answers it; then comes [`Step::Refused`].
    pub fn checked(&mut self, right: bool) -> Step {
        match core::mem::replace(&mut self.machine, Machine::Over) {
            Machine::Checking(_) if right => Step::Accepted,
            Machine::Checking(Some(bearer)) => {
                self.machine = Machine::Explained;
                Step::Challenge(bearer.refusal().into())
            }
            Machine::Checking(None) => Step::Refused,
            _ => Step::Malformed(SaslError::Unexpected),
        }
    }

    fn end(&mut self, error: SaslError) -> Step {
        self.machine = Machine::Over;
        Step::Malformed(error)
    }

    fn try_step(&mut self, response: Option<&[u8]>) -> Result<Step, SaslError> {
        let begins = !core::mem::replace(&mut self.begun, true);
        if let (Machine::CramMd5(challenge), true) = (&self.machine, begins) {
            let challenge = challenge.as_str().into();
            return response
                .map_or(Ok(Step::Challenge(challenge)), |_| Err(SaslError::InitialResponse));
        }
        if let Machine::Login(login) = &mut self.machine {
            return match login.step(response)? {
                Asked::Prompt(prompt) => Ok(Step::Challenge(prompt.into())),
                Asked::Answered(credentials) => Ok(self.check(PasswordProof::Of(credentials))),
            };
        }
        // The client speaks first: it is asked to, by an empty challenge (RFC 5034, section 4).
        let response = match response {
            Some(response) => response,
            None if begins => return Ok(Step::Challenge(Vec::new())),
            None => return Err(SaslError::Unexpected),
        };
        match core::mem::replace(&mut self.machine, Machine::Over) {
            Machine::Plain => Ok(self.check(password::plain(response)?)),
            Machine::CramMd5(challenge) => Ok(self.check(password::cram_md5(response, challenge)?)),
            Machine::Scram(mut scram) => {
                let step = scram.step(response);
                self.machine = Machine::Scram(scram);
                step
            }
            Machine::Bearer(bearer) => {
                let (user, token) = bearer.read(response)?;
                let mechanism = self.name.clone();
                self.machine = Machine::Checking(Some(bearer));
                Ok(Step::Check(Credentials::Token { user, token, mechanism }))
            }
            Machine::External(certificate) => {
                let user = match response {
                    b"" => None,
                    name => Some(password::user(name)?),
                };
                self.machine = Machine::Checking(None);
                Ok(Step::Check(Credentials::External { user, certificate }))
            }
            Machine::Anonymous => {
                let trace = Text::new(response).ok().filter(|_| password::is_trace(response));
                self.machine = Machine::Checking(None);
                Ok(Step::Check(Credentials::Anonymous { trace: trace.ok_or(SaslError::Trace)? }))
            }
            Machine::Explained => Ok(Step::Refused),
            Machine::Checking(_) | Machine::Login(_) | Machine::Over => Err(SaslError::Unexpected),
        }
    }

    /// Asks the host, unless the client claims to be somebody else than it proves to be.
    fn check(&mut self, proof: PasswordProof) -> Step {
        match proof {
            PasswordProof::Presumptuous => {
                self.machine = Machine::Over;
                Step::Refused
            }
            PasswordProof::Of(credentials) => {
                self.machine = Machine::Checking(None);
                Step::Check(credentials)
            }
        }
    }
}

impl core::fmt::Debug for Machine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let over = matches!(self, Self::Over);
        f.write_str(if over { "over" } else { "under way" })
    }
}
