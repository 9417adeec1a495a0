//! Which rule of a mechanism was broken.

use crate::excerpt::Excerpt;

/// Why an exchange failed, other than by a wrong password. None of the texts holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SaslError {
    /// A message has not the form that the mechanism gives it.
    #[error("a message has not the form that the mechanism demands")]
    Malformed,
    /// RFC 5034, section 4: a challenge is Base64.
    #[error("a challenge is not Base64")]
    Base64,
    /// RFC 4422, section 3.1: the name of a mechanism that was brought along is none.
    #[error("the name of the mechanism is not one")]
    Name,
    /// A message of SCRAM has more than [`MAX_MESSAGE`](super::ScramKeys::MAX_MESSAGE) octets.
    #[error("a message of SCRAM is too long")]
    TooLong,
    /// A message came when the mechanism was at its end, or out of turn.
    #[error("a message came that the mechanism does not have")]
    Unexpected,
    /// RFC 5034, section 4: there is no initial response where the server speaks first.
    #[error("the mechanism has no initial response")]
    InitialResponse,
    /// RFC 4616, section 2, and others: the name is UTF-8 and one that POP3 can carry.
    #[error("the user name is not one")]
    UserName,
    /// RFC 4616, section 2: the password is UTF-8, not empty, and free of NUL.
    #[error("the password is not one")]
    Password,
    /// RFC 5802, section 2.2: names and passwords beyond ASCII are prepared by `SASLprep`, or refused.
    #[error("a name or password beyond ASCII needs SASLprep, which is not built in")]
    NotAscii,
    /// RFC 4013: the name or password holds what `SASLprep` prohibits, or nothing else.
    #[error("the name or password holds characters that SASLprep prohibits")]
    Prohibited,
    /// RFC 6750, section 2.1: a bearer token is printable ASCII without spaces.
    #[error("the token is not printable ASCII")]
    Token,
    /// The name of a host holds what a message cannot carry.
    #[error("the name of the host is not printable")]
    Host,
    /// RFC 4505, section 2: a trace is UTF-8 of at most 255 characters.
    #[error("the trace is not UTF-8 of at most 255 characters")]
    Trace,
    /// RFC 5802, section 5.1: a mandatory extension, of which none is known.
    #[error("the peer demands an extension of SCRAM that is not known here")]
    Extension,
    /// RFC 5802, section 5.1: the server's nonce must extend the client's, and be sent back as is.
    #[error("the peer's nonce does not belong to this exchange")]
    Nonce,
    /// The salt is empty or longer than [`MAX_SALT`](super::ScramKeys::MAX_SALT).
    #[error("the salt is empty or too long")]
    Salt,
    /// RFC 5802, section 5.1: so few iterations would make guessing too easy.
    #[error("{0} iterations are too few")]
    TooFewIterations(u64),
    /// So many iterations would keep the processor busy for long.
    #[error("{0} iterations are too many")]
    TooManyIterations(u64),
    /// RFC 5802, section 5: whoever answers does not know the keys of the password.
    #[error("the server's signature is wrong: it does not know the password's keys")]
    ServerSignature,
    /// RFC 5802, section 5: success without the server's signature is none.
    #[error("the server has not proven that it knows the password's keys")]
    NotVerified,
    /// RFC 5802, section 5.1: the server gave a reason to fail (`e=`).
    #[error("the server says: {0}")]
    Server(Excerpt),
    /// RFC 5802, section 6: the client saw no -PLUS though the server offers it: somebody in between
    /// has taken it off the list.
    #[error("the client was not shown the mechanism with channel binding")]
    Downgraded,
    /// RFC 5802, section 6: a channel is bound if and only if the mechanism is named -PLUS.
    #[error("the mechanism's name and its use of channel binding differ")]
    BindingUse,
    /// RFC 5802, section 6: the type of channel binding is none that the server has here.
    #[error("the type of channel binding is not known here")]
    BindingType,
    /// RFC 5802, section 6: the two sides are not in the same TLS channel, or the header of the first
    /// message was changed on the way.
    #[error("the channel binding is of another channel")]
    Binding,
    /// What is stored for a user has not the form `iterations,salt,StoredKey,ServerKey`.
    #[error("the stored keys have not the form that they are stored in")]
    StoredKeys,
}
