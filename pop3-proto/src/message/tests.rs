use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

fn downgraded_in(pieces: &[&[u8]], limit: usize) -> Vec<u8> {
    let mut downgrader = Downgrader::with_limit(limit.try_into().unwrap());
    let mut out = Vec::new();
    for piece in pieces {
        downgrader.push_all(piece, |ready| out.extend_from_slice(ready));
    }
    downgrader.finish(|ready| out.extend_from_slice(ready));
    out
}

fn downgraded(message: &str) -> String {
    String::from_utf8(downgraded_in(&[message.as_bytes()], 65_536)).unwrap()
}

/// What a header field becomes, by whoever reads encoded words.
fn header_of(octets: &[u8]) -> &[u8] {
    let mut at = 0;
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        at += line.len();
        if line == b"\n" || line == b"\r\n" {
            break;
        }
    }
    &octets[..at]
}

#[test]
fn text_becomes_encoded_words() {
    for (field, ascii) in [
        ("Subject: Grüße\r\n", "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n"),
        ("subject:Re: ä b\n", "subject: Re: =?UTF-8?B?w6Q=?= b\n"),
        ("X-Note: ä ö", "X-Note: =?UTF-8?B?w6Qgw7Y=?="),
        ("Comments: ä\r\n\tö\r\n", "Comments: =?UTF-8?B?w6Qgw7Y=?=\r\n"),
    ] {
        assert_eq!(downgraded(field), ascii);
    }
    let latin = downgraded_in(&[b"Subject: \xe4\r\n"], 100);
    assert_eq!(latin, b"Subject: =?UNKNOWN-8BIT?B?5A==?=\r\n");
}

#[test]
fn names_are_kept_and_addresses_that_are_not_ascii_are_replaced() {
    for (field, ascii) in [
        ("From: Zoë <zoe@a.example>\r\n", "From: =?UTF-8?B?Wm/Dqw==?= <zoe@a.example>\r\n"),
        ("Cc: \"Zoë, Dr.\" <z@a>\r\n", "Cc: =?UTF-8?B?Wm/DqywgRHIu?= <z@a>\r\n"),
        ("To: a@b, Zoë Zed <z@a>\r\n", "To: a@b, =?UTF-8?B?Wm/Dqw==?= Zed <z@a>\r\n"),
        ("To: ä <a@b>, a@[IPv6:1::2]\r\n", "To: =?UTF-8?B?w6Q=?= <a@b>, a@[IPv6:1::2]\r\n"),
        ("To: (ä), b@c\r\n", "To: , b@c\r\n"),
        ("To: z@a (Zoë), b@c\r\n", "To: z@a, b@c\r\n"),
        (
            "Sender: zoë@a\r\n",
            "Sender: =?UTF-8?B?em/Dq0Bh?= <invalid@internationalized-address.invalid>\r\n",
        ),
        (
            "Resent-To: Z <zoë@a>\r\n",
            "Resent-To: =?UTF-8?B?WiA8em/Dq0BhPg==?=\r\n \
             <invalid@internationalized-address.invalid>\r\n",
        ),
        ("To: Frühaufsteher: a@b, c@d;\r\n", "To: =?UTF-8?B?RnLDvGhhdWZzdGVoZXI=?=: a@b, c@d;\r\n"),
    ] {
        assert_eq!(downgraded(field), ascii);
    }
}

#[test]
fn parameters_become_extended_ones_and_the_others_stay() {
    assert_eq!(
        downgraded("Content-Disposition: attachment; filename=\"zoë; 1.txt\"; size=4\r\n"),
        "Content-Disposition: attachment; filename*=UTF-8''zo%C3%AB%3B%201.txt;\r\n size=4\r\n"
    );
    assert_eq!(
        downgraded("Content-Type: multipart/mixed; boundary=\"a;b\"; ä\r\n"),
        "Content-Type: multipart/mixed; boundary=\"a;b\"\r\n"
    );
}

#[test]
fn what_cannot_be_said_in_ascii_is_left_out_and_what_is_ascii_stays_as_it_is() {
    let message = "Received: from ä\r\n by b\r\nX: y\nMessage-ID: <ä@b>\r\nContent-Type: ä\r\nä: b\r\nTo:  a@b ,\r\n  c@d\r\n\r\nä\n";
    assert_eq!(downgraded(message), "X: y\nTo:  a@b ,\r\n  c@d\r\n\r\nä\n");
}

#[test]
fn a_message_that_is_all_header_is_downgraded_to_its_end() {
    assert_eq!(downgraded("Subject: ä"), "Subject: =?UTF-8?B?w6Q=?=");
    assert_eq!(downgraded("\r\nSubject: ä"), "\r\nSubject: ä");
    assert_eq!(downgraded(""), "");
}

