//! What a service needs of chance.

use std::io;
use std::sync::{Arc, OnceLock};

use pop3_proto::auth::sasl::NONCE;

use crate::salts::random;

/// Where the sessions of a service get their nonces from.
#[derive(Clone)]
pub(crate) struct Secrets {
    pub(crate) host: Arc<str>,
    decoy_key: Arc<OnceLock<[u8; 32]>>,
}

/// What one SASL exchange is begun with.
pub(crate) struct Drawn {
    pub(crate) host: Arc<str>,
    pub(crate) nonce: [u8; NONCE],
    /// The same for all exchanges, so that an unknown name always has the same salt.
    pub(crate) decoy_key: [u8; 32],
}

impl Default for Secrets {
    fn default() -> Self {
        Self { host: "localhost".into(), decoy_key: Arc::default() }
    }
}

impl Secrets {
    pub(crate) fn take(&self) -> io::Result<Drawn> {
        let decoy_key = match self.decoy_key.get() {
            Some(key) => *key,
            None => {
                let key = random()?;
                *self.decoy_key.get_or_init(|| key)
            }
        };
        Ok(Drawn { host: Arc::clone(&self.host), nonce: random()?, decoy_key })
    }
}
