//! What was seen of a client.

use super::server::Ending;

/// One connection, as its server saw it.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// What the client said, line by line.
    pub(super) lines: Vec<Line>,
    /// What came before the greeting went out.
    pub(super) before_greeting: Vec<u8>,
    /// What came behind STLS before its reply went out.
    pub(super) behind_stls: Option<Vec<u8>>,
    /// What stood at the end without a line end.
    pub(super) unfinished: Vec<u8>,
    /// The timestamp that the greeting had, angle brackets and all.
    pub(super) timestamp: Option<Vec<u8>>,
    /// How TLS began, if it did.
    pub(super) handshake: Option<Result<(), String>>,
    /// TLS 1.2 or later, or none.
    pub(super) has_modern_tls: bool,
    /// The client ended its TLS with an alert.
    pub(super) said_goodbye: bool,
    /// The session ended by QUIT and its reply.
    pub(super) ended_by_quit: bool,
    /// The client ended it, and not the server.
    pub(super) left: bool,
    /// Both sides of it, for people.
    pub(super) wire: Vec<String>,
}

/// A line of the client, and what was so when it came.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) octets: Vec<u8>,
    pub(super) ending: Ending,
    pub(super) in_tls: bool,
    pub(super) logged_in: bool,
    /// It belongs to an AUTH under way, of this mechanism.
    pub(super) within_auth: Option<String>,
    /// What had been answered to CAPA in the same layer: the list, or `None` where it was refused.
    pub(super) capabilities: Option<Option<Vec<String>>>,
    /// The keyword of a command whose reply had not been said when this came.
    pub(super) behind: Option<String>,
    /// It is about a letter that none of the listings before had.
    pub(super) about_nothing: bool,
    /// The challenge that this answers.
    pub(super) challenge: Vec<u8>,
    /// The first line of the reply.
    pub(super) reply: Vec<u8>,
    /// The reply was said to its very end.
    pub(super) answered: bool,
}

impl Line {
    /// The keyword in capitals; empty within AUTH.
    pub(super) fn keyword(&self) -> String {
        if self.within_auth.is_some() {
            return String::new();
        }
        let end = self.octets.iter().position(|octet| *octet == b' ');
        let keyword = &self.octets[..end.unwrap_or(self.octets.len())];
        String::from_utf8_lossy(keyword).to_ascii_uppercase()
    }

    /// What follows the keyword and a space.
    pub(super) fn arguments(&self) -> &[u8] {
        let space = self.octets.iter().position(|octet| *octet == b' ');
        space.map_or(&[], |at| &self.octets[at + 1..])
    }

    pub(super) fn is_ok(&self) -> bool {
        self.reply.starts_with(b"+OK")
    }

    /// Whether it shows a password or something that one can be guessed from.
    pub(super) fn is_secret(&self) -> bool {
        self.within_auth.is_some() || matches!(self.keyword().as_str(), "PASS" | "APOP" | "AUTH")
    }

    /// The line for people, secrets left out.
    pub(super) fn shown(&self) -> String {
        if self.within_auth.is_some() {
            let is_base64 =
                self.octets.iter().all(|it| it.is_ascii_alphanumeric() || b"+/=".contains(it));
            return if is_base64 { "(a response)".to_owned() } else { shown(&self.octets) };
        }
        let keep = match self.keyword().as_str() {
            "PASS" => 0,
            "APOP" | "AUTH" => 1,
            _ => return shown(&self.octets),
        };
        let mut words = self.octets.split(|octet| *octet == b' ');
        let kept: Vec<_> = words.by_ref().take(1 + keep).map(shown).collect();
        let rest = if words.next().is_some() { " (a secret)" } else { "" };
        kept.join(" ") + rest
    }
}

/// Octets for people: escaped, and shortened.
pub(super) fn shown(octets: &[u8]) -> String {
    const LONGEST: usize = 160;
    let text = octets[..octets.len().min(LONGEST)].escape_ascii().to_string();
    // Quotation marks need no escape here.
    let text = text.replace("\\\"", "\"").replace("\\'", "'");
    match octets.len() {
        0..=LONGEST => text,
        length => format!("{text}… ({length} octets)"),
    }
}