#[test]
fn a_field_that_is_too_long_is_masked() {
    let field =
        b"Subject: \xc3\xa4 xxxxxxxxxxxxx\r\n \xc3\xa4\r\nSubject: \xc3\xa4\r\n\r\n\xc3\xa4";
    let out = downgraded_in(&[field], 20);
    let expected = "Subject: ?? xxxxxxxxxxxxx\r\n ??\r\nSubject: =?UTF-8?B?w6Q=?=\r\n\r\nä";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn a_field_may_be_as_long_as_the_limit() {
    let field = "Subject: ä\r\n";
    assert_eq!(downgraded_in(&[field.as_bytes()], field.len()), b"Subject: =?UTF-8?B?w6Q=?=\r\n");
    assert_eq!(downgraded_in(&[field.as_bytes()], field.len() - 1), b"Subject: ??\r\n");
}

#[test]
fn what_has_no_lawful_name_is_left_out() {
    assert_eq!(downgraded("X-ä: b\r\nX a: ä\r\n: ä\r\nX: y\r\n"), "X: y\r\n");
    assert_eq!(
        downgraded("Content-Type: text/plain; na me=ä; =ä; ä=b; name=ä\r\n"),
        "Content-Type: text/plain; name*=UTF-8''%C3%A4\r\n"
    );
}

#[test]
fn a_field_that_grows_too_much_is_left_out() {
    let mut field = String::from("To: ");
    field.push_str(&"é,".repeat(30));
    field.push_str("\r\nX: y\r\n");
    assert_eq!(downgraded_in(&[field.as_bytes()], 100), b"X: y\r\n");
}

#[test]
fn a_scan_decides_at_the_blank_line_or_at_the_first_octet_beyond_ascii() {
    for (message, header) in [
        ("", Header::Undecided),
        ("Subject: x\r\n", Header::Undecided),
        ("Subject: x\r\n\r", Header::Undecided),
        ("Subject: x\r\n\r\nä", Header::Ascii),
        ("Subject: x\n\nä", Header::Ascii),
        ("\nä", Header::Ascii),
        ("Subject: ä", Header::NonAscii),
        ("Subject: x\r\n\r \r\nä", Header::NonAscii),
    ] {
        assert_eq!(HeaderScan::new().push(message.as_bytes()), header, "{message:?}");
    }
}

/// Headers in which everything meets everything.
fn tricky() -> impl Strategy<Value = Vec<u8>> {
    let part = proptest::sample::select(
        &[
            "From: ",
            "Subject: ",
            "Content-Type: ",
            "X-A: ",
            "Received: ",
            "\r\n",
            "\n",
            "\r\n ",
            "\r",
            " ",
            "ä",
            "€",
            "\u{1f4e8}",
            "a",
            "b@c",
            "<",
            ">",
            "\"",
            "(",
            ")",
            "\\",
            ",",
            ";",
            ":",
            "=",
            "name=",
            "=?UTF-8?B?w6Q=?=",
            "\u{0}",
        ][..],
    );
    let text = proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat().into_bytes());
    let octet = prop_oneof![Just(b'\n'), Just(b':'), Just(b','), any::<u8>()];
    prop_oneof![4 => text, 1 => proptest::collection::vec(octet, 0..80)]
}

fn limit() -> impl Strategy<Value = usize> {
    prop_oneof![1_usize..40, Just(65_536)]
}

proptest! {
    #[test]
    fn a_downgraded_header_is_ascii(message in tricky(), limit in limit()) {
        let out = downgraded_in(&[&message], limit);
        prop_assert!(header_of(&out).is_ascii());
        prop_assert_ne!(HeaderScan::new().push(&out), Header::NonAscii);
    }

    #[test]
    fn the_body_stays_as_it_is(message in tricky(), limit in limit()) {
        let out = downgraded_in(&[&message], limit);
        let body = &message[header_of(&message).len()..];
        prop_assert_eq!(&out[header_of(&out).len()..], body);
    }

    #[test]
    fn cuts_do_not_matter(message in tricky(), limit in limit(), at in any::<usize>()) {
        let (one, two) = message.split_at(at % (message.len() + 1));
        let whole = downgraded_in(&[&message], limit);
        prop_assert_eq!(downgraded_in(&[one, two], limit), &whole[..]);
        let single: Vec<&[u8]> = message.chunks(1).collect();
        prop_assert_eq!(downgraded_in(&single, limit), &whole[..]);

        let mut scan = HeaderScan::new();
        scan.push(one);
        prop_assert_eq!(scan.push(two), HeaderScan::new().push(&message));
    }

    #[test]
    fn downgrading_twice_is_downgrading_once(message in tricky()) {
        let once = downgraded_in(&[&message], 65_536);
        prop_assert_eq!(downgraded_in(&[&once], 65_536), &once[..]);
    }

    #[test]
    fn a_header_in_ascii_stays_as_it_is(message in "(Subject: [ -~]{0,20}\r?\n){0,4}\r?\n?.{0,9}") {
        if HeaderScan::new().push(message.as_bytes()) != Header::NonAscii {
            prop_assert_eq!(downgraded(&message), message);
        }
    }

    #[test]
    fn no_word_of_a_subject_is_lost(text in "[a-zäö€\u{1f4e8} ]{1,120}") {
        let out = downgraded(&alloc::format!("Subject: {text}\r\n"));
        let mut read = Vec::new();
        for word in out["Subject:".len()..].split_ascii_whitespace() {
            let encoded = word.strip_prefix("=?UTF-8?B?").and_then(|word| word.strip_suffix("?="));
            prop_assert!(word.len() <= 75 || encoded.is_none());
            match encoded {
                Some(base64) => {
                    use base64ct::Encoding;
                    let text = base64ct::Base64::decode_vec(base64).unwrap();
                    prop_assert!(core::str::from_utf8(&text).is_ok(), "no character is torn");
                    read.extend(text);
                }
                None => read.extend_from_slice(word.as_bytes()),
            }
        }
        let without_spaces = |text: &str| text.replace(' ', "");
        let read = String::from_utf8(read).unwrap();
        prop_assert_eq!(without_spaces(&read), without_spaces(&text));
    }
}

#[test]
fn what_is_quoted_or_in_brackets_is_one_token() {
    use super::addresses::{token, unquoted};
    for (octets, first) in [
        ("<a,b@host>, c", 10),
        ("\"a\\\", b\", c", 8),
        ("(a (b), c) d", 10),
        ("\"a(b\", c", 5),
        ("[a,b] c", 5),
        ("a, b", 1),
        ("<not closed", 11),
        ("", 0),
    ] {
        assert_eq!(token(octets.as_bytes()), first, "{octets}");
    }
    assert_eq!(unquoted(br#""a\"b\\" behind"#), br#"a"b\"#);
}
