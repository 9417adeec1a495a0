//! A POP3 client that does one thing wrong, when asked to.
//!
//! It is what the client side of `pop3-conformance` is tested with: without a fault it must pass
//! every case, and with one it must fail the case that is meant for it. It shares nothing with the
//! clients of this project. It is lawful and otherwise simple: one connection, no second try.
//!
//! | module | what |
//! |---|---|
//! | `faults` | the faults, and what each breaks |
//! | `session` | from the greeting to QUIT |
//! | `login` | USER, APOP, AUTH |
//! | `listing` | CAPA, LIST, UIDL |
//! | `wire`, `tls` | lines and letters; which certificates are good |
//!
//! Wherever a fault is, it says `self.is(Fault::…)`.

mod faults;
mod listing;
mod login;
mod session;
mod tls;
mod wire;

pub use faults::{Entry, FAULTS, Fault};
pub use session::collect;
