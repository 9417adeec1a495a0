//! PLAIN, EXTERNAL and ANONYMOUS, which say one thing; LOGIN and CRAM-MD5, which are asked.

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::super::{ClientMechanism, SaslError, concat};
use crate::auth::CramMd5Digest;
use crate::secret::Secret;
use crate::text::Text;
use crate::types::UserName;

/// A mechanism of one message.
pub(super) struct Single {
    name: &'static str,
    message: Option<Result<Zeroizing<Vec<u8>>, SaslError>>,
}

impl Single {
    fn new(name: &'static str, parts: &[&[u8]]) -> Self {
        Self { name, message: Some(Ok(concat(parts))) }
    }

    pub(super) fn plain(user: &UserName, password: &Secret) -> Self {
        Self::new("PLAIN", &[b"\0", user.as_str().as_bytes(), b"\0", password.expose()])
    }

    pub(super) fn external(user: Option<&UserName>) -> Self {
        Self::new("EXTERNAL", &[user.map_or("", UserName::as_str).as_bytes()])
    }

    pub(super) fn anonymous(trace: &Text) -> Self {
        match is_trace(trace.as_bytes()) {
            true => Self::new("ANONYMOUS", &[trace.as_bytes()]),
            false => Self { name: "ANONYMOUS", message: Some(Err(SaslError::Trace)) },
        }
    }
}

/// Whether octets are a trace (RFC 4505, section 2).
pub(in crate::auth::sasl) fn is_trace(trace: &[u8]) -> bool {
    core::str::from_utf8(trace).is_ok_and(|trace| trace.chars().count() <= 255)
}

impl ClientMechanism for Single {
    fn name(&self) -> &str {
        self.name
    }

    fn initial(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, SaslError> {
        self.message.take().unwrap_or(Err(SaslError::Unexpected)).map(Some)
    }

    fn respond(&mut self, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, SaslError> {
        Err(SaslError::Unexpected)
    }

    fn finish(&mut self) -> Result<(), SaslError> {
        Ok(())
    }
}

impl fmt::Debug for Single {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(…)", self.name)
    }
}

/// LOGIN, with the answers that are still to be given, the last one first.
#[derive(Debug)]
pub(super) struct Login(Vec<Secret>);

impl Login {
    pub(super) fn new(user: &UserName, password: &Secret) -> Self {
        // A user name is never empty and has no control characters.
        let user = Secret::new(user.as_str()).ok();
        Self([Some(password.clone()), user].into_iter().flatten().collect())
    }
}

impl ClientMechanism for Login {
    fn name(&self) -> &str {
        "LOGIN"
    }

    fn initial(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, SaslError> {
        Ok(None)
    }

    fn respond(&mut self, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, SaslError> {
        let answer = self.0.pop().ok_or(SaslError::Unexpected)?;
        Ok(concat(&[answer.expose()]))
    }

    fn finish(&mut self) -> Result<(), SaslError> {
        Ok(())
    }
}

/// CRAM-MD5, until it has answered.
#[derive(Debug)]
pub(super) struct CramMd5(Option<(UserName, Secret)>);

impl CramMd5 {
    pub(super) fn new(user: &UserName, password: &Secret) -> Self {
        Self(Some((user.clone(), password.clone())))
    }
}

impl ClientMechanism for CramMd5 {
    fn name(&self) -> &str {
        "CRAM-MD5"
    }

    fn initial(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, SaslError> {
        Ok(None)
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, SaslError> {
        let (user, password) = self.0.take().ok_or(SaslError::Unexpected)?;
        if challenge.is_empty() {
            return Err(SaslError::Malformed);
        }
        let digest = CramMd5Digest::compute(challenge, password.expose()).to_hex();
        Ok(concat(&[user.as_str().as_bytes(), b" ", &digest]))
    }

    fn finish(&mut self) -> Result<(), SaslError> {
        Ok(())
    }
}
