//! What a server offers, spends, waits for and forgives.

use alloc::string::String;
use alloc::vec::Vec;
use core::num::{NonZeroU32, NonZeroUsize};
use core::time::Duration;

use crate::capability::{Capabilities, Capability};
use crate::command::Spaces;
use crate::server::language::Language;
use crate::state::State;
use crate::text::Text;

/// What a server's connection offers, and its limits. Start from [`Config::default`] and change
/// what needs changing.
///
/// ```
/// use pop3_proto::server::Config;
/// let mut config = Config::default();
/// config.capabilities.remove("TOP"); // TOP is now refused, too
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The text of the greeting; the APOP timestamp is put behind it.
    pub greeting: Text,
    /// What CAPA tells. The list decides: a command whose tag is not on it is refused, response
    /// codes are sent only with RESP-CODES (and `[AUTH]` and `[SYS/…]` only with AUTH-RESP-CODE).
    /// Others may be added; those that begin with `X` are private. Default: TOP, USER, UIDL,
    /// RESP-CODES, AUTH-RESP-CODE, PIPELINING, EXPIRE NEVER, LANG and IMPLEMENTATION.
    pub capabilities: Capabilities,
    /// The languages that LANG offers, the preferred one first. Until a client has chosen one,
    /// remarks are in English, whatever stands here. With one language or none, LANG is neither
    /// told by CAPA nor taken. Default: English and German.
    pub languages: Vec<Language>,
    /// What becomes of a message with UTF-8 in its header when the client has not asked for UTF-8
    /// mode. It matters only where UTF8 is among the [`capabilities`](Self::capabilities): where it
    /// is not, messages go out as they are, as they do from every server without UTF8. Default
    /// [`Utf8Headers::Downgrade`].
    pub utf8_headers: Utf8Headers,
    /// Commands beyond the RFCs that the host answers. Default: none.
    pub extensions: Vec<ExtensionCommand>,
    /// The longest command line, CRLF included, in octets; longer ones are refused. Default 255
    /// (RFC 2449, section 4).
    pub command_line: NonZeroUsize,
    /// The longest response to a challenge of AUTH, in Base64 with CRLF, in octets. Such lines have
    /// no limit of their own (RFC 5034, section 4). Default 12,288.
    pub sasl_response: NonZeroUsize,
    /// Whether secrets are taken in clear text. Without it USER, PASS and the mechanisms that send
    /// a password or a token are neither listed nor taken before TLS (RFC 2595, section 2.3;
    /// RFC 5034, section 4). Default true: a host turns it off for clients that are not on the
    /// same machine.
    pub cleartext_logins: bool,
    /// The read buffer, in octets: how much a client may send ahead by pipelining before it is
    /// held back. Default 4,096, and never less than [`command_line`](Self::command_line).
    pub read_buffer: NonZeroUsize,
    /// When so many octets wait to be sent, nothing more is answered until some are gone. A
    /// message is taken from the host in pieces of this size at most, and so long a field of its
    /// header may be that is to be [downgraded](Utf8Headers::Downgrade), which makes it at most four
    /// times as long. Default 65,536.
    pub high_water: NonZeroUsize,
    /// After so many failed logins the connection is closed. Default 3.
    pub failed_logins: NonZeroU32,
    /// How long the answer to the first failed login is held back; doubled for each further one,
    /// up to 16 seconds or itself. Default 2 seconds.
    pub failed_login_delay: Duration,
    /// After so many commands in a row that are none, or not lawful, the connection is closed.
    /// Default 100.
    pub bad_commands: NonZeroU32,
    /// How long a client may take to say another command or to take what it is sent; see
    /// [`Connection::progress`](super::Connection::progress). Default, and at least by RFC 1939,
    /// section 3: 10 minutes.
    pub idle_limit: Duration,
    /// How long a client may take to log in, from the greeting on. Default 3 minutes.
    pub login_limit: Duration,
    /// Which deviations to forgive. Default [`Tolerance::FORGIVING`].
    pub tolerance: Tolerance,
}

/// The name that IMPLEMENTATION tells.
const IMPLEMENTATION: &str = concat!("pop3-proto-", env!("CARGO_PKG_VERSION"));

