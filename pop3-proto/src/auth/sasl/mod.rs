//! The SASL mechanisms (RFC 4422), both sides, as machines over decoded octets.
//!
//! AUTH (RFC 5034) carries them: lines of Base64, `+ ` in front of a challenge, `*` to cancel. That
//! framing belongs to the connections; what the octets mean stands here, and knows neither lines
//! nor sockets. Nonces, names of hosts and channel bindings are handed in, so that the same input
//! gives the same output.
//!
//! | mechanism | proves | why it is here |
//! |---|---|---|
//! | SCRAM-SHA-256, -512, -1 (RFC 5802, 7677) | knowing the password, by both sides | the password is neither sent nor stored; the client knows that the server is the one |
//! | the same with -PLUS (RFC 5929, 9266) | also that both are in the same TLS channel | nobody in between can relay the login |
//! | CRAM-MD5 (RFC 2195) | knowing the password | what old clients have; the server must keep the password |
//! | PLAIN (RFC 4616) | knowing the password, which it sends | every server and client has it (RFC 5034 demands it, within TLS) |
//! | LOGIN | as PLAIN | for peers that lack PLAIN |
//! | OAUTHBEARER (RFC 7628), XOAUTH2 | holding a token | the large providers take nothing else; the second is what they had before the first |
//! | EXTERNAL (RFC 4422) | owning the certificate shown to TLS | no password at all |
//! | ANONYMOUS (RFC 4505) | nothing | public maildrops |
//!
//! A client drives a [`ClientMechanism`], made in [`client`] or brought along; a server drives a
//! [`ServerMechanism`].
//!
//! ```
//! use pop3_proto::auth::sasl::{ScramHash, ScramKeys, ServerMechanism, ServerSetup, Step, client};
//! use pop3_proto::{Secret, UserName, command::Mechanism};
//!
//! let (user, password) = (UserName::new("mark")?, Secret::new("swordfish")?);
//! let stored = ScramKeys::derive(ScramHash::Sha256, &password, b"a random salt", 4096)?;
//!
//! // The nonces are constant in examples only: each is to be random, and used once.
//! let mut client = client::scram(ScramHash::Sha256, &user, &password, [1; 24], None);
//! let setup = ServerSetup::new([2; 24], "pop.example.org", [3; 32]);
//! let mut server = ServerMechanism::new(&Mechanism::new(client.name())?, setup).unwrap();
//!
//! let first = client.initial()?;
//! let step = server.step(first.as_ref().map(|octets| octets.as_slice()));
//! let Step::ScramKeys { user, hash: ScramHash::Sha256 } = step else { panic!() };
//! assert_eq!(user.as_str(), "mark");
//! let Step::Challenge(salt_and_count) = server.scram_keys(Some(stored)) else { panic!() };
//! let Step::Challenge(verifier) = server.step(Some(&client.respond(&salt_and_count)?)) else {
//!     panic!()
//! };
//! let Step::Proven(user) = server.step(Some(&client.respond(&verifier)?)) else { panic!() };
//! client.finish()?; // the server has proven that it knows the keys
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Names and passwords beyond ASCII
//!
//! SCRAM demands that they be prepared by `SASLprep` (RFC 4013): feature `saslprep`; without it, SCRAM
//! refuses them with [`SaslError::NotAscii`], as RFC 5802 says, and the other mechanisms carry them
//! as they are. What is ASCII is never changed.
//!
//! # Why not a SASL library
//!
//! rsasl 2.3 has most of this. It builds with std only, draws its nonces from a generator of its own
//! and asks its questions through callbacks, in the midst of a step; a core that is the same on every
//! run and asks by returning needs small machines of its own. The tests have every one of them talk
//! to rsasl, where it has the mechanism.

pub mod base64;
mod bearer;
mod channel;
pub mod client;
mod error;
mod nonces;
mod prepare;
mod scram;
mod server;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

pub use channel::{BindingType, ChannelBinding};
pub use error::SaslError;
pub use nonces::Nonces;
pub(crate) use prepare::lenient_user;
pub use prepare::{prepared_password, prepared_user};
pub use scram::{ScramHash, ScramKeys};
pub use server::{ServerMechanism, ServerSetup, Step};

/// The octets of a nonce, to be drawn from a secure random source for every exchange.
pub const NONCE: usize = 24;

/// The client's half of a mechanism. Those of [`client`] are at hand; a host may bring its own.
///
/// The order of calls is [`initial`](Self::initial) once, [`respond`](Self::respond) for every
/// challenge, [`finish`](Self::finish) at the server's `+OK`. Any other order is an error, never a
/// panic. Any error ends the exchange: the client cancels it.
pub trait ClientMechanism: Send + fmt::Debug {
    /// The name, in capitals, as it stands in the AUTH command: `SCRAM-SHA-256-PLUS`.
    fn name(&self) -> &str;

    /// What the client says first; `None` when the server speaks first (LOGIN, CRAM-MD5).
    ///
    /// Where it does not fit the line of AUTH, it answers the server's first challenge, which is
    /// empty then and not to be given to [`respond`](Self::respond).
    ///
    /// # Errors
    /// When the mechanism cannot carry the name, the password or the token.
    fn initial(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, SaslError>;

    /// The answer to a challenge.
    ///
    /// # Errors
    /// When the challenge breaks the rules of the mechanism, or there should be none.
    fn respond(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, SaslError>;

    /// The server has said `+OK`. An error means that it must not be believed: SCRAM fails unless
    /// the server has proven that it knows the password's keys.
    ///
    /// # Errors
    /// When the server left out what it must say before.
    fn finish(&mut self) -> Result<(), SaslError>;
}

/// All parts in one piece, without copies left behind by growing.
fn concat(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut whole = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        whole.extend_from_slice(part);
    }
    Zeroizing::new(whole)
}
