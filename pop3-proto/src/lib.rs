//! POP3 without I/O.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod auth;
mod capability;
pub mod client;
pub mod command;
mod error;
mod excerpt;
mod keyword;
mod line;
pub mod multiline;
pub mod reply;
mod secret;
pub mod server;
pub mod state;
mod text;
mod types;
mod wire;

/// The types of [`Transmit`] and of message chunks come from here.
pub use bytes;
pub use capability::{Capabilities, Capability};
pub use command::Command;
pub use error::{ApiMisuse, ProtocolError, Rule};
pub use excerpt::Excerpt;
pub use keyword::Keyword;
pub use reply::Reply;
pub use secret::{InvalidSecret, Secret};
pub use text::{InvalidText, Text};
pub use types::{
    InvalidUniqueId, InvalidUserName, MessageInfo, MessageNumber, Octets, UniqueId, UserName,
};
pub use wire::Transmit;
