//! The text of a script's line, and what it stands for.
//!
//! `\r`, `\n`, `\t`, `\0`, `\\`, `\{` and `\xNN` stand for octets; `{300*x}` for three hundred times
//! `x`; `{base64:x}` for the Base64 of `x`; `{name}` for what the play knows by that name.

use base64ct::{Base64, Encoding};

/// What a play knows by name: `{user}`, `{password}` and the like.
pub trait Names {
    /// The octets that a name stands for, if it stands for any.
    fn octets_of(&self, name: &str) -> Option<Vec<u8>>;
}

impl<F: Fn(&str) -> Option<Vec<u8>>> Names for F {
    fn octets_of(&self, name: &str) -> Option<Vec<u8>> {
        self(name)
    }
}

/// Knows nothing by name.
#[derive(Clone, Copy, Debug)]
pub struct NoNames;

impl Names for NoNames {
    fn octets_of(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

/// Longest text that repetitions may make, in octets: 64 MiB.
const LIMIT: usize = 64 << 20;

/// The octets that a text stands for.
///
/// # Errors
/// What in it cannot be read, or is known by no name.
pub fn octets(text: &str, names: &dyn Names) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let taken = match next {
            '\\' => escape(rest, &mut octets)?,
            '{' => braces(rest, names, &mut octets)?,
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
        b'{' => b'{',
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

/// `{300*x}`, `{base64:x}` or `{name}`; returns how long it was.
fn braces(text: &str, names: &dyn Names, octets: &mut Vec<u8>) -> Result<usize, String> {
    let end = closing(text).ok_or_else(|| format!("no closing brace after {text:?}"))?;
    let inner = &text[1..end];
    if let Some((count, what)) = inner.split_once('*')
        && let Ok(count) = count.parse::<usize>()
    {
        let what = self::octets(what, names)?;
        if what.len().saturating_mul(count) > LIMIT {
            return Err(format!("{{{inner}}} is longer than {LIMIT} octets"));
        }
        octets.extend(what.repeat(count));
    } else if let Some(what) = inner.strip_prefix("base64:") {
        octets.extend(Base64::encode_string(&self::octets(what, names)?).into_bytes());
    } else {
        let known = names.octets_of(inner);
        octets.extend(known.ok_or_else(|| format!("nothing is known as {{{inner}}}"))?);
    }
    Ok(end + 1)
}

/// Where the brace that opens a text is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether a line is what a text with `…` in it stands for. Each `…` stands for any octets.
///
/// # Errors
/// As [`octets`].
pub fn matches(pattern: &str, line: &[u8], names: &dyn Names) -> Result<bool, String> {
    let pieces = pattern.split('…').map(|piece| octets(piece, names));
    let pieces = pieces.collect::<Result<Vec<_>, _>>()?;
    let [first, middle @ .., last] = &pieces[..] else { return Ok(pieces[0] == line) };
    let Some(mut rest) = line.strip_prefix(&first[..]) else { return Ok(false) };
    for piece in middle.iter().filter(|piece| !piece.is_empty()) {
        match memchr::memmem::find(rest, piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return Ok(false),
        }
    }
    Ok(rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(name: &str) -> Option<Vec<u8>> {
        (name == "user").then(|| b"mark".to_vec())
    }

    #[test]
    fn escapes_repetitions_and_names_stand_for_octets() {
        let plain = |text| octets(text, &mark).unwrap();
        assert_eq!(plain("a\\r\\n\\0\\xff{3*ab}é"), b"a\r\n\0\xffababab\xc3\xa9");
        assert_eq!(plain("USER {user}\\{2*{user}}"), b"USER mark{2*mark}".as_slice());
        assert_eq!(plain("{2*{user}}"), b"markmark");
        assert_eq!(plain("{base64:\\0{user}\\0pw}"), b"AG1hcmsAcHc=");
        for odd in ["\\", "\\q", "\\xz1", "{3*x", "{x*3}", "{}", "{password}", "{99999999*xx}"] {
            assert!(octets(odd, &mark).is_err(), "{odd}");
        }
    }

    #[test]
    fn an_ellipsis_stands_for_any_text_and_nothing_else_does() {
        let matching = |pattern, line: &str| matches(pattern, line.as_bytes(), &mark).unwrap();
        for (pattern, line) in [
            ("+OK", "+OK"),
            ("+OK…", "+OK"),
            ("+OK…", "+OK ready"),
            ("+OK … octets", "+OK 12 octets"),
            ("…<…@…>", "+OK hi <1.2@b>"),
            ("+OK {user}…", "+OK mark!"),
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
