//! Laws, each a function from arbitrary octets to a panic if it does not hold.
//!
//! They stand here and not in the targets so that a test on stable Rust can hold an input against
//! them, too.
#![forbid(unsafe_code)]

mod calls;
pub mod capability;
pub mod client_bytes;
pub mod client_session;
pub mod command;
mod cuts;
mod exchanges;
mod heap;
pub mod maildir;
pub mod message;
pub mod multiline;
mod office;
pub mod pair;
pub mod reply;
pub mod sasl;
mod secrets;
pub mod server_bytes;
pub mod server_session;
pub mod url;

use secrets::{PASSWORD, has_password};
