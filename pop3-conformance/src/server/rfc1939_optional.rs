//! RFC 1939, section 7, for what a script cannot say.

use std::collections::BTreeSet;

use super::bench::{Bench, Halt, breach, expect};
use super::case::{Case, Watched};
use super::exchange::{Exchange, without_end};
use super::survey::{Offers, Way};

/// So many greetings are compared.
const GREETINGS: usize = 30;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::watch(
            "1939-7/unique-id-form",
            "A unique-id listing is a number, a space, a unique-id, and nothing else.",
            &["1939-7-uidl-format"],
            |exchange, _| unique_ids(exchange, "number, space, unique-id", |_| true),
        ),
        Case::watch(
            "1939-7/unique-id-length",
            "A unique-id has 1 to 70 characters.",
            &["1939-7-uidl-length"],
            |exchange, _| unique_ids(exchange, "1 to 70 characters", |id| id.len() <= 70),
        ),
        Case::watch(
            "1939-7/unique-id-characters",
            "The characters of a unique-id are from 0x21 to 0x7E.",
            &["1939-7-uidl-chars"],
            |exchange, _| {
                let graphic = |id: &[u8]| id.iter().all(u8::is_ascii_graphic);
                unique_ids(exchange, "characters from 0x21 to 0x7E", graphic)
            },
        ),
        Case::code(
            "1939-7/unique-ids-differ",
            "Different letters have different unique-ids.",
            &["1939-7-uidl-unique"],
            "needs: UIDL; letters: 2",
            |bench| {
                let mut peer = bench.session()?;
                let ids = ids(&peer.ask("UIDL")?.lines());
                let different: BTreeSet<_> = ids.iter().collect();
                let shown = ids.join(" ");
                expect(different.len() == ids.len(), shown.as_bytes(), "different unique-ids")
            },
        ),
        Case::code(
            "1939-7/unique-id-of-the-dead",
            "The unique-id of a letter that is gone is not given to another.",
            &["1939-7-uidl-no-reuse"],
            "needs: UIDL; letter: Message-ID: <a@example.org>\\nSubject: a\\n\\nfirst\\n; destructive",
            unique_id_of_the_dead,
        ),
        Case::code(
            "1939-7/pass-when-it-is-taken",
            "When PASS succeeds the maildrop is there; when another session has it, PASS is refused.",
            &["1939-7-pass-ok-locked", "1939-4-lock-then-ok", "1939-4-open-failure"],
            "needs: USER; letters: 1",
            pass_when_it_is_taken,
        ),
        Case::watch(
            "1939-7/timestamp-form",
            "What stands in angle brackets in a greeting is a msg-id.",
            &["1939-7-apop-banner", "1939-7-apop-msgid-syntax", "2449-3-greeting-timestamp"],
            timestamp_form,
        ),
        Case::code(
            "1939-7/timestamps-differ",
            "No timestamp is shown twice.",
            &["1939-7-apop-fresh"],
            "needs: APOP",
            timestamps_differ,
        ),
    ]
}

/// The unique-ids of a listing.
fn ids(lines: &[String]) -> Vec<String> {
    lines.iter().filter_map(|line| line.split_once(' ')).map(|(_, id)| id.to_owned()).collect()
}

/// Looks at each unique-id of a listing that has the form of one; a listing without that form is
/// wrong where nothing more is asked for.
fn unique_ids(
    exchange: &Exchange,
    right: &'static str,
    is_right: impl Fn(&[u8]) -> bool,
) -> Watched {
    if exchange.keyword() != "UIDL" || !exchange.is_positive() {
        return Watched::Unconcerned;
    }
    let lines: Vec<_> = if exchange.is_multiline {
        exchange.content.iter().map(|line| without_end(line)).collect()
    } else {
        vec![without_end(exchange.text())]
    };
    if lines.is_empty() {
        return Watched::Unconcerned;
    }
    let holds = |line: &&[u8]| {
        let words: Vec<_> = line.split(|octet| *octet == b' ').collect();
        match &words[..] {
            [number, id] => {
                !number.is_empty()
                    && number.iter().all(u8::is_ascii_digit)
                    && !id.is_empty()
                    && is_right(id)
            }
            _ => false,
        }
    };
    match lines.into_iter().find(|line| !holds(line)) {
        Some(line) => Watched::Wrong { came: line.to_vec(), right },
        None => Watched::Right,
    }
}

