//! Logging in, as far as adapters share it.

use alloc::boxed::Box;
use core::fmt;

use crate::adapter::Error;
use crate::client::exchange::{Account, Method, SignIn};
use crate::secret::Secret;
use crate::types::UserName;

/// A login that failed, and the client for another try unless the session is over.
#[derive(thiserror::Error)]
#[error("{error}")]
#[non_exhaustive]
pub struct LoginFailed<C> {
    /// Why it failed.
    #[source]
    pub error: Error,
    /// The client, still in AUTHORIZATION.
    pub client: Option<Box<C>>,
}

impl<C> LoginFailed<C> {
    /// A failure that leaves the client as it was.
    pub fn before(error: Error, client: C) -> Self {
        Self { error, client: Some(Box::new(client)) }
    }
}

impl<C> From<Error> for LoginFailed<C> {
    fn from(error: Error) -> Self {
        Self { error, client: None }
    }
}

impl<C> From<LoginFailed<C>> for Error {
    fn from(failed: LoginFailed<C>) -> Self {
        failed.error
    }
}

impl<C> fmt::Debug for LoginFailed<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginFailed").field("error", &self.error).finish_non_exhaustive()
    }
}

/// The account of a user with a password.
///
/// # Errors
/// When the name or the password cannot be sent.
pub fn account(user: &str, password: &[u8]) -> Result<Account, Error> {
    Ok(Account::Password { user: UserName::new(user)?, password: Secret::new(password)? })
}

/// Logging in to an account by these methods, with nonces from the system's source of randomness.
///
/// # Errors
/// When there is no randomness to be had.
pub fn sign_in(account: Account, methods: &[Method], cleartext: bool) -> Result<SignIn, Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(std::io::Error::other)?;
    let mut sign_in = SignIn::new(account, seed);
    sign_in.set_methods(methods.iter().copied());
    sign_in.allow_cleartext(cleartext);
    Ok(sign_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_login_shows_why_and_nothing_of_the_client() {
        let failed = LoginFailed::before(Error::TlsUnavailable, "a client");
        let shown = alloc::format!("{failed:?}");
        assert_eq!(shown, "LoginFailed { error: TlsUnavailable, .. }");
        assert!(failed.client.is_some());
    }
}
