//! What may become of a letter on its way.
//!
//! POP3 carries lines. So a letter *on the wire* is: every LF without a CR before it becomes CRLF,
//! and a last line without an end gets one; everything else, a bare CR and NUL included, stays
//! ([`wire_form`]). A program that stores what it has collected with Unix line ends turns each CRLF
//! into LF ([`LineEnds::Unix`]). That is all the normalisation there is: what should have arrived
//! is worked out from the letter, and what has arrived is compared with it as it is.
//!
//! Where a peer cannot do that, [`EXCEPTIONS`](crate::peers::EXCEPTIONS) says what it makes of
//! which letter instead, and that is then what must arrive.

use std::collections::BTreeMap;

/// Which line ends a program stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum LineEnds {
    /// As they come: CRLF.
    Wire,
    /// LF.
    Unix,
}

/// A letter as it goes over the wire, without stuffed dots.
#[must_use]
pub fn wire_form(letter: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(letter.len() + letter.len() / 32);
    for line in letter.split_inclusive(|octet| *octet == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(line) => wire.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line)),
            None => wire.extend_from_slice(line),
        }
        wire.extend_from_slice(b"\r\n");
    }
    wire
}

/// What a program has on disk when it stores what came over the wire.
#[must_use]
pub fn stored_form(wire: &[u8], line_ends: LineEnds) -> Vec<u8> {
    if line_ends == LineEnds::Wire {
        return wire.to_vec();
    }
    let mut stored = Vec::with_capacity(wire.len());
    for line in wire.split_inclusive(|octet| *octet == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(line) => stored.extend_from_slice(line),
            None => stored.extend_from_slice(line),
        }
        if line.ends_with(b"\r\n") {
            stored.push(b'\n');
        }
    }
    stored
}

/// A letter that should have arrived.
#[derive(Clone, Debug)]
pub struct Expected {
    /// What is hard about it.
    pub name: String,
    /// Its octets as they should be.
    pub content: Vec<u8>,
}

/// Compares what should have arrived with what has, octet for octet, each letter once, in any
/// order.
///
/// # Errors
/// What is missing and what was not expected.
pub fn compare(expected: &[Expected], arrived: &[Vec<u8>]) -> Result<(), String> {
    let mut surplus: BTreeMap<&[u8], usize> = BTreeMap::new();
    for letter in arrived {
        *surplus.entry(letter).or_default() += 1;
    }
    let mut missing = Vec::new();
    for letter in expected {
        match surplus.get_mut(&letter.content[..]) {
            Some(count) if *count > 0 => *count -= 1,
            _ => missing.push(letter),
        }
    }
    let surplus: Vec<&[u8]> = surplus
        .into_iter()
        .flat_map(|(letter, count)| std::iter::repeat_n(letter, count))
        .collect();
    if missing.is_empty() && surplus.is_empty() {
        return Ok(());
    }
    Err(report(expected.len(), arrived.len(), &missing, &surplus))
}

/// How many letters of each kind a report shows.
const SHOWN: usize = 12;

fn report(expected: usize, arrived: usize, missing: &[&Expected], surplus: &[&[u8]]) -> String {
    let mut report = format!(
        "{expected} letters expected, {arrived} arrived; {} missing, {} not expected\n",
        missing.len(),
        surplus.len()
    );
    for letter in missing.iter().take(SHOWN) {
        report += &format!("missing {:?}", letter.name);
        // The likeliest to have become of it is what agrees with it longest.
        match surplus.iter().max_by_key(|other| common(&letter.content, other)) {
            Some(other) => report += &difference(&letter.content, other),
            None => report += &format!(": {}\n", excerpt(&letter.content, 0)),
        }
    }
    for letter in surplus.iter().take(SHOWN) {
        report += &format!("not expected, {} octets: {}\n", letter.len(), excerpt(letter, 0));
    }
    report
}

fn difference(expected: &[u8], arrived: &[u8]) -> String {
    let at = common(expected, arrived);
    format!(
        ": {} octets; perhaps this, {} octets, other from octet {at} on:\n  expected {}\n  arrived  {}\n",
        expected.len(),
        arrived.len(),
        excerpt(expected, at),
        excerpt(arrived, at)
    )
}

fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

fn excerpt(octets: &[u8], at: usize) -> String {
    let from = at.saturating_sub(20);
    let to = octets.len().min(at + 60);
    format!("\"{}\"", octets[from..to].escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_the_wire_every_line_ends_with_crlf_and_nothing_else_changes() {
        for (letter, wire) in [
            ("", ""),
            ("\n", "\r\n"),
            ("a", "a\r\n"),
            ("a\nb\r\nc", "a\r\nb\r\nc\r\n"),
            ("a\rb\r\r\nc\r", "a\rb\r\r\nc\r\r\n"),
            (".\n..\0\n", ".\r\n..\0\r\n"),
        ] {
            assert_eq!(wire_form(letter.as_bytes()), wire.as_bytes(), "{letter:?}");
        }
        assert_eq!(stored_form(b"a\r\nb\r\r\nc\rd\n\r\n", LineEnds::Unix), b"a\nb\r\nc\rd\n\n");
    }

    #[test]
    fn a_difference_of_one_octet_is_found() {
        let letter = |content: &str| Expected { name: "a".into(), content: content.into() };
        let arrived = |letters: &[&str]| letters.iter().map(|l| l.as_bytes().to_vec()).collect();
        let compare = |expected: &[Expected], letters: &[&str]| {
            let letters: Vec<Vec<u8>> = arrived(letters);
            compare(expected, &letters)
        };
        assert!(compare(&[letter("a"), letter("b")], &["b", "a"]).is_ok());
        assert!(compare(&[letter("a"), letter("a")], &["a", "a"]).is_ok());
        for wrong in [&["a", "c"][..], &["a"], &["a", "b", "b"], &["a", "a"], &[]] {
            assert!(compare(&[letter("a"), letter("b")], wrong).is_err(), "{wrong:?}");
        }
    }
}
