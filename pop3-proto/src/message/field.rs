//! One header field, turned into ASCII.

use alloc::vec::Vec;

use super::{addresses, parameters, words};

/// Appends the body of a field as ASCII.
type Writer = fn(&[u8], &mut Vec<u8>);

/// A field that is not ASCII, line ends and all, as ASCII; `None` where it has to be left out.
pub(super) fn downgraded(field: &[u8]) -> Option<Vec<u8>> {
    let colon = memchr::memchr(b':', field)?;
    let (name, body) = (field[..colon].trim_ascii_end(), &field[colon + 1..]);
    if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let write = writer(name)?;
    let body = unfolded(body);
    let mut out = [name, b": "].concat();
    let start = out.len();
    write(body.trim_ascii(), &mut out);
    if out.len() == start {
        return None;
    }
    let line_end: &[u8] = if field.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
    out.extend_from_slice(if field.ends_with(b"\n") { line_end } else { b"" });
    Some(out)
}

/// What writes the body of a field of this name, if anything does.
fn writer(name: &[u8]) -> Option<Writer> {
    const TEXTS: [&[u8]; 3] = [b"Subject", b"Comments", b"Content-Description"];
    const ADDRESSES: [&[u8]; 8] = [
        b"From",
        b"To",
        b"Cc",
        b"Bcc",
        b"Sender",
        b"Reply-To",
        b"Mail-Reply-To",
        b"Mail-Followup-To",
    ];
    const PARAMETERS: [&[u8]; 2] = [b"Content-Type", b"Content-Disposition"];

    let is = |known: &&[u8]| known.eq_ignore_ascii_case(name);
    let resent =
        name.split_at_checked(7).filter(|(start, _)| start.eq_ignore_ascii_case(b"Resent-"));
    let is_address = |known: &&[u8]| match resent {
        Some((_, rest)) => known.eq_ignore_ascii_case(rest),
        None => known.eq_ignore_ascii_case(name),
    };
    if TEXTS.iter().any(is) || matches!(name, [b'X' | b'x', b'-', _, ..]) {
        Some(words::text)
    } else if ADDRESSES.iter().any(is_address) {
        Some(addresses::list)
    } else if PARAMETERS.iter().any(is) {
        Some(parameters::list)
    } else {
        None
    }
}

/// The body on one line: folding is taken back, and no control character stays.
fn unfolded(body: &[u8]) -> Vec<u8> {
    let without_line_ends = body.iter().filter(|octet| !matches!(octet, b'\r' | b'\n'));
    without_line_ends.map(|octet| if octet.is_ascii_control() { b' ' } else { *octet }).collect()
}
