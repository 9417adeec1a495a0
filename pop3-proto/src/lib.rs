//! POP3 without I/O.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod auth;
mod excerpt;
pub mod multiline;
mod secret;
mod text;
mod types;

pub use excerpt::Excerpt;
pub use secret::{InvalidSecret, Secret};
pub use text::{InvalidText, Text};
pub use types::{
    InvalidUniqueId, InvalidUserName, MessageInfo, MessageNumber, Octets, UniqueId, UserName,
};
