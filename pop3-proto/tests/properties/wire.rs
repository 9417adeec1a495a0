//! Octets that might come over a wire, and places to cut them.

use proptest::collection::vec;
use proptest::prelude::*;

/// What clients say, well and badly.
const CLIENT_LINES: &[&str] = &[
    "USER mark\r\n",
    "user mark\n",
    "PASS swordfish\r\n",
    "PASS wrong\r\n",
    "CAPA\r\n",
    "STAT\r\n",
    "LIST\r\n",
    "LIST 2\r\n",
    "UIDL\r\n",
    "RETR 1\r\n",
    "RETR 2\r\n",
    "RETR 9\r\n",
    "TOP 1 0\r\n",
    "TOP 2 1\r\n",
    "DELE 1\r\n",
    "DELE 2\r\n",
    "RSET\r\n",
    "NOOP\r\n",
    "XYZZ\r\n",
    "UTF8\r\n",
    "LANG\r\n",
    "LANG de\r\n",
    "XCLIENT ADDR=192.0.2.7\r\n",
    "\r\n",
    "QUIT\r\n",
    "QUIT",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

/// What servers say, well and badly.
const SERVER_LINES: &[&str] = &[
    "+OK\r\n",
    "+OK 2 320\r\n",
    "+OK <1.2@host>\r\n",
    "+OK\n",
    "-ERR no\r\n",
    "-ERR [IN-USE] busy\r\n",
    "+ \r\n",
    "PIPELINING\r\n",
    "1 120\r\n",
    "2 id-2\r\n",
    "Subject: x\r\n",
    "\r\n",
    ".\r\n",
    ".\r\n",
    "..\r\n",
    ".x\r\n",
    ".\n",
    "\n",
    "\r",
    ".",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

fn wire(begin: &'static str, lines: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let line = proptest::sample::select(lines).prop_map(|line| line.as_bytes().to_vec());
    let plausible = vec(line, 0..30).prop_map(|lines| lines.concat());
    let anything = vec(any::<u8>(), 0..60);
    prop_oneof![
        8 => plausible.prop_map(move |rest| [begin.as_bytes(), &rest].concat()),
        1 => anything,
    ]
}

pub(crate) fn from_client() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![wire("", CLIENT_LINES), wire("USER mark\r\nPASS swordfish\r\n", CLIENT_LINES),]
}

pub(crate) fn from_server() -> impl Strategy<Value = Vec<u8>> {
    wire("+OK ready\r\n", SERVER_LINES)
}

/// Lengths of pieces, to be used over and over.
pub(crate) fn cuts() -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![4 => 1_usize..6, 1 => 1_usize..400], 1..8)
}

/// A message: all that is awkward about lines, and nothing else.
pub(crate) fn letter() -> impl Strategy<Value = Vec<u8>> {
    let piece = proptest::sample::select(
        &[
            "\n",
            "\r\n",
            "\r\n",
            "\r",
            ".",
            ".",
            "..",
            "\n.\n",
            "Subject: x",
            "From: \u{e9} <\u{e9}@\u{e9}>",
            "\n\n",
            "\u{e9}",
            "\0",
        ][..],
    );
    vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}
