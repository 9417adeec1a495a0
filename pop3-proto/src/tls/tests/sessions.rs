//! Whole sessions.

use super::*;

#[track_caller]
fn is_whole(pair: &Pair) {
    assert_eq!(pair.body, pair.letter);
    assert_eq!(pair.told.last().map(String::as_str), Some("closed"), "{:?}", pair.told);
    assert_eq!(pair.ending, Some(Ending::Quit));
    assert!(!holds(&pair.wire, b"swordfish"), "a password went over the wire in clear text");
}

#[test]
fn a_session_in_tls_from_the_first_octet_on() {
    let (client, server) = both();
    let pair = Pair::implicit(&client, &server).session();
    is_whole(&pair);
    assert!(!holds(&pair.wire, b"+OK"));
    assert!(pair.client.is_in_tls() && pair.server.is_in_tls());
}

#[test]
fn a_session_that_begins_in_clear_text_and_goes_on_in_tls() {
    let (client, server) = both();
    let pair = Pair::stls(&client, &server).session();
    is_whole(&pair);
    assert!(holds(&pair.wire, b"STLS\r\n+OK begin TLS now\r\n"));
    assert!(!holds(&pair.wire, b"CAPA"));
}
