//! LANG (RFC 6856, section 3).

use super::super::bench::{Bench, Halt, breach, expect, skip};
use super::super::case::Case;
use super::super::exchange::without_end;
use super::super::peer::{Peer, Reply};
use super::super::wire::shown;
use super::{listed_alike, settled};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::code(
            "6856-3.1/lang-listed-alike",
            "LANG is listed before login and after it, without an argument.",
            &["6856-3.1-lang-cap"],
            "maildrop",
            lang_listed_alike,
        ),
        Case::code(
            "6856-3.2/list-of-languages",
            "LANG without an argument lists a language in each line, and each can be chosen.",
            &["6856-3.2-lang-list", "6856-3.2-lang-list-format"],
            "needs: LANG",
            list_of_languages,
        ),
        Case::code(
            "6856-3.2/lang-says-which",
            "A language that was chosen is named in the reply.",
            &["6856-3.2-lang-ok"],
            "needs: LANG",
            lang_says_which,
        ),
        Case::code(
            "6856-3.2/language-at-once",
            "A language that was chosen is spoken from that reply on.",
            &["6856-3.2-lang-immediate"],
            "needs: LANG",
            language_at_once,
        ),
        Case::code(
            "6856-3.2/languages-in-utf-8",
            "After LANG all texts are UTF-8.",
            &["6856-3.2-lang-utf8"],
            "needs: LANG; letters: 1",
            |bench| {
                let mut peer = bench.session()?;
                let mut said = Vec::new();
                for tag in languages(&mut peer)? {
                    said.push(peer.ask(&format!("LANG {tag}"))?.status);
                    for command in PROBES.iter().chain(&["NOOP", "LIST", "RETR 999999"]) {
                        said.push(peer.ask(command)?.status);
                    }
                }
                match said.iter().find(|line| std::str::from_utf8(line).is_err()) {
                    Some(line) => breach(shown(line), "UTF-8"),
                    None => Ok(()),
                }
            },
        ),
        Case::code(
            "6856-3.2/numbers-and-codes-in-any-language",
            "Indicators, numbers and response codes are the same in any language.",
            &["6856-3.2-codes-untouched"],
            "needs: LANG; letters: 1",
            numbers_and_codes,
        ),
    ]
}

/// Commands that are refused in either state.
const PROBES: &[&str] = &["XYZZ", "APOP", "DELE x", "TOP"];

fn lang_listed_alike(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = settled(bench)?;
    let works = peer.ask("LANG *")?.is_positive();
    if !works && !bench.offers().has("LANG") {
        return skip("the server has no LANG");
    }
    let listed = listed_alike(bench, "LANG")?;
    expect(listed.is_empty(), listed.as_bytes(), "LANG alone")
}

/// The tags of the languages that are listed.
fn languages(peer: &mut Peer) -> Result<Vec<String>, Halt> {
    let reply = peer.ask("LANG")?;
    if !reply.is_positive() {
        return skip("the server has no list of its languages");
    }
    let tag = |line: String| line.split(' ').next().unwrap_or_default().to_owned();
    Ok(reply.lines().into_iter().map(tag).collect())
}

fn list_of_languages(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.connect()?;
    bench.greet(&mut peer)?;
    let reply = peer.ask("LANG")?;
    if !reply.is_positive() {
        return skip("the server has no list of its languages");
    }
    for line in reply.content.iter().flatten() {
        let line = without_end(line);
        let space = line.iter().position(|octet| *octet == b' ');
        let (tag, name) = line.split_at(space.unwrap_or(line.len()));
        let is_tag = tag.split(|octet| *octet == b'-').all(|part| {
            (1..=8).contains(&part.len()) && part.iter().all(u8::is_ascii_alphanumeric)
        });
        let is_name = name.is_empty() || (name.len() > 1 && std::str::from_utf8(name).is_ok());
        expect(is_tag && is_name, line, "a tag, and perhaps a space and a name in UTF-8")?;
        let tag = String::from_utf8_lossy(tag).into_owned();
        let chosen = peer.ask(&format!("LANG {tag}"))?;
        let names_it =
            chosen.line().split(' ').nth(1).is_some_and(|it| it.eq_ignore_ascii_case(&tag));
        expect(chosen.is_positive() && names_it, &chosen.status, format!("+OK {tag}"))?;
    }
    Ok(())
}

