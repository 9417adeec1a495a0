//! Standard output, as a terminal or a pipe wants it.

use std::io::{self, IsTerminal};

/// What a server sent, fit for where it goes: control characters are escaped on a terminal, and
/// left alone elsewhere.
pub(crate) fn for_stdout(octets: &[u8]) -> Vec<u8> {
    if io::stdout().is_terminal() { escaped(octets).into_bytes() } else { octets.to_vec() }
}

/// Text with its control characters escaped, tabs excepted.
pub(crate) fn escaped(octets: &[u8]) -> String {
    let mut shown = String::new();
    for c in String::from_utf8_lossy(octets).chars() {
        match c {
            '\t' => shown.push(c),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_cannot_move_the_cursor() {
        assert_eq!(escaped(b"a\x1b[2J\tb\xff"), "a\\u{1b}[2J\tb\u{fffd}");
        assert_eq!(escaped("a\u{9b}2J".as_bytes()), "a\\u{9b}2J");
    }
}
