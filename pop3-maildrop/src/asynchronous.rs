//! Stores that are asynchronous themselves, such as a database or an object store.
//!
//! They answer the same three questions as the blocking ones, under the same rules, and belong to
//! no runtime: the futures are plain ones, awaited by whatever task drives the session. A service
//! is made of them by [`Service::asynchronous`](crate::Service::asynchronous).

use std::io;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use pop3_proto::auth::Credentials;
use pop3_proto::auth::sasl::{ScramHash, ScramKeys};
use pop3_proto::bytes::Bytes;
use pop3_proto::{MessageInfo, MessageNumber, UserName};

use crate::{LetterError, LoginRefused, OpenError, Removal, RemoveError};

/// A future on the heap that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Checks who a client is; the asynchronous [`Authenticator`](crate::Authenticator).
///
/// ```
/// use pop3_maildrop::{AsyncAuthenticator, BoxFuture, LoginRefused};
/// use pop3_proto::{UserName, auth::Credentials};
///
/// struct Directory;
///
/// impl Directory {
///     async fn knows(&self, credentials: &Credentials) -> std::io::Result<bool> {
///         // Asks a server somewhere.
///         # Ok(true)
///     }
/// }
///
/// impl AsyncAuthenticator for Directory {
///     fn authenticate<'a>(
///         &'a self,
///         credentials: &'a Credentials,
///     ) -> BoxFuture<'a, Result<UserName, LoginRefused>> {
///         Box::pin(async move {
///             match self.knows(credentials).await {
///                 Ok(true) => credentials.user().cloned().ok_or(LoginRefused::Credentials),
///                 Ok(false) => Err(LoginRefused::Credentials),
///                 Err(error) => Err(LoginRefused::Temporary(error.into())),
///             }
///         })
///     }
/// }
/// ```
pub trait AsyncAuthenticator: Send + Sync {
    /// The mailbox that these credentials open.
    ///
    /// # Errors
    /// As those of [`Authenticator::authenticate`](crate::Authenticator::authenticate).
    fn authenticate<'a>(
        &'a self,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<UserName, LoginRefused>>;

    /// The SASL mechanisms that users here can log in by, as
    /// [`Authenticator::mechanisms`](crate::Authenticator::mechanisms). It is asked before the
    /// greeting and is to be answered at once.
    fn mechanisms(&self) -> Vec<&'static str> {
        vec!["PLAIN", "LOGIN"]
    }

    /// What is stored of a user's password for SCRAM, as
    /// [`Authenticator::scram_keys`](crate::Authenticator::scram_keys).
    ///
    /// # Errors
    /// When it cannot be looked up now.
    fn scram_keys<'a>(
        &'a self,
        _user: &'a UserName,
        _hash: ScramHash,
    ) -> BoxFuture<'a, Result<Option<ScramKeys>, LoginRefused>> {
        Box::pin(async { Ok(None) })
    }

    /// Whether anybody here can log in by APOP. It is asked before the greeting and is to be
    /// answered at once.
    fn offers_apop(&self) -> bool {
        false
    }

    /// How long this user waits from one login to the next, as
    /// [`Authenticator::login_delay`](crate::Authenticator::login_delay) tells.
    fn login_delay<'a>(&'a self, user: &'a UserName) -> BoxFuture<'a, Option<Duration>> {
        let _ = user;
        Box::pin(std::future::ready(None))
    }
}

/// Opens users' maildrops; the asynchronous [`Maildrops`](crate::Maildrops).
pub trait AsyncMaildrops: Send + Sync {
    /// Opens and locks the maildrop of a user who has been authenticated. A future that is dropped
    /// leaves nothing locked.
    ///
    /// # Errors
    /// As those of [`Maildrops::open`](crate::Maildrops::open).
    fn open<'a>(
        &'a self,
        user: &'a UserName,
    ) -> BoxFuture<'a, Result<Box<dyn AsyncMaildrop>, OpenError>>;
}

/// A maildrop as it was at login; the asynchronous [`Maildrop`](crate::Maildrop).
///
/// Dropping it releases its lock, or sets that about, and removes nothing.
pub trait AsyncMaildrop: Send {
    /// The messages in order; always the same while the maildrop is open.
    fn messages(&self) -> &[MessageInfo];

    /// Removes for good what was delivered before that time, as
    /// [`Maildrop::expire`](crate::Maildrop::expire) does.
    ///
    /// # Errors
    /// When some could not be removed; these are still in the snapshot.
    fn expire(&mut self, before: SystemTime) -> BoxFuture<'_, Result<usize, RemoveError>> {
        let _ = before;
        Box::pin(std::future::ready(Ok(0)))
    }

    /// Opens a letter.
    ///
    /// # Errors
    /// As those of [`Maildrop::letter`](crate::Maildrop::letter).
    fn letter(
        &mut self,
        number: MessageNumber,
    ) -> BoxFuture<'_, Result<Box<dyn AsyncLetter>, LetterError>>;

    /// Removes letters for good, one outcome for each, as
    /// [`Maildrop::remove`](crate::Maildrop::remove) does. A future that is dropped may have
    /// removed some of them.
    fn remove<'a>(&'a mut self, numbers: &'a [MessageNumber]) -> BoxFuture<'a, Vec<Removal>>;
}

/// A letter that is being read.
pub trait AsyncLetter: Send {
    /// The next octets as they are stored, with any line ends; empty at the end of the letter.
    /// They stay in memory until the client has taken them: 16 to 64 KiB are a good size.
    ///
    /// # Errors
    /// When the letter cannot be read to its end; it never just stops.
    fn next_piece(&mut self) -> BoxFuture<'_, io::Result<Bytes>>;
}
