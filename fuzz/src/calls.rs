//! A script of calls: a line each, of which the first character says what is called.
//!
//! So seeds can be written by hand, a dictionary fits them, and whatever octets come are a script.

/// The calls of a script, with what stands behind the character.
pub(crate) fn calls(script: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let lines = script.split(|octet| *octet == b'\n');
    lines.filter_map(|line| line.split_first()).map(|(which, with)| (*which, with))
}

/// A small number by a character: `0` is none, `1` is one, `a` is 49. None without a character.
pub(crate) fn number(with: &[u8]) -> usize {
    with.first().map_or(0, |digit| usize::from(digit.wrapping_sub(b'0')))
}

/// What a line stands for that brings octets: `<` a line with CRLF, `~` a line with LF, `=` the
/// octets alone. So whatever octets there are can be written.
pub(crate) fn octets(which: u8, with: &[u8]) -> Option<Vec<u8>> {
    match which {
        b'<' => Some([with, b"\r\n"].concat()),
        b'~' => Some([with, b"\n"].concat()),
        b'=' => Some(with.to_vec()),
        _ => None,
    }
}
