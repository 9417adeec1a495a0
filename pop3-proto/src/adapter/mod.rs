//! What every adapter with a socket shares (feature `std`): where a server is, how to get to it,
//! and how a call can fail.
//!
//! Nothing here touches a socket either. An adapter resolves an [`Endpoint`], connects, holds the
//! exchange that [`Options::opening`] makes, and turns whatever goes wrong into an [`Error`]. One
//! for an asynchronous runtime brings a [`Transport`], and a [`Conversation`] does the rest.

mod conversation;
mod endpoint;
mod error;
#[cfg(feature = "sasl")]
mod login;
mod options;
mod silence;
mod transport;

pub use conversation::Conversation;
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use error::Error;
#[cfg(feature = "sasl")]
pub use login::{LoginFailed, account, sign_in};
pub use options::{Cleartext, Options, Security};
pub use silence::Silence;
pub use transport::Transport;
