//! RFC 1939, sections 3 to 6, for what a script cannot say.

use super::bench::{Bench, Halt, breach, expect};
use super::case::{Case, Watched};
use super::exchange::{Exchange, without_end};
use super::survey::Offers;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::watch(
            "1939-3/two-indicators",
            "Every status line begins with +OK or -ERR in capitals, and a space if there is more.",
            &["1939-3-response-shape", "1939-3-two-indicators", "1939-3-status-upper"],
            indicators,
        ),
        Case::watch(
            "1939-3/crlf-everywhere",
            "Every line of every reply ends in CRLF and holds no other CR or LF.",
            &["1939-3-response-crlf"],
            line_ends,
        ),
        Case::watch(
            "1939-5/scan-listing-form",
            "A scan listing is a number, a space and a size.",
            &["1939-5-list-format", "1939-4-numbers-decimal"],
            |exchange, _| scan_listings(exchange, false),
        ),
        Case::watch(
            "1939-5/scan-listing-and-nothing-more",
            "Nothing stands behind the size in a scan listing.",
            &["1939-5-list-nothing-more"],
            |exchange, _| scan_listings(exchange, true),
        ),
        Case::code(
            "1939-4/numbered-from-one",
            "Letters are numbered from 1 without a gap when the maildrop is opened.",
            &["1939-4-numbers-from-1"],
            "letters: 2",
            numbered_from_one,
        ),
        Case::code(
            "1939-5/stat-is-the-sum",
            "The size that STAT shows is the sum of those that LIST shows.",
            &["1939-5-stat-sum"],
            "letters: 1",
            stat_is_the_sum,
        ),
        Case::code(
            "1939-4/way-to-log-in",
            "There is a way to log in.",
            &["1939-4-one-mechanism"],
            "maildrop",
            |bench| bench.session().map(drop),
        ),
        Case::code(
            "1939-7/mandatory-commands",
            "STAT, LIST, RETR, DELE, NOOP, RSET and QUIT are there.",
            &["1939-7-mandatory-commands"],
            "letters: 1; destructive",
            mandatory_commands,
        ),
    ]
}

fn indicators(exchange: &Exchange, _: &Offers) -> Watched {
    if exchange.status.is_empty() {
        return Watched::Unconcerned;
    }
    let rest = exchange.status.strip_prefix(b"+OK").or(exchange.status.strip_prefix(b"-ERR"));
    if rest.is_some_and(|rest| matches!(rest.first(), Some(b' ' | b'\r' | b'\n'))) {
        return Watched::Right;
    }
    Watched::Wrong { came: exchange.status.clone(), right: "+OK or -ERR, then a space or the end" }
}

fn line_ends(exchange: &Exchange, _: &Offers) -> Watched {
    let lines = exchange.challenges.iter().chain(Some(&exchange.status)).chain(&exchange.content);
    // A bare CR within a line of a letter is the letter's own.
    let is_letter = matches!(exchange.keyword().as_str(), "RETR" | "TOP");
    let odd = |line: &&Vec<u8>| {
        let Some(content) = line.strip_suffix(b"\r\n") else { return true };
        content.contains(&b'\n') || content.contains(&b'\r') && !is_letter
    };
    match lines.filter(|line| !line.is_empty()).find(odd) {
        Some(line) => Watched::Wrong { came: line.clone(), right: "CRLF, at the end alone" },
        None => Watched::Right,
    }
}

fn scan_listings(exchange: &Exchange, strictly: bool) -> Watched {
    if exchange.keyword() != "LIST" || !exchange.is_positive() {
        return Watched::Unconcerned;
    }
    let lines = if exchange.is_multiline {
        exchange.content.iter().map(|line| without_end(line)).collect()
    } else {
        vec![without_end(exchange.text())]
    };
    if lines.is_empty() {
        return Watched::Unconcerned;
    }
    let is_number = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    let is_right = |line: &&[u8]| {
        let words: Vec<_> = line.split(|octet| *octet == b' ').collect();
        match &words[..] {
            [number, size, rest @ ..] => {
                is_number(number) && is_number(size) && (!strictly || rest.is_empty())
            }
            _ => false,
        }
    };
    match lines.into_iter().find(|line| !is_right(line)) {
        Some(line) => Watched::Wrong { came: line.to_vec(), right: "number, space, size" },
        None => Watched::Right,
    }
}

fn numbered_from_one(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.session()?;
    let listing = peer.ask("LIST")?;
    expect(listing.is_positive(), &listing.status, "+OK")?;
    for (n, line) in (1..).zip(listing.lines()) {
        if line.split(' ').next() != Some(&n.to_string()) {
            return breach(line, format!("letter {n}"));
        }
    }
    Ok(())
}

fn stat_is_the_sum(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.session()?;
    let listing = peer.ask("LIST")?;
    let size = |line: String| line.split(' ').nth(1).and_then(|size| size.parse::<u64>().ok());
    let sum: u64 = listing.lines().into_iter().filter_map(size).sum();
    let stat = peer.ask("STAT")?;
    let total = stat.line().split(' ').nth(2).and_then(|size| size.parse::<u64>().ok());
    expect(total == Some(sum), &stat.status, format!("a total of {sum} octets"))
}

fn mandatory_commands(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.session()?;
    for command in ["STAT", "LIST", "RETR 1", "DELE 1", "NOOP", "RSET", "QUIT"] {
        let reply = peer.ask(command)?;
        expect(reply.is_positive(), &reply.status, format!("+OK to {command}"))?;
    }
    Ok(())
}
