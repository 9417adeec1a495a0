//! The record of what went over the wire, fit to be shown: bounded, escaped, without secrets.

use std::sync::{Arc, Mutex, PoisonError};

use super::exchange::is_challenge;

/// How many lines are kept from the start, and as many from the end.
const KEPT: usize = 100;

/// How many octets of a line are shown.
const SHOWN: usize = 200;

/// The record of all connections of a case.
#[derive(Clone, Debug, Default)]
pub struct WireLog {
    lines: Arc<Mutex<Lines>>,
    name: Arc<str>,
}

#[derive(Debug, Default)]
struct Lines {
    first: Vec<String>,
    last: std::collections::VecDeque<String>,
    left_out: usize,
    /// What the client said last.
    sent: String,
    connections: usize,
    in_auth: bool,
}

impl WireLog {
    /// The record for one more connection.
    pub(crate) fn connection(&self) -> Self {
        let mut lines = self.lock();
        lines.connections += 1;
        // One connection after the other is the rule, and needs no number.
        let name =
            if lines.connections == 1 { String::new() } else { format!("{} ", lines.connections) };
        Self { lines: self.lines.clone(), name: name.into() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, what: &str) {
        self.lock().push(format!("{}   ({what})", self.name));
    }

    pub(crate) fn sent(&self, octets: &[u8]) {
        let mut lines = self.lock();
        // The response may come in one segment with AUTH.
        let mut behind_auth = false;
        for line in octets.split_inclusive(|octet| *octet == b'\n') {
            let is_response = std::mem::take(&mut lines.in_auth) | behind_auth;
            behind_auth = is_auth_alone(line);
            let said = if is_response { "(a response)".to_owned() } else { masked(line) };
            lines.push(format!("{}C: {said}", self.name));
            lines.sent = said;
        }
    }

    pub(crate) fn came(&self, line: &[u8]) {
        let mut lines = self.lock();
        lines.in_auth = is_challenge(line);
        lines.push(format!("{}S: {}", self.name, shown(line)));
    }

    /// What was said to the server last.
    #[must_use]
    pub fn last_sent(&self) -> String {
        self.lock().sent.clone()
    }

    /// The record, a line each.
    #[must_use]
    pub fn shown(&self) -> Vec<String> {
        let lines = self.lock();
        let mut shown = lines.first.clone();
        if lines.left_out > 0 {
            shown.push(format!("   ({} lines are left out)", lines.left_out));
        }
        shown.extend(lines.last.iter().cloned());
        shown
    }
}

impl Lines {
    fn push(&mut self, line: String) {
        if self.first.len() < KEPT {
            return self.first.push(line);
        }
        if self.last.len() == KEPT {
            self.last.pop_front();
            self.left_out += 1;
        }
        self.last.push_back(line);
    }
}

/// A line of the client without what is secret in it.
fn masked(line: &[u8]) -> String {
    let words: Vec<&[u8]> = line.splitn(3, |octet| *octet == b' ').collect();
    let is = |word: &[u8], keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
    match &words[..] {
        [keyword, _, ..] if is(keyword, "PASS") => format!("{} (a password)", shown(keyword)),
        [keyword, name, _] if is(keyword, "APOP") => {
            format!("{} {} (a digest)", shown(keyword), shown(name))
        }
        [keyword, mechanism, _] if is(keyword, "AUTH") => {
            format!("{} {} (a response)", shown(keyword), shown(mechanism))
        }
        _ => shown(line),
    }
}

/// Whether a line is an AUTH without an initial response.
fn is_auth_alone(line: &[u8]) -> bool {
    let words: Vec<&[u8]> = line.split(|octet| *octet == b' ').collect();
    matches!(words[..], [keyword, _] if keyword.eq_ignore_ascii_case(b"AUTH"))
}

/// Octets as a reader may see them: escaped, on one line, not too long.
#[must_use]
pub fn shown(octets: &[u8]) -> String {
    let mut text = octets[..octets.len().min(SHOWN)].escape_ascii().to_string();
    if octets.len() > SHOWN {
        text.push_str(&format!("… ({} octets)", octets.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out() {
        let log = WireLog::default().connection();
        log.sent(
            b"USER mark\r\npass open sesame\r\nAPOP mark c4c9\r\nAUTH PLAIN AGE=\r\nAUTH PLAIN\r\n",
        );
        log.came(b"+ \r\n");
        log.sent(b"AG1hcms=\r\n");
        log.came(b"+OK\r\n");
        log.sent(b"auth plain\r\nAGFib3V0\r\n");
        log.sent(b"STAT\r\n");
        let shown = log.shown().join("\n");
        for secret in ["sesame", "c4c9", "AGE=", "AG1hcms", "AGFib3V0"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(
            shown.contains("C: USER mark\\r\\n") && shown.ends_with("C: STAT\\r\\n"),
            "{shown}"
        );
        assert_eq!(log.last_sent(), "STAT\\r\\n");
    }

    #[test]
    fn a_long_record_keeps_its_start_and_its_end() {
        let log = WireLog::default().connection();
        for n in 0..1_000 {
            log.came(format!("{n}\r\n").as_bytes());
        }
        let shown = log.shown();
        assert_eq!(shown.len(), 201);
        assert_eq!(shown[0], "S: 0\\r\\n");
        assert_eq!(shown[100], "   (800 lines are left out)");
        assert_eq!(shown[200], "S: 999\\r\\n");
    }

    #[test]
    fn what_comes_is_escaped_and_shortened() {
        assert_eq!(shown(b"\x1b[31m\xff"), "\\x1b[31m\\xff");
        assert!(shown(&[b'a'; 5_000]).ends_with("… (5000 octets)"));
    }
}
