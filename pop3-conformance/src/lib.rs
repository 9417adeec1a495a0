//! Judges POP3 servers and clients against the RFCs, from outside, octet by octet.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod case;
pub mod client;
pub mod report;
pub mod requirement;
pub mod script;
pub mod server;
