//! What the tests of the whole system have in common.
//!
//! | module | what |
//! |---|---|
//! | [`adapters`] | the adapters behind one face |
//! | [`transcript`] | sessions as readable text, played against either side |
//! | [`letters`] | letters that break programs, made anew each time from a seed |
//! | [`compare`] | what may become of a letter on its way, and nothing else |
//! | [`faulty`] | a lawful server that does one thing wrong when asked to, for `pop3-conformance` |
//! | [`faulty_client`] | a lawful client that does one thing wrong when asked to, for the same |
//! | [`in_process`] | our server without a socket |
//! | [`process`] | programs that are started, waited for within bounds, and ended |
//! | [`pop3`] | the program `pop3`, built once a run |
//! | [`peers`] | other people's clients and servers |
//! | [`proofs`] | tests by their names, for lists of what is proven |
//! | [`strace`] | faults at chosen steps of a program |
#![forbid(unsafe_code)]
#![warn(missing_docs)]

use std::io::Write;

pub mod adapters;
pub mod compare;
pub mod faulty;
pub mod faulty_client;
pub mod in_process;
pub mod letters;
pub mod peers;
pub mod pop3;
pub mod process;
pub mod proofs;
pub mod random;
pub mod strace;
pub mod transcript;

/// Tells a measured fact to whoever runs the tests, also when the test passes: what `println!`
/// says is then kept back.
pub fn tell(fact: &str) {
    // Without standard error there is nobody to be told.
    let _ = writeln!(std::io::stderr(), "{fact}");
}

/// What the README shows to authors of libraries compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
