//! Standard output, as a terminal or a pipe wants it.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

/// One line on standard error, whatever is in it. Nobody reading it is no reason to stop.
pub(crate) fn complain(line: impl Display) {
    let line = format!("pop3: {}\n", escaped(line.to_string().as_bytes()));
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// What a server sent, fit for where it goes: control characters are escaped on a terminal, and
/// left alone elsewhere.
pub(crate) fn for_stdout(octets: &[u8]) -> Vec<u8> {
    if io::stdout().is_terminal() { escaped(octets).into_bytes() } else { octets.to_vec() }
}

/// Text in which nothing moves the cursor, ends the line or turns the direction of writing: such
/// characters are escaped, tabs excepted.
pub(crate) fn escaped(octets: &[u8]) -> String {
    let mut shown = String::new();
    for c in String::from_utf8_lossy(octets).chars() {
        match c {
            '\t' => shown.push(c),
            c if c.is_control() || turns_or_parts(c) => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

/// Marks of the direction of writing, and separators of lines.
const fn turns_or_parts(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_cannot_move_the_cursor() {
        assert_eq!(escaped(b"a\x1b[2J\tb\xff"), "a\\u{1b}[2J\tb\u{fffd}");
        assert_eq!(escaped("a\u{9b}2J".as_bytes()), "a\\u{9b}2J");
        assert_eq!(escaped("a\u{202e}b".as_bytes()), "a\\u{202e}b");
    }
}
