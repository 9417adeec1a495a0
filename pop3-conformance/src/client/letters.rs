//! Letters as a lawful server sends them.

/// So many small letters, each unlike the others.
pub(super) fn standard(count: usize) -> Vec<Vec<u8>> {
    (1..=count)
        .map(|number| {
            format!(
                "From: Ann <ann@example.org>\r\n\
                 To: mark@example.org\r\n\
                 Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n\
                 Message-ID: <{number}.conformance@example.org>\r\n\
                 Subject: The letter of number {number}\r\n\
                 \r\n\
                 This is letter {number}.\r\n\
                 .It has a line that begins with a dot,\r\n\
                 ..another with two,\r\n\
                 .\r\n\
                 and one that is nothing else. That was letter {number}.\r\n"
            )
            .into_bytes()
        })
        .collect()
}

/// Whether a server has to add a line end before the final dot.
fn is_open(letter: &[u8]) -> bool {
    !letter.is_empty() && !letter.ends_with(b"\r\n")
}

/// How many octets it has on the wire, without stuffed dots and the final one.
pub(super) fn size(letter: &[u8]) -> usize {
    letter.len() + if is_open(letter) { 2 } else { 0 }
}

/// With stuffed dots, ended by CRLF, without the final dot (RFC 1939, section 3).
pub(super) fn stuffed(letter: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(letter.len() + letter.len() / 32 + 2);
    let mut at_start = true;
    for (at, octet) in letter.iter().enumerate() {
        if at_start && *octet == b'.' {
            wire.push(b'.');
        }
        wire.push(*octet);
        at_start = *octet == b'\n' && at > 0 && letter[at - 1] == b'\r';
    }
    if is_open(letter) {
        wire.extend_from_slice(b"\r\n");
    }
    wire
}

/// Its header, the blank line, and so many lines of its body, as [`stuffed`].
pub(super) fn top(letter: &[u8], lines: usize) -> Vec<u8> {
    let end = memchr::memmem::find(letter, b"\r\n\r\n").map_or(letter.len(), |at| at + 4);
    let body = letter[end..].split_inclusive(|octet| *octet == b'\n').take(lines);
    let length: usize = body.map(<[u8]>::len).sum();
    stuffed(&letter[..end + length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_stuffed_at_the_start_of_lines_alone() {
        assert_eq!(stuffed(b".a\r\n..\r\nb.\r\n\n.c\r\n"), b"..a\r\n...\r\nb.\r\n\n.c\r\n");
        assert_eq!(stuffed(b"a"), b"a\r\n");
        assert_eq!(stuffed(b""), b"");
        assert_eq!(size(b"a"), 3);
    }

    #[test]
    fn top_is_the_header_and_some_lines() {
        assert_eq!(top(b"a: b\r\n\r\n.c\r\nd\r\n", 1), b"a: b\r\n\r\n..c\r\n");
        assert_eq!(top(b"a: b\r\n", 1), b"a: b\r\n");
        assert_eq!(top(b"a: b\r\n\r\nc", 9), b"a: b\r\n\r\nc\r\n");
    }
}
