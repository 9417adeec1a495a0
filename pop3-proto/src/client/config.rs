//! What a client may spend, wait for and forgive.

use core::num::{NonZeroU32, NonZeroUsize};
use core::time::Duration;

/// Limits and tolerance of a client's connection. Start from [`Config::default`] and change what
/// needs changing.
///
/// ```
/// use pop3_proto::client::{Config, Tolerance};
/// let mut config = Config::default();
/// config.tolerance = Tolerance::STRICT;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The read buffer, in octets; a chunk of a message is at most as long. Default 65,536, and
    /// never less than [`reply_line`](Self::reply_line).
    pub read_buffer: NonZeroUsize,
    /// The longest status line or line of a listing, CRLF included, in octets. Default 4,096:
    /// RFC 2449 says 512, some servers go beyond.
    pub reply_line: NonZeroUsize,
    /// The most lines in an answer to LIST or UIDL. Default 1,000,000.
    pub listing_lines: NonZeroU32,
    /// The most lines in an answer to CAPA or LANG. Default 1,000.
    pub capability_lines: NonZeroU32,
    /// The most octets of an answer that is gathered before it is told: of a listing, and of the
    /// content of a command beyond the RFCs that [`exchange::extension`](super::exchange::extension)
    /// asks for. Messages have no limit, since they are handed out piece by piece. Default
    /// 134,217,728.
    pub answer: NonZeroUsize,
    /// The longest command line, CRLF included, in octets. Default 255 (RFC 2449, section 4); some
    /// servers take 512.
    pub command_line: NonZeroUsize,
    /// The most commands that wait to be sent or to be answered. Default 10,000.
    pub commands: NonZeroUsize,
    /// How many octets of commands may be sent before their replies have come, where the server
    /// lists PIPELINING. Default 2,048: less than any socket buffer, so that a host that writes
    /// everything before it reads cannot deadlock (RFC 2449, section 6.6).
    pub window: NonZeroUsize,
    /// Whether to make use of PIPELINING at all. Default true.
    pub pipelining: bool,
    /// How long a server may take to get on while a reply is due, see
    /// [`Connection::progress`](super::Connection::progress). Default 2 minutes: some servers take 15
    /// seconds to refuse a login.
    pub reply_limit: Duration,
    /// As [`reply_limit`](Self::reply_limit), for the reply to QUIT, before which the server
    /// removes messages. Default 10 minutes.
    pub quit_limit: Duration,
    /// Which deviations to forgive. Default [`Tolerance::FORGIVING`].
    pub tolerance: Tolerance,
}

impl Default for Config {
    fn default() -> Self {
        const fn octets(octets: usize) -> NonZeroUsize {
            NonZeroUsize::new(octets).unwrap()
        }
        Self {
            read_buffer: const { octets(65_536) },
            reply_line: const { octets(4_096) },
            listing_lines: const { NonZeroU32::new(1_000_000).unwrap() },
            capability_lines: const { NonZeroU32::new(1_000).unwrap() },
            answer: const { octets(134_217_728) },
            command_line: const { octets(255) },
            commands: const { octets(10_000) },
            window: const { octets(2_048) },
            pipelining: true,
            reply_limit: Duration::from_secs(120),
            quit_limit: Duration::from_secs(600),
            tolerance: Tolerance::FORGIVING,
        }
    }
}

/// Which deviations of real servers a client forgives. Each one that is met is told by
/// [`Event::Quirk`](crate::client::Event::Quirk), once a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tolerance {
    /// Lines that end with a bare LF. Where a status line ends so, its content may end with
    /// `LF . LF`; where it ends with CRLF, nothing but `CRLF . CRLF` ends the content.
    pub bare_lf: bool,
    /// Blank or malformed lines in listings: they are left out.
    pub odd_listings: bool,
    /// Unique-ids that are longer than 70 octets or hold other characters than 0x21 to 0x7E.
    pub odd_unique_ids: bool,
    /// Registered response codes of a server that does not list RESP-CODES.
    pub unannounced_codes: bool,
    /// Challenges of AUTH that are not Base64: they count as empty.
    pub odd_challenges: bool,
    /// Octets between the reply to STLS and the start of TLS: they are dropped. They are a sign
    /// of an attack rather than of carelessness (RFC 2595, section 4).
    pub behind_stls: bool,
}

impl Tolerance {
    /// Forgives what cannot do harm.
    pub const FORGIVING: Self = Self {
        bare_lf: true,
        odd_listings: true,
        odd_unique_ids: true,
        unannounced_codes: true,
        odd_challenges: true,
        behind_stls: true,
    };

    /// Forgives nothing, for conformance work.
    pub const STRICT: Self = Self {
        bare_lf: false,
        odd_listings: false,
        odd_unique_ids: false,
        unannounced_codes: false,
        odd_challenges: false,
        behind_stls: false,
    };
}

impl Default for Tolerance {
    fn default() -> Self {
        Self::FORGIVING
    }
}
