//! The mechanisms that a client has at hand.
//!
//! Each function makes the client's half of one exchange; another exchange needs another one, and
//! SCRAM another nonce.

mod plain;
mod token;

use alloc::boxed::Box;

pub(super) use plain::is_trace;

use super::scram::{Gs2, ScramClient};
use super::{ChannelBinding, ClientMechanism, NONCE, ScramHash, base64};
use crate::secret::Secret;
use crate::text::Text;
use crate::types::UserName;

/// PLAIN (RFC 4616): name and password as they are, so only within TLS.
///
/// ```
/// use pop3_proto::{Secret, UserName, auth::sasl::client};
/// let mut plain = client::plain(&UserName::new("tim")?, &Secret::new("tanstaaftanstaaf")?);
/// assert_eq!(plain.initial()?.unwrap().as_slice(), b"\0tim\0tanstaaftanstaaf");
/// plain.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn plain(user: &UserName, password: &Secret) -> Box<dyn ClientMechanism> {
    Box::new(plain::Single::plain(user, password))
}

/// LOGIN: as PLAIN, in two answers. Whatever the server asks, the first is the name and the second
/// the password.
#[must_use]
pub fn login(user: &UserName, password: &Secret) -> Box<dyn ClientMechanism> {
    Box::new(plain::Login::new(user, password))
}

/// CRAM-MD5 (RFC 2195): the password is not sent, but the server must keep it, and whoever listens
/// can guess at it.
#[must_use]
pub fn cram_md5(user: &UserName, password: &Secret) -> Box<dyn ClientMechanism> {
    Box::new(plain::CramMd5::new(user, password))
}

/// SCRAM (RFC 5802): the password is not sent, and the server proves that it knows its keys.
///
/// With a channel binding it is the -PLUS mechanism. Without one, it tells the server that the
/// client cannot bind channels (`n,,`); see [`scram_not_offered`].
///
/// `nonce` must come from a secure random source and be used once.
#[must_use]
pub fn scram(
    hash: ScramHash,
    user: &UserName,
    password: &Secret,
    nonce: [u8; NONCE],
    binding: Option<ChannelBinding>,
) -> Box<dyn ClientMechanism> {
    let gs2 = binding.map_or(Gs2::Cannot, Gs2::Bound);
    Box::new(ScramClient::new(hash, user, password, &base64::encode(&nonce), gs2))
}

/// SCRAM without channel binding, by a client that could bind the channel but was not offered
/// -PLUS by the server (`y,,`): a server that did offer it then knows that somebody in between took
/// it off the list, and refuses.
///
/// Not for servers that offer -PLUS with binding types the client lacks: those refuse as well.
#[must_use]
pub fn scram_not_offered(
    hash: ScramHash,
    user: &UserName,
    password: &Secret,
    nonce: [u8; NONCE],
) -> Box<dyn ClientMechanism> {
    let nonce = base64::encode(&nonce);
    Box::new(ScramClient::new(hash, user, password, &nonce, Gs2::NotOffered))
}

/// OAUTHBEARER (RFC 7628): a token of OAuth 2.0, for a server at this host and port. Only within
/// TLS.
///
/// When the server refuses the token it says so in a challenge, which is answered as the RFC
/// demands; then comes its `-ERR`.
#[must_use]
pub fn oauth_bearer(
    user: Option<&UserName>,
    host: &str,
    port: u16,
    token: &Secret,
) -> Box<dyn ClientMechanism> {
    Box::new(token::Bearer::oauth_bearer(user, host, port, token))
}

/// XOAUTH2: what OAUTHBEARER was before it had an RFC. Only within TLS.
#[must_use]
pub fn xoauth2(user: &UserName, token: &Secret) -> Box<dyn ClientMechanism> {
    Box::new(token::Bearer::xoauth2(user, token))
}

/// EXTERNAL (RFC 4422, appendix A): the certificate that the client showed to TLS says who it is;
/// the name says which mailbox, if the certificate does not.
#[must_use]
pub fn external(user: Option<&UserName>) -> Box<dyn ClientMechanism> {
    Box::new(plain::Single::external(user))
}

/// ANONYMOUS (RFC 4505): a guest, who leaves a trace such as a mail address, or none.
#[must_use]
pub fn anonymous(trace: &Text) -> Box<dyn ClientMechanism> {
    Box::new(plain::Single::anonymous(trace))
}
