//! The text of a transcript's line, and what it stands for.

/// The octets that a text stands for.
pub(super) fn octets(text: &str) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let taken = match next {
            '\\' => escape(rest, &mut octets)?,
            '{' => repetition(rest, &mut octets)?,
            _ => {
                octets.extend_from_slice(&rest.as_bytes()[..next.len_utf8()]);
                next.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    Ok(octets)
}

/// `\n` and the like; returns how long it was.
fn escape(text: &str, octets: &mut Vec<u8>) -> Result<usize, String> {
    let odd = || format!("an odd escape at {text:?}");
    let octet = match text.as_bytes().get(1).ok_or_else(odd)? {
        b'r' => b'\r',
        b'n' => b'\n',
        b't' => b'\t',
        b'0' => 0,
        b'\\' => b'\\',
        b'x' => {
            let digits = text.get(2..4).ok_or_else(odd)?;
            octets.push(u8::from_str_radix(digits, 16).map_err(|_| odd())?);
            return Ok(4);
        }
        _ => return Err(odd()),
    };
    octets.push(octet);
    Ok(2)
}

/// `{300*x}`; returns how long it was.
fn repetition(text: &str, octets: &mut Vec<u8>) -> Result<usize, String> {
    let odd = || format!("an odd repetition at {text:?}");
    let end = text.find('}').ok_or_else(odd)?;
    let (count, what) = text[1..end].split_once('*').ok_or_else(odd)?;
    let what = self::octets(what)?;
    octets.extend(what.repeat(count.parse().map_err(|_| odd())?));
    Ok(end + 1)
}

/// Whether a line is what a text with `…` in it stands for.
pub(super) fn matches(pattern: &str, line: &[u8]) -> Result<bool, String> {
    let pieces = pattern.split('…').map(octets).collect::<Result<Vec<_>, _>>()?;
    let [first, middle @ .., last] = &pieces[..] else { return Ok(pieces[0] == line) };
    let Some(mut rest) = line.strip_prefix(&first[..]) else { return Ok(false) };
    for piece in middle.iter().filter(|piece| !piece.is_empty()) {
        match rest.windows(piece.len()).position(|window| window == &piece[..]) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return Ok(false),
        }
    }
    Ok(rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_repetitions_stand_for_octets() {
        assert_eq!(octets("a\\r\\n\\0\\xff{3*ab}é").unwrap(), b"a\r\n\0\xffababab\xc3\xa9");
        for odd in ["\\", "\\q", "\\xz1", "{3*x", "{x*3}", "{}"] {
            assert!(octets(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn an_ellipsis_stands_for_any_text_and_nothing_else_does() {
        let matching = |pattern, line: &str| matches(pattern, line.as_bytes()).unwrap();
        for (pattern, line) in [
            ("+OK", "+OK"),
            ("+OK…", "+OK"),
            ("+OK…", "+OK ready"),
            ("+OK … octets", "+OK 12 octets"),
            ("…<…@…>", "+OK hi <1.2@b>"),
        ] {
            assert!(matching(pattern, line), "{pattern:?} {line:?}");
        }
        for (pattern, line) in [
            ("+OK", "+OK "),
            ("+OK", "+ok"),
            ("+OK …", "+OK"),
            ("ab…bc", "abc"),
            ("…<…@…>", "+OK hi <1.2>"),
        ] {
            assert!(!matching(pattern, line), "{pattern:?} {line:?}");
        }
    }
}
