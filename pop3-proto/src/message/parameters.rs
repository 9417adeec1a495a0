//! Parameters of MIME fields (RFC 2045, section 5.1), extended by RFC 2231.

use alloc::vec::Vec;

use super::addresses::{find, unquoted};
use super::words;

/// Writes the body of a field with parameters. A parameter that is not ASCII becomes an extended
/// one; a value that is not ASCII where there is no parameter is left out.
pub(super) fn list(body: &[u8], out: &mut Vec<u8>) {
    let mut rest = body;
    let mut first = true;
    loop {
        let end = find(rest, b";");
        let (element, behind) = rest.split_at(end);
        let element = element.trim_ascii();
        let written = match element.is_ascii() {
            true => Some(element.to_vec()),
            false => extended(element),
        };
        if let Some(written) = written.filter(|written| !written.is_empty()) {
            if !first {
                out.push(b';');
            }
            words::append(&written, out);
            first = false;
        }
        let Some(more) = behind.get(1..) else { return };
        rest = more;
    }
}

/// `name*=charset''value`, with the value's octets in hexadecimal where need be.
fn extended(parameter: &[u8]) -> Option<Vec<u8>> {
    let equals = memchr::memchr(b'=', parameter)?;
    let (name, value) = (parameter[..equals].trim_ascii(), parameter[equals + 1..].trim_ascii());
    let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_.".contains(octet);
    if name.is_empty() || !name.iter().all(is_name) {
        return None;
    }
    let value = if value.starts_with(b"\"") { unquoted(value) } else { value.to_vec() };
    let charset: &[u8] =
        if core::str::from_utf8(&value).is_ok() { b"UTF-8" } else { b"UNKNOWN-8BIT" };
    let mut written = [name, b"*=", charset, b"''"].concat();
    for octet in value {
        if octet.is_ascii_alphanumeric() || b"-_.".contains(&octet) {
            written.push(octet);
        } else {
            let digit = |nibble: u8| b"0123456789ABCDEF"[usize::from(nibble & 0x0f)];
            written.extend_from_slice(&[b'%', digit(octet >> 4), digit(octet)]);
        }
    }
    Some(written)
}