impl Default for Config {
    fn default() -> Self {
        Self {
            greeting: Text::literal("POP3 server ready"),
            capabilities: Capabilities::from_iter([
                Capability::Top,
                Capability::User,
                Capability::Uidl,
                Capability::RespCodes,
                Capability::AuthRespCode,
                Capability::Pipelining,
                Capability::Expire { days: None, by_user: false },
                Capability::Lang,
                Capability::Implementation(IMPLEMENTATION.into()),
            ]),
            languages: alloc::vec![Language::english(), Language::german()],
            utf8_headers: Utf8Headers::Downgrade,
            extensions: Vec::new(),
            command_line: const { NonZeroUsize::new(255).unwrap() },
            sasl_response: const { NonZeroUsize::new(12_288).unwrap() },
            cleartext_logins: true,
            read_buffer: const { NonZeroUsize::new(4_096).unwrap() },
            high_water: const { NonZeroUsize::new(65_536).unwrap() },
            failed_logins: const { NonZeroU32::new(3).unwrap() },
            failed_login_delay: Duration::from_secs(2),
            bad_commands: const { NonZeroU32::new(100).unwrap() },
            idle_limit: Duration::from_secs(600),
            login_limit: Duration::from_secs(180),
            tolerance: Tolerance::FORGIVING,
        }
    }
}

impl Config {
    /// How long the answer to a failed login is held back, by how many have failed.
    pub(super) fn delay_after(&self, failures: u32) -> Duration {
        let longest = self.failed_login_delay.max(Duration::from_secs(16));
        let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        self.failed_login_delay.saturating_mul(doubled).min(longest)
    }
}

/// What becomes of a message with UTF-8 in its header for a client outside of UTF-8 mode
/// (RFC 6856, section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Utf8Headers {
    /// It goes out as it is, which RFC 6856 forbids and most clients can bear.
    AsIs,
    /// RETR and TOP are refused with `[UTF8]`. The header is held until it has ended; one that is
    /// longer than [`Config::high_water`] is downgraded from there on.
    Refuse,
    /// The header is turned into ASCII on its way (see [`Downgrader`](crate::message::Downgrader)),
    /// so that the message has another size than LIST tells.
    Downgrade,
}

/// A command beyond the RFCs that a server's host answers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExtensionCommand {
    /// The keyword, in capitals.
    pub keyword: String,
    /// Where it is lawful.
    pub states: Vec<State>,
}

impl ExtensionCommand {
    /// A command by its keyword, in whatever case, that is lawful in these states.
    #[must_use]
    pub fn new(keyword: &str, states: &[State]) -> Self {
        Self { keyword: keyword.to_ascii_uppercase(), states: states.to_vec() }
    }
}

/// Which deviations of real clients a server forgives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tolerance {
    /// Command lines that end with a bare LF.
    pub bare_lf: bool,
    /// An initial response that makes the line of AUTH longer than
    /// [`Config::command_line`], as clients with long tokens send it; it may be as long as
    /// [`Config::sasl_response`]. RFC 5034, section 4, wants it asked for.
    pub long_auth: bool,
    /// Runs of spaces, tabs, and spaces at the end of a command line.
    pub spaces: Spaces,
}

impl Tolerance {
    /// Forgives what cannot do harm.
    pub const FORGIVING: Self = Self { bare_lf: true, long_auth: true, spaces: Spaces::Any };

    /// Forgives nothing, for conformance work.
    pub const STRICT: Self = Self { bare_lf: false, long_auth: false, spaces: Spaces::Single };
}

impl Default for Tolerance {
    fn default() -> Self {
        Self::FORGIVING
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_rfcs() {
        let config = Config::default();
        assert!(config.idle_limit >= Duration::from_secs(600), "RFC 1939, section 3");
        assert_eq!(config.command_line.get(), 255, "RFC 2449, section 4");
    }

    #[test]
    fn delays_grow_and_end() {
        let config = Config::default();
        let seconds = |failures| config.delay_after(failures).as_secs();
        assert_eq!([1, 2, 3, 4, 5, 40].map(seconds), [2, 4, 8, 16, 16, 16]);
    }
}
