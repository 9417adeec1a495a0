//! From CRLF on the wire to LF on disk.

/// Turns CRLF into LF, wherever the pieces are cut; a bare CR stays.
#[derive(Debug, Default)]
pub(crate) struct ToLf {
    /// A CR that ended the last piece and is not written yet.
    cr: bool,
}

impl ToLf {
    /// Appends the next piece.
    pub(crate) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let Some(first) = piece.first() else { return };
        if std::mem::take(&mut self.cr) && *first != b'\n' {
            out.push(b'\r');
        }
        let whole = piece.strip_suffix(b"\r").unwrap_or(piece);
        self.cr = whole.len() < piece.len();
        let mut from = 0;
        for at in memchr::memmem::find_iter(whole, b"\r\n") {
            out.extend_from_slice(&whole[from..at]);
            from = at + 1;
        }
        out.extend_from_slice(&whole[from..]);
    }

    /// Ends the message.
    pub(crate) fn finish(self, out: &mut Vec<u8>) {
        if self.cr {
            out.push(b'\r');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn to_lf<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let (mut lf, mut out) = (ToLf::default(), Vec::new());
        for piece in pieces {
            lf.push(piece, &mut out);
        }
        lf.finish(&mut out);
        out
    }

    #[test]
    fn only_cr_before_lf_goes() {
        assert_eq!(to_lf([&b"a\r\nb\rc\r\r\nd\ne\r"[..]]), b"a\nb\rc\r\nd\ne\r");
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(
            text in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'x')], 0..40),
            size in 1_usize..6,
        ) {
            let expected = String::from_utf8(text.clone()).unwrap().replace("\r\n", "\n");
            prop_assert_eq!(to_lf(text.chunks(size)), expected.into_bytes());
        }
    }
}