fn unique_id_of_the_dead(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.session()?;
    let before = ids(&peer.ask("UIDL")?.lines());
    let marked = peer.ask("DELE 1")?;
    expect(marked.is_positive(), &marked.status, "+OK to DELE")?;
    let gone = peer.ask("QUIT")?;
    expect(gone.is_positive(), &gone.status, "+OK to QUIT")?;
    drop(peer);
    let delivered =
        bench.fixture()?.deliver(b"Message-ID: <b@example.org>\nSubject: b\n\nanother letter\n");
    delivered.map_err(|error| Halt::Skip(format!("the fixture: {error}")))?;
    let mut peer = bench.session()?;
    let after = ids(&peer.ask("UIDL")?.lines());
    match after.iter().find(|id| before.contains(id)) {
        Some(id) => breach(id.clone(), "a unique-id that no letter had before"),
        None => Ok(()),
    }
}

fn pass_when_it_is_taken(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut first = bench.session()?;
    let mut second = bench.connect()?;
    bench.greet(&mut second)?;
    let taken = bench.try_login(&mut second, Way::User)?;
    if taken.is_positive() {
        let letter = second.ask("RETR 1")?;
        expect(letter.is_positive(), &letter.status, "+OK, since PASS has succeeded")?;
    }
    let letter = first.ask("RETR 1")?;
    expect(letter.is_positive(), &letter.status, "+OK to who came first")
}

fn timestamp_form(exchange: &Exchange, _: &Offers) -> Watched {
    if exchange.command.is_some() || !exchange.status.contains(&b'<') {
        return Watched::Unconcerned;
    }
    if timestamp(&exchange.status).is_some() {
        return Watched::Right;
    }
    Watched::Wrong { came: exchange.status.clone(), right: "<left@right> once, without spaces" }
}

/// What stands in the angle brackets of a greeting, if it has the form of a msg-id.
fn timestamp(greeting: &[u8]) -> Option<&[u8]> {
    let start = greeting.iter().position(|octet| *octet == b'<')?;
    let rest = &greeting[start + 1..];
    let end = rest.iter().position(|octet| *octet == b'>')?;
    let inner = &rest[..end];
    let at = inner.iter().position(|octet| *octet == b'@')?;
    let is_word = |word: &[u8]| {
        !word.is_empty() && word.iter().all(|octet| octet.is_ascii_graphic() && *octet != b'<')
    };
    (is_word(&inner[..at]) && is_word(&inner[at + 1..])).then_some(inner)
}

fn timestamps_differ(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut seen = BTreeSet::new();
    for _ in 0..GREETINGS {
        let mut peer = bench.connect()?;
        let greeting = peer.line()?;
        let Some(timestamp) = timestamp(&greeting) else {
            return breach(String::from_utf8_lossy(&greeting), "a timestamp");
        };
        if !seen.insert(timestamp.to_vec()) {
            return breach(String::from_utf8_lossy(&greeting), "a timestamp not seen before");
        }
        peer.ask("QUIT")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_a_msg_id() {
        assert_eq!(timestamp(b"+OK <1.2@host>\r\n"), Some(&b"1.2@host"[..]));
        for odd in ["+OK <1.2>", "+OK <@host>", "+OK <1@>", "+OK <1 2@host>", "+OK <1@host", "+OK"]
        {
            assert_eq!(timestamp(odd.as_bytes()), None, "{odd}");
        }
    }
}
