use alloc::string::ToString;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::types::{MessageNumber, Octets, UniqueId};

fn line(encode: impl FnOnce(&mut BytesMut)) -> Vec<u8> {
    let mut out = BytesMut::new();
    encode(&mut out);
    out.to_vec()
}

fn any_reply() -> impl Strategy<Value = Reply> {
    let status = prop_oneof![Just(Status::Ok), Just(Status::Err)];
    let code = proptest::option::of("[A-Z-]{1,9}(/[A-Z-]{1,9}){0,2}");
    let text = proptest::collection::vec(any::<u8>(), 0..80)
        .prop_filter_map("no line", |text| Text::new(text).ok())
        .prop_filter("looks like a response code", |text| !text.as_bytes().starts_with(b"["));
    (status, code, text).prop_map(|(status, code, text)| Reply {
        status,
        code: code.map(|code| ResponseCode::new(&code).unwrap()),
        text,
    })
}

proptest! {
    #[test]
    fn parser_and_encoder_are_inverses(reply in any_reply()) {
        let wire = line(|out| reply.encode(out));
        prop_assert_eq!(Reply::parse(wire.strip_suffix(b"\r\n").unwrap()), Ok(reply));
    }

    #[test]
    fn listings_parse_to_what_was_encoded(
        number in 1..=u32::MAX,
        octets in any::<u64>(),
        unique_id in "[!-~]{1,70}",
        extra in "( .*)?",
    ) {
        let number = MessageNumber::new(number).unwrap();
        let scan = ScanListing { number, octets: Octets(octets) };
        let mut wire = line(|out| scan.encode(out));
        wire.extend_from_slice(extra.as_bytes());
        prop_assert_eq!(ScanListing::parse(&wire), Ok(scan));
        let unique = UniqueIdListing { number, unique_id: UniqueId::new(unique_id).unwrap() };
        prop_assert_eq!(UniqueIdListing::parse(&line(|out| unique.encode(out))), Ok(unique));
        let drop = DropListing { messages: number.get(), octets: Octets(octets) };
        prop_assert_eq!(DropListing::parse(&line(|out| drop.encode(out))), Ok(drop));
    }

    #[test]
    fn no_line_panics(octets in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = Reply::parse(&octets);
        let _ = DropListing::parse(&octets);
        let _ = ScanListing::parse(&octets);
        let _ = UniqueIdListing::parse(&octets);
    }
}

#[test]
fn a_status_indicator_alone_is_a_reply() {
    assert_eq!(Reply::parse(b"+OK"), Ok(Reply::ok(Text::EMPTY)));
    assert_eq!(Reply::parse(b"-ERR"), Ok(Reply::err(Text::EMPTY)));
    assert_eq!(Reply::parse(b"+OK "), Ok(Reply::ok(Text::EMPTY)));
}

#[test]
fn only_two_indicators_exist() {
    for no in ["", "+ERR x", "+ok", "OK", "-ERRx", "+OKx", "* OK", "220 hello", "+ "] {
        assert_eq!(Reply::parse(no.as_bytes()), Err(InvalidReply::Indicator), "{no}");
    }
}

#[test]
fn codes_match_in_any_case_and_with_unknown_levels() {
    for (line, kind) in [
        ("-ERR [in-use] x", CodeKind::InUse),
        ("-ERR [SYS/TEMP/DISK] x", CodeKind::SysTemp),
        ("-ERR [SYS/PERM] x", CodeKind::SysPerm),
        ("-ERR [SYS/ODD]", CodeKind::Sys),
        ("-ERR [LOGIN-DELAY]", CodeKind::LoginDelay),
        ("-ERR [X-OURS/1] x", CodeKind::Unknown),
    ] {
        assert_eq!(Reply::parse(line.as_bytes()).unwrap().code.unwrap().kind(), kind, "{line}");
    }
}

#[test]
fn brackets_that_are_no_code_are_text() {
    for text in ["[not a code] x", "[a//b]", "[", "[]", "[/]", "[open"] {
        let reply = Reply::parse(alloc::format!("-ERR {text}").as_bytes()).unwrap();
        assert_eq!((reply.code, reply.text.to_string()), (None, text.to_string()));
    }
}

#[test]
fn text_never_begins_with_a_bracket_that_is_no_code() {
    let reply = Reply::err(Text::literal("[nonsense"));
    assert_eq!(line(|out| reply.encode(out)), b"-ERR (nonsense\r\n");
}

#[test]
fn status_lines_have_512_octets_at_most() {
    let reply = Reply::ok(Text::new([b'x'; 4000]).unwrap()).with_code(ResponseCode::SYS_TEMP);
    let wire = line(|out| reply.encode(out));
    assert_eq!(wire.len(), Reply::MAX);
    assert!(wire.ends_with(b"x\r\n"));
}

#[test]
fn garbage_is_no_listing() {
    for no in ["", "1", "x 1", "0 1", "-1 1", "1 -1", "1 %!d(float64=1)", "4294967296 1"] {
        assert!(ScanListing::parse(no.as_bytes()).is_err(), "{no}");
    }
    assert!(UniqueIdListing::parse(b"1").is_err());
    assert!(UniqueIdListing::parse(b"1 ").is_err());
    assert_eq!(DropListing::parse(b"0 0").unwrap().messages, 0);
}

#[test]
fn spaces_and_odd_unique_ids_are_taken() {
    assert_eq!(ScanListing::parse(b" 1   120 foo").unwrap().octets, Octets(120));
    let listing = UniqueIdListing::parse(b"1  two words").unwrap();
    assert_eq!(listing.unique_id.as_bytes(), b"two words");
}

proptest! {
    #[test]
    fn language_listings_parse_to_what_was_encoded(
        tag in "[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,2}",
        name in "([!-~ä€]{1,9}( [!-~ä€]{1,9}){0,3})?",
    ) {
        let tag = crate::command::LanguageTag::new(&tag).unwrap();
        let name = (!name.is_empty()).then(|| Text::new(&name).unwrap());
        let listing = LanguageListing { tag, name };
        let wire = line(|out| listing.encode(out));
        prop_assert_eq!(LanguageListing::parse(&wire), Ok(listing));
    }

    #[test]
    fn no_line_of_a_language_listing_panics(line in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = LanguageListing::parse(&line);
    }
}

#[test]
fn only_a_text_without_a_code_can_look_like_one() {
    let mut reply = Reply::err(Text::literal("[AUTH] no"));
    assert_eq!(line(|out| reply.encode(out)), b"-ERR (AUTH] no\r\n");
    reply.code = Some(ResponseCode::SYS_TEMP);
    assert_eq!(line(|out| reply.encode(out)), b"-ERR [SYS/TEMP] [AUTH] no\r\n");
}

#[test]
fn response_codes_are_alike_in_any_case() {
    let code = |code| ResponseCode::new(code).unwrap();
    assert_eq!(code("sys/temp"), code("SYS/TEMP"));
    assert_ne!(code("SYS/TEMP"), code("SYS/PERM"));
}
