//! What a client's connection tells its host.

use bytes::Bytes;

use crate::auth::Timestamp;
use crate::capability::Capability;
use crate::client::error::Error;
use crate::reply::{DropListing, LanguageListing, Reply, ScanListing, UniqueIdListing};

/// Names a command of one connection, so that events can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub(crate) u64);

/// Something that happened. Events come in order.
///
/// Each command has exactly one [`Reply`](Self::Reply) and one [`Done`](Self::Done), with its
/// items, its body or its challenges between them; a refused command is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The server's first line. If it is a refusal, [`Closed`](Self::Closed) follows.
    Greeting(Greeting),
    /// The status line that answers a command.
    Reply {
        /// The command.
        id: CommandId,
        /// The status line.
        reply: Reply,
    },
    /// Something that the answer to a command tells.
    Item {
        /// The command.
        id: CommandId,
        /// What it tells.
        item: Item,
    },
    /// A piece of a message, without stuffed dots and with the line ends as they came.
    ///
    /// The piece is cut out of the read buffer without a copy and keeps that buffer alive: copy
    /// what is to be kept for long.
    Body {
        /// The command.
        id: CommandId,
        /// The piece; never empty.
        chunk: Bytes,
    },
    /// A challenge of AUTH, as it stands behind `+ `; answer it with
    /// [`respond`](crate::client::Connection::respond) (RFC 5034, section 4).
    Challenge {
        /// The command.
        id: CommandId,
        /// The challenge, in Base64 unless the server is odd.
        challenge: Bytes,
    },
    /// Everything about a command has been told.
    Done {
        /// The command.
        id: CommandId,
    },
    /// STLS was accepted: do the TLS handshake, then call
    /// [`tls_started`](crate::client::Connection::tls_started) (RFC 2595, section 4).
    StartTls,
    /// A deviation was forgiven. Each kind is told once a session.
    Quirk(Quirk),
    /// The session is over: `Ok` when QUIT was answered by `+OK`, so that what was marked is
    /// removed. It comes exactly once and last.
    Closed(Result<(), Error>),
}

/// The server's first line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Greeting {
    /// The line.
    pub reply: Reply,
    /// The timestamp for APOP, if there is one that can be used.
    pub timestamp: Option<Timestamp>,
}

/// One thing that the answer to a command tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item {
    /// The answer to STAT.
    Drop(DropListing),
    /// A line of the answer to LIST.
    Scan(ScanListing),
    /// A line of the answer to UIDL.
    UniqueId(UniqueIdListing),
    /// A line of the answer to CAPA.
    Capability(Capability),
    /// A line of the answer to LANG, or the language that was chosen with the remark about it.
    Language(LanguageListing),
    /// A line of another listing, without its line end.
    Line(Bytes),
}

/// A deviation from the RFCs that was forgiven; see [`Tolerance`](crate::client::Tolerance).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Quirk {
    /// A line ended with a bare LF.
    BareLf,
    /// A status line was longer than 512 octets.
    LongReply,
    /// A listing held a blank line.
    BlankLine,
    /// A line of a listing made no sense and was left out.
    MalformedListing,
    /// A unique-id was too long or held characters that it must not hold.
    OddUniqueId,
    /// A response code came although RESP-CODES was not listed.
    UnannouncedCode,
    /// A challenge of AUTH was not Base64; it counts as empty.
    OddChallenge,
    /// Octets came between the reply to STLS and the start of TLS; they were dropped.
    BehindStls,
}

impl Quirk {
    /// Every kind of deviation that can be forgiven.
    pub const ALL: &'static [Self] = &[
        Self::BareLf,
        Self::LongReply,
        Self::BlankLine,
        Self::MalformedListing,
        Self::OddUniqueId,
        Self::UnannouncedCode,
        Self::OddChallenge,
        Self::BehindStls,
    ];

    pub(super) const fn bit(self) -> u32 {
        1 << self as u32
    }
}
