//! Lists of addresses (RFC 5322, section 3.4), as far as they have to be understood.

use alloc::vec::Vec;

use super::words::{self, Word};

/// What stands for an address that is not ASCII (RFC 6858, section 2.1): nobody has it.
const INVALID: &[u8] = b"<invalid@internationalized-address.invalid>";

/// Writes the body of an address field.
pub(super) fn list(body: &[u8], out: &mut Vec<u8>) {
    let mut rest = body;
    loop {
        let end = find(rest, b",:;");
        let (element, behind) = rest.split_at(end);
        let delimiter = behind.first();
        match delimiter {
            // The name of a group.
            Some(b':') => words::write(phrase(element), out),
            _ => mailbox(element.trim_ascii(), out),
        }
        let Some(delimiter) = delimiter else { return };
        out.push(*delimiter);
        rest = &behind[1..];
    }
}

fn mailbox(element: &[u8], out: &mut Vec<u8>) {
    if element.is_ascii() {
        return words::append(element, out);
    }
    let open = find(element, b"<");
    let (name, angle) = element.split_at(open);
    if angle.is_empty() {
        // A bare address: a comment beside it is not worth keeping.
        let address: Vec<u8> = phrase(element).flat_map(|word| word.verbatim).collect();
        match address.is_ascii() {
            true => words::append(&address, out),
            false => replaced(&[], &address, out),
        }
        return;
    }
    let close = find(angle, b">");
    let address = &angle[..close.saturating_add(1).min(angle.len())];
    match address.is_ascii() {
        true => {
            words::write(phrase(name), out);
            words::append(address, out);
        }
        false => replaced(name, address, out),
    }
}

/// Writes an address that is not ASCII, as part of the name of one that nobody has.
fn replaced(name: &[u8], address: &[u8], out: &mut Vec<u8>) {
    let mut text = Vec::new();
    for word in phrase(name) {
        text.extend_from_slice(&word.text);
        text.push(b' ');
    }
    text.extend_from_slice(address);
    words::encode(&text, out);
    words::append(INVALID, out);
}

/// The words of a phrase: atoms, and quoted strings without their quotes; comments are left out.
fn phrase(mut rest: &[u8]) -> impl Iterator<Item = Word> {
    core::iter::from_fn(move || {
        loop {
            rest = rest.trim_ascii_start();
            match rest.first()? {
                b'"' => {
                    let (quoted, behind) = rest.split_at(token(rest));
                    rest = behind;
                    return Some(Word { text: unquoted(quoted), verbatim: quoted.to_vec() });
                }
                b'(' => rest = &rest[token(rest)..],
                _ => {
                    let ends = |octet: &u8| octet.is_ascii_whitespace() || b"\"(".contains(octet);
                    let end = rest.iter().position(ends).unwrap_or(rest.len());
                    let (atom, behind) = rest.split_at(end);
                    rest = behind;
                    return Some(Word { text: atom.to_vec(), verbatim: atom.to_vec() });
                }
            }
        }
    })
}

/// The text of a quoted string.
pub(super) fn unquoted(quoted: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut octets = quoted.iter().skip(1);
    while let Some(octet) = octets.next() {
        match octet {
            b'\\' => text.extend(octets.next()),
            b'"' => break,
            _ => text.push(*octet),
        }
    }
    text
}

/// Where one of these octets stands outside of quotes, comments and angle brackets; the end if
/// nowhere.
pub(super) fn find(octets: &[u8], wanted: &[u8]) -> usize {
    let mut at = 0;
    while let Some(octet) = octets.get(at) {
        if wanted.contains(octet) {
            return at;
        }
        at += token(&octets[at..]);
    }
    octets.len()
}

/// How long the token at the start is: a quoted string, a comment, what is in brackets, or one
/// octet. What is not closed goes to the end.
pub(super) fn token(octets: &[u8]) -> usize {
    let close = match octets.first() {
        Some(b'"') => b'"',
        Some(b'(') => b')',
        Some(b'<') => b'>',
        Some(b'[') => b']',
        _ => return octets.len().min(1),
    };
    let (mut depth, mut at) = (1_u32, 1);
    while let Some(octet) = octets.get(at) {
        at += 1;
        match *octet {
            b'\\' => at += 1,
            octet if octet == close => depth -= 1,
            b'(' if close == b')' => depth += 1,
            _ => {}
        }
        if depth == 0 {
            return at.min(octets.len());
        }
    }
    octets.len()
}
