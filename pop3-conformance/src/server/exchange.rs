//! What was said, told apart into commands and their replies.

/// A command and its reply, as they stood on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// The command without its line end; none before the greeting.
    pub command: Option<Vec<u8>>,
    /// The challenges of an AUTH, with their line ends.
    pub challenges: Vec<Vec<u8>>,
    /// The status line, with its line end.
    pub status: Vec<u8>,
    /// The lines behind it, with their line ends and without the final dot; of long replies the
    /// first [`KEPT_LINES`].
    pub content: Vec<Vec<u8>>,
    /// Whether there was a final dot.
    pub is_multiline: bool,
}

/// How many lines of a reply are kept.
pub const KEPT_LINES: usize = 2_000;

impl Exchange {
    /// The keyword of the command, in capitals; empty for the greeting.
    #[must_use]
    pub fn keyword(&self) -> String {
        self.command.as_deref().map(keyword).unwrap_or_default()
    }

    /// Whether the reply is positive.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.status.starts_with(b"+OK")
    }

    /// The text of the status line: what follows the indicator, without its line end.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        let line = without_end(&self.status);
        let end = line.iter().position(|octet| *octet == b' ').map_or(line.len(), |at| at + 1);
        &line[end..]
    }

    /// The response code at the start of the text, without its brackets and in capitals, since its
    /// letter case says nothing (RFC 2449, section 8).
    #[must_use]
    pub fn code(&self) -> Option<String> {
        let rest = self.text().strip_prefix(b"[")?;
        let end = rest.iter().position(|octet| *octet == b']')?;
        Some(String::from_utf8_lossy(&rest[..end]).to_ascii_uppercase())
    }
}

/// A line without its CRLF or LF.
#[must_use]
pub fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a line is a challenge, of whatever form (RFC 5034, section 4).
#[must_use]
pub fn is_challenge(line: &[u8]) -> bool {
    line.starts_with(b"+") && !line.starts_with(b"+OK")
}

/// The keyword of a command, in capitals.
fn keyword(command: &[u8]) -> String {
    let end = command.iter().position(|octet| *octet == b' ').unwrap_or(command.len());
    String::from_utf8_lossy(&command[..end]).to_ascii_uppercase()
}

/// Whether a positive reply to this command has several lines (RFC 1939, sections 5 and 7; RFC
/// 2449, section 5; RFC 6856, section 3.2).
#[must_use]
pub fn is_multiline(command: &[u8]) -> bool {
    let has_argument = command.contains(&b' ');
    match keyword(command).as_str() {
        "RETR" | "TOP" | "CAPA" => true,
        "LIST" | "UIDL" | "LANG" | "AUTH" => !has_argument,
        _ => false,
    }
}

/// Tells commands and replies apart as they pass.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    /// What the client has said of a line that is not ended yet.
    unended: Vec<u8>,
    /// Commands without a reply.
    pending: std::collections::VecDeque<Vec<u8>>,
    current: Option<Exchange>,
    greeted: bool,
    challenged: bool,
    disorderly: bool,
}

/// Longest command that every server must take, with its CRLF (RFC 2449, section 4).
const LONGEST_COMMAND: usize = 255;

impl Tracker {
    /// The client has said this.
    pub(crate) fn sent(&mut self, octets: &[u8]) {
        for line in octets.split_inclusive(|octet| *octet == b'\n') {
            self.unended.extend_from_slice(line);
            if line.ends_with(b"\n") {
                let line = std::mem::take(&mut self.unended);
                self.command(&line);
            } else if self.unended.len() > LONGEST_COMMAND && !self.challenged {
                self.unended.truncate(LONGEST_COMMAND + 1);
                self.disorderly = true;
            }
        }
    }

    fn command(&mut self, line: &[u8]) {
        if std::mem::take(&mut self.challenged) {
            return;
        }
        let odd = |octet: &u8| matches!(octet, 0 | b'\r' | b'\n');
        let orderly = line
            .strip_suffix(b"\r\n")
            .is_some_and(|command| line.len() <= LONGEST_COMMAND && !command.iter().any(odd));
        // What a server makes of anything else is uncertain, and so is which reply belongs to what.
        self.disorderly |= !orderly;
        self.pending.push_back(without_end(line).to_vec());
    }

    /// Whether the next line begins a reply.
    pub(crate) fn is_between_replies(&self) -> bool {
        self.current.is_none()
    }

