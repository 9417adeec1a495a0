//! Laws of `pop3-proto`, each a function from arbitrary octets to a panic if it does not hold.
//!
//! They stand here and not in the targets so that a test on stable Rust can hold an input against
//! them, too.
#![forbid(unsafe_code)]

pub mod client_bytes;
pub mod command;
mod cuts;
pub mod message;
pub mod multiline;
pub mod reply;
pub mod server_bytes;

/// What no one but the peer may repeat.
const PASSWORD: &str = "swordfish";

fn has_password(octets: &[u8]) -> bool {
    octets.windows(PASSWORD.len()).any(|word| word == PASSWORD.as_bytes())
}
