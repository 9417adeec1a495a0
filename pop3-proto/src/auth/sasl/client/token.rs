//! OAUTHBEARER and XOAUTH2: the token at once, and an answer to the server's reasons to refuse it.

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::super::bearer::is_token;
use super::super::scram::escape;
use super::super::{ClientMechanism, SaslError, concat};
use crate::secret::Secret;
use crate::types::UserName;

pub(super) struct Bearer {
    name: &'static str,
    message: Option<Result<Zeroizing<Vec<u8>>, SaslError>>,
    /// What answers the server's reasons to refuse.
    dummy: &'static [u8],
    refused: bool,
}

impl Bearer {
    pub(super) fn oauth_bearer(
        user: Option<&UserName>,
        host: &str,
        port: u16,
        token: &Secret,
    ) -> Self {
        let who = user.map(|user| alloc::format!("a={}", escape(user))).unwrap_or_default();
        let port = alloc::format!("{port}");
        let message = if host.is_empty() || !host.bytes().all(|octet| octet.is_ascii_graphic()) {
            Err(SaslError::Host)
        } else {
            with_token(
                &[
                    b"n,",
                    who.as_bytes(),
                    b",\x01host=",
                    host.as_bytes(),
                    b"\x01port=",
                    port.as_bytes(),
                    b"\x01",
                ],
                token,
            )
        };
        Self { name: "OAUTHBEARER", message: Some(message), dummy: b"\x01", refused: false }
    }

    pub(super) fn xoauth2(user: &UserName, token: &Secret) -> Self {
        let message = with_token(&[b"user=", user.as_str().as_bytes(), b"\x01"], token);
        Self { name: "XOAUTH2", message: Some(message), dummy: b"", refused: false }
    }
}

fn with_token(before: &[&[u8]], token: &Secret) -> Result<Zeroizing<Vec<u8>>, SaslError> {
    if !is_token(token.expose()) {
        return Err(SaslError::Token);
    }
    let mut parts = before.to_vec();
    parts.extend([b"auth=Bearer ".as_slice(), token.expose(), b"\x01\x01"]);
    Ok(concat(&parts))
}

impl ClientMechanism for Bearer {
    fn name(&self) -> &str {
        self.name
    }

    fn initial(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, SaslError> {
        self.message.take().unwrap_or(Err(SaslError::Unexpected)).map(Some)
    }

    fn respond(&mut self, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, SaslError> {
        if self.message.is_some() || core::mem::replace(&mut self.refused, true) {
            return Err(SaslError::Unexpected);
        }
        Ok(concat(&[self.dummy]))
    }

    fn finish(&mut self) -> Result<(), SaslError> {
        // A server that has refused and lets the client in all the same is out of step.
        if self.refused { Err(SaslError::Unexpected) } else { Ok(()) }
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(…)", self.name)
    }
}