    /// The server has said this line. Gives the exchange that it completes.
    pub(crate) fn came(&mut self, line: &[u8]) -> Option<Exchange> {
        let Some(current) = &mut self.current else { return self.status(line) };
        if without_end(line) == b"." {
            return self.current.take().filter(|_| !self.disorderly);
        }
        if current.content.len() < KEPT_LINES {
            current.content.push(line.to_vec());
        }
        None
    }

    fn status(&mut self, line: &[u8]) -> Option<Exchange> {
        let mut exchange = Exchange::default();
        if self.greeted {
            let Some(command) = self.pending.front().cloned() else {
                self.disorderly = true;
                return None;
            };
            if !self.disorderly && keyword(&command) == "AUTH" && is_challenge(line) {
                // What came behind AUTH in one segment answers the challenge.
                if self.pending.remove(1).is_none() {
                    self.challenged = true;
                }
                return Some(Exchange {
                    command: Some(command),
                    challenges: vec![line.to_vec()],
                    ..Exchange::default()
                });
            }
            exchange.command = self.pending.pop_front();
        }
        self.greeted = true;
        exchange.status = line.to_vec();
        exchange.is_multiline =
            line.starts_with(b"+OK") && exchange.command.as_deref().is_some_and(is_multiline);
        if exchange.is_multiline {
            self.current = Some(exchange);
            return None;
        }
        Some(exchange).filter(|_| !self.disorderly)
    }

    /// A TLS handshake begins: nothing from before is of use.
    pub(crate) fn tls(&mut self) {
        self.unended.clear();
        self.pending.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(lines: &[(char, &str)]) -> Vec<Exchange> {
        let mut tracker = Tracker::default();
        let mut exchanges = Vec::new();
        for (who, octets) in lines {
            match who {
                'C' => tracker.sent(octets.as_bytes()),
                _ => exchanges.extend(tracker.came(octets.as_bytes())),
            }
        }
        exchanges
    }

    #[test]
    fn each_reply_belongs_to_its_command() {
        let exchanges = play(&[
            ('S', "+OK ready\r\n"),
            ('C', "STAT\r\nLIST\r\nLIS"),
            ('S', "+OK 1 2\r\n"),
            ('C', "T 1\r\n"),
            ('S', "+OK\r\n"),
            ('S', "1 2\r\n"),
            ('S', ".\r\n"),
            ('S', "-ERR [SYS/TEMP] no\r\n"),
        ]);
        let keywords: Vec<_> = exchanges.iter().map(Exchange::keyword).collect();
        assert_eq!(keywords, ["", "STAT", "LIST", "LIST"]);
        assert_eq!(exchanges[1].text(), b"1 2");
        assert_eq!(exchanges[2].content, [b"1 2\r\n"]);
        assert!(exchanges[2].is_multiline && !exchanges[3].is_multiline);
        assert_eq!(exchanges[3].code().unwrap(), "SYS/TEMP");
    }

    #[test]
    fn responses_to_challenges_are_no_commands() {
        let exchanges = play(&[
            ('S', "+OK\r\n"),
            ('C', "AUTH PLAIN\r\n"),
            ('S', "+ \r\n"),
            ('C', "STAT\r\n"),
            ('S', "+OK\r\n"),
            ('C', "NOOP\r\n"),
            ('S', "+OK\r\n"),
        ]);
        let keywords: Vec<_> = exchanges.iter().map(Exchange::keyword).collect();
        assert_eq!(keywords, ["", "AUTH", "AUTH", "NOOP"]);
        assert_eq!(exchanges[1].challenges, [b"+ \r\n"]);
    }

    #[test]
    fn a_response_in_one_segment_with_its_command_is_no_command_either() {
        let exchanges = play(&[
            ('S', "+OK\r\n"),
            ('C', "AUTH PLAIN\r\nSTAT\r\nCAPA\r\n"),
            ('S', "+ \r\n"),
            ('S', "-ERR\r\n"),
            ('S', "+OK\r\n"),
            ('S', ".\r\n"),
        ]);
        let keywords: Vec<_> = exchanges.iter().map(Exchange::keyword).collect();
        assert_eq!(keywords, ["", "AUTH", "AUTH", "CAPA"]);
    }

    #[test]
    fn behind_a_command_that_may_be_taken_in_two_ways_nothing_is_certain() {
        for odd in ["ST\0AT\r\n", "STAT\n", "ST\rAT\r\n"] {
            let exchanges = play(&[('S', "+OK\r\n"), ('C', odd), ('S', "+OK\r\n")]);
            assert_eq!(exchanges.len(), 1, "{odd:?}");
        }
    }
}
