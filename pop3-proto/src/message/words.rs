//! Encoded words (RFC 2047).

use alloc::vec::Vec;

use base64ct::{Base64, Encoding};

/// A line of a header is folded before a word that would end beyond this (RFC 5322, section 2.1.1).
const LINE: usize = 76;

/// How many octets of text an encoded word holds: it has at most 75 octets with the longer of the
/// two charsets (RFC 2047, section 2).
const TEXT: usize = 42;

/// One word, or several that belong together.
pub(super) struct Word {
    /// The text.
    pub(super) text: Vec<u8>,
    /// How it is written when it needs no encoding, quotes and all.
    pub(super) verbatim: Vec<u8>,
}

/// Writes free text.
pub(super) fn text(body: &[u8], out: &mut Vec<u8>) {
    let words = body.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    write(words.map(|word| Word { text: word.to_vec(), verbatim: word.to_vec() }), out);
}

/// Writes words: those that are not ASCII as encoded words, joined with their neighbours where
/// these are not ASCII either, since the space between encoded words is not part of the text.
pub(super) fn write(words: impl Iterator<Item = Word>, out: &mut Vec<u8>) {
    let mut pending = Vec::new();
    for word in words {
        if word.text.is_ascii() {
            encode(&core::mem::take(&mut pending), out);
            append(&word.verbatim, out);
            continue;
        }
        if !pending.is_empty() {
            pending.push(b' ');
        }
        pending.extend_from_slice(&word.text);
    }
    encode(&pending, out);
}

/// Appends text as encoded words.
pub(super) fn encode(text: &[u8], out: &mut Vec<u8>) {
    let (charset, mut rest) = match core::str::from_utf8(text) {
        Ok(_) => (&b"UTF-8"[..], text),
        Err(_) => (&b"UNKNOWN-8BIT"[..], text),
    };
    while !rest.is_empty() {
        let (chunk, behind) = rest.split_at(whole_characters(rest));
        let mut buffer = [0; 4 * TEXT.div_ceil(3)];
        // The buffer has room for as much as a chunk has.
        let base64 = Base64::encode(chunk, &mut buffer).unwrap_or_default();
        append(&[b"=?", charset, b"?B?", base64.as_bytes(), b"?="].concat(), out);
        rest = behind;
    }
}

/// How much of a text one encoded word takes: characters are not torn (RFC 2047, section 5).
fn whole_characters(text: &[u8]) -> usize {
    let is_start = |at: &usize| text.get(*at).is_none_or(|octet| octet & 0xc0 != 0x80);
    let longest = text.len().min(TEXT);
    (TEXT - 3..=longest).rev().find(is_start).unwrap_or(longest)
}

/// Appends a word: straight behind the space that follows the field's name, else behind a space, or
/// on a line of its own where this one would be too long.
pub(super) fn append(word: &[u8], out: &mut Vec<u8>) {
    if word.is_empty() {
        return;
    }
    if out.last() != Some(&b' ') {
        let line = out.iter().rev().take_while(|octet| **octet != b'\n').count();
        let too_long = line + 1 + word.len() > LINE;
        out.extend_from_slice(if too_long { b"\r\n " } else { b" " });
    }
    out.extend_from_slice(word);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_takes_whole_characters_or_else_all_that_it_holds() {
        assert_eq!(whole_characters("ä".repeat(30).as_bytes()), 42);
        assert_eq!(whole_characters(alloc::format!("a{}", "ä".repeat(30)).as_bytes()), 41);
        assert_eq!(whole_characters(b"short"), 5);
        let no_text = [&[b'a'; 20][..], &[0x80; 30]].concat();
        assert_eq!(whole_characters(&no_text), 42, "there are no characters to be torn");
    }

    #[test]
    fn a_line_may_be_full() {
        for (octets, behind) in [(5, &b" "[..]), (6, b"\r\n ")] {
            let mut out = [b'x'; 70].to_vec();
            append(&[b'y'; 6][..octets], &mut out);
            assert!(out[70..].starts_with(behind), "{octets}");
        }
    }
}