fn lang_says_which(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.connect()?;
    bench.greet(&mut peer)?;
    let tags = languages(&mut peer)?;
    let reply = peer.ask("LANG *")?;
    if !reply.is_positive() {
        return skip("the server has no language that it prefers");
    }
    let line = reply.line();
    let mut words = line.splitn(3, ' ').skip(1);
    let tag = words.next().unwrap_or_default();
    let is_listed = tags.iter().any(|listed| listed.eq_ignore_ascii_case(tag));
    let has_text = words.next().is_some_and(|text| !text.is_empty());
    expect(is_listed && has_text, &reply.status, "+OK, the tag of a language, and a text")
}

/// The replies to what is refused in either state.
fn refusals(peer: &mut Peer) -> Result<Vec<Reply>, Halt> {
    let replies = PROBES.iter().map(|command| peer.ask(command));
    Ok(replies.collect::<Result<_, _>>()?)
}

fn language_at_once(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.connect()?;
    bench.greet(&mut peer)?;
    let tags = languages(&mut peer)?;
    let is_english = |tag: &String| {
        let tag = tag.to_ascii_lowercase();
        tag == "i-default" || tag == "en" || tag.starts_with("en-")
    };
    let (english, others): (Vec<_>, Vec<_>) = tags.into_iter().partition(is_english);
    let (Some(english), false) = (english.first(), others.is_empty()) else {
        return skip("the server has no two languages that surely differ");
    };
    let mut in_language = |tag: &String| -> Result<_, Halt> {
        peer.ask(&format!("LANG {tag}"))?;
        refusals(&mut peer)
    };
    let in_english = in_language(english)?;
    for tag in &others {
        if in_language(tag)? == in_english {
            let text = in_english.first().map_or(Vec::new(), |reply| reply.status.clone());
            return breach(shown(&text), format!("another text after LANG {tag}"));
        }
    }
    Ok(())
}

fn numbers_and_codes(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.session()?;
    let tags = languages(&mut peer)?;
    let mut first: Option<Vec<Vec<u8>>> = None;
    // Each costs a refused login, and servers lose patience with those.
    for tag in tags.iter().take(3) {
        peer.ask(&format!("LANG {tag}"))?;
        let mut fixed = Vec::new();
        for command in ["STAT", "LIST 1", "UIDL 1"] {
            let line = peer.ask(command)?.line();
            let words: Vec<_> = line.split(' ').take(3).collect();
            fixed.push(words.join(" ").into_bytes());
        }
        for command in PROBES.iter().chain(&["RETR 999999", "RETR x"]) {
            fixed.push(sign_and_code(&peer.ask(command)?.status));
        }
        let mut other = bench.connect()?;
        bench.greet(&mut other)?;
        other.ask(&format!("LANG {tag}"))?;
        // The maildrop is in use, and the password is wrong.
        let user = &bench.target().account.user;
        other.send(&[b"USER ", &user[..], b"\r\n"].concat())?;
        fixed.push(sign_and_code(&other.reply()?.status));
        fixed.push(sign_and_code(&other.ask("PASS not-the-password")?.status));
        match &first {
            None => first = Some(fixed),
            Some(first) => {
                if let Some((first, here)) = first.iter().zip(&fixed).find(|(a, b)| a != b) {
                    return breach(shown(here), format!("{} in any language", shown(first)));
                }
            }
        }
    }
    Ok(())
}

/// The indicator of a status line, and the response code if there is one.
fn sign_and_code(status: &[u8]) -> Vec<u8> {
    let mut parts = without_end(status).splitn(3, |octet| *octet == b' ');
    let sign = parts.next().unwrap_or_default();
    match parts.next().filter(|word| word.first() == Some(&b'[')) {
        Some(code) => [sign, b" ", code].concat(),
        None => sign.to_vec(),
    }
}
