//! RFC 6856, for what a script cannot say.

use super::bench::{Bench, Halt, breach, digest, expect, skip};
use super::case::Case;
use super::exchange::without_end;
use super::peer::{Peer, Reply};
use super::survey::{Capabilities, Way, capabilities};
use super::wire::shown;

/// A letter that needs UTF-8 in its header, and one that does not.
const LETTERS: &str = "letter: From: J\\xc3\\xbcrgen <jurgen@example.org>\\nSubject: \\xe2\\x82\\xac 5\\n\\nplain\\n.\\n; \
     letter: From: mary@example.org\\nSubject: plain\\n\\n.\\n..\\nx\\n";

pub(super) fn cases() -> Vec<Case> {
    let with_letters = |needs: &str| format!("{needs}; {LETTERS}");
    vec![
        Case::code(
            "6856-2/utf8-listed-alike",
            "UTF8 is listed before login and after it, with no argument but USER.",
            &["6856-2-utf8-cap"],
            "needs: UTF8; maildrop",
            |bench| {
                let listed = listed_alike(bench, "UTF8")?;
                expect(matches!(&*listed, "" | "USER"), listed.as_bytes(), "UTF8 or UTF8 USER")
            },
        ),
        Case::code(
            "6856-3.1/lang-listed-alike",
            "LANG is listed before login and after it, without an argument.",
            &["6856-3.1-lang-cap"],
            "maildrop",
            lang_listed_alike,
        ),
        Case::code(
            "6856-2.1/no-utf-8-to-others",
            "Without UTF8 a letter that needs it is refused, or sent in ASCII.",
            &[
                "6856-2.1-no-raw-utf8",
                "6856-2.1-surrogate-or-err",
                "6856-2.1-anticipate",
                "6856-4-comply-ascii",
            ],
            &with_letters("needs: UTF8"),
            no_utf8_to_others,
        ),
        Case::code(
            "6856-2.1/sizes-in-either-mode",
            "The size that LIST shows is that of what RETR sends, with UTF8 and without.",
            &["6856-2.1-list-exact"],
            &with_letters("needs: UTF8"),
            sizes_in_either_mode,
        ),
        Case::code(
            "6856-5/code-utf8",
            "The refusal of a letter that needs UTF8 says so in its response code.",
            &["6856-5-utf8-code"],
            &with_letters("needs: UTF8"),
            code_utf8,
        ),
        Case::code(
            "6856-2.2/names-in-other-letters",
            "A name in letters of full width is the name in plain ones.",
            &["6856-2.2-saslprep"],
            "needs: UTF8 USER, USER; maildrop",
            |bench| {
                if bench.offers().way != Way::User {
                    return skip("the server has no login by USER for this user");
                }
                let (name, password) =
                    (full_width(bench)?, bench.target().account.password.clone());
                let mut peer = settled(bench)?;
                peer.send(&[b"USER ", &name[..], b"\r\n"].concat())?;
                let reply = peer.reply()?;
                expect(reply.is_positive(), &reply.status, "+OK to USER")?;
                peer.send(&[b"PASS ", &password[..], b"\r\n"].concat())?;
                let reply = peer.reply()?;
                expect(reply.is_positive(), &reply.status, "+OK to PASS")
            },
        ),
        Case::code(
            "6856-2.2/apop-in-other-letters",
            "APOP takes a name in letters of full width for the name in plain ones.",
            &["6856-2.2-apop-saslprep"],
            "needs: UTF8 USER, APOP; maildrop",
            apop_in_other_letters,
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

fn capa(peer: &mut Peer) -> Result<Capabilities, Halt> {
    let reply = peer.ask("CAPA")?;
    match capabilities(&reply.lines_if_positive()) {
        Some(list) => Ok(list),
        None => breach(shown(&reply.status), "+OK to CAPA"),
    }
}

/// A connection whose next login finds the maildrop free.
fn settled(bench: &mut Bench<'_>) -> Result<Peer, Halt> {
    let mut before = bench.session()?;
    before.ask("QUIT")?;
    before.rest()?;
    let mut peer = bench.connect()?;
    bench.greet(&mut peer)?;
    Ok(peer)
}

/// The arguments of a capability that must be listed in both states, with the same.
fn listed_alike(bench: &mut Bench<'_>, tag: &str) -> Result<String, Halt> {
    let mut peer = settled(bench)?;
    let before = capa(&mut peer)?.remove(tag);
    bench.login(&mut peer)?;
    let after = capa(&mut peer)?.remove(tag);
    match (before, after) {
        (Some(before), Some(after)) if before == after => Ok(before),
        (before, after) => {
            let line = |words: Option<String>| match words {
                Some(words) => format!("{tag} {words}").trim().to_owned(),
                None => format!("no {tag}"),
            };
            breach(format!("{}, and after login {}", line(before), line(after)), "the same twice")
        }
    }
}

fn lang_listed_alike(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = settled(bench)?;
    let works = peer.ask("LANG *")?.is_positive();
    if !works && !bench.offers().has("LANG") {
        return skip("the server has no LANG");
    }
    let listed = listed_alike(bench, "LANG")?;
    expect(listed.is_empty(), listed.as_bytes(), "LANG alone")
}

fn has_utf8(octets: &[u8]) -> bool {
    !octets.is_ascii()
}

fn no_utf8_to_others(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.session()?;
    for command in ["RETR 1", "TOP 1 0"] {
        let reply = peer.ask(command)?;
        if let Some(line) = reply.content.iter().flatten().find(|line| has_utf8(line)) {
            return breach(shown(line), "ASCII, or -ERR");
        }
    }
    for command in ["RETR 2", "STAT", "LIST"] {
        let reply = peer.ask(command)?;
        expect(reply.is_positive(), &reply.status, format!("+OK to {command}"))?;
    }
    Ok(())
}

fn sizes_in_either_mode(bench: &mut Bench<'_>) -> Result<(), Halt> {
    for mode in [None, Some("UTF8")] {
        let mut peer = settled(bench)?;
        if let Some(command) = mode
            && !peer.ask(command)?.is_positive()
        {
            return Ok(());
        }
        bench.login(&mut peer)?;
        for letter in [1, 2] {
            let listed = peer.ask(&format!("LIST {letter}"))?;
            let sent = peer.ask(&format!("RETR {letter}"))?;
            if listed.is_positive() && sent.is_positive() {
                let size = sent.unstuffed().len().to_string();
                let shown = listed.line();
                let is_right = shown.split(' ').nth(2) == Some(&size);
                expect(is_right, &listed.status, format!("a size of {size} octets"))?;
            }
        }
        peer.ask("QUIT")?;
    }
    Ok(())
}

fn code_utf8(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.session()?;
    let mut refused = false;
    for command in ["RETR 1", "TOP 1 0", "LIST 1"] {
        let reply = peer.ask(command)?;
        if !reply.is_positive() {
            refused = true;
            let has_code = reply.status.to_ascii_uppercase().starts_with(b"-ERR [UTF8]");
            expect(has_code, &reply.status, "-ERR [UTF8]")?;
        }
    }
    if refused { Ok(()) } else { skip("the server has a form of each letter for everybody") }
}

/// The user's name in letters of full width (U+FF01 and following), which both `SASLprep`
/// and its successor (RFC 8265, section 3.3) make plain ones.
fn full_width(bench: &Bench<'_>) -> Result<Vec<u8>, Halt> {
    let user = &bench.target().account.user;
    if !user.iter().all(u8::is_ascii_alphanumeric) {
        return skip("the server has a user whose name is not of plain letters");
    }
    let wide = |octet: &u8| char::from_u32(0xfee0 + u32::from(*octet));
    Ok(user.iter().filter_map(wide).collect::<String>().into_bytes())
}

fn apop_in_other_letters(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let name = full_width(bench)?;
    let password = &bench.target().account.password;
    settled(bench)?;
    let mut peer = bench.connect()?;
    let greeting = peer.line()?;
    let user = &bench.target().account.user;
    let digest = digest(&greeting, password).unwrap_or_default();
    peer.send(&[b"APOP ", &user[..], b" ", &digest, b"\r\n"].concat())?;
    if !peer.reply()?.is_positive() {
        return skip("the server has no APOP for this user");
    }
    peer.ask("QUIT")?;
    peer.rest()?;
    let mut peer = bench.connect()?;
    let greeting = peer.line()?;
    let digest = self::digest(&greeting, password).unwrap_or_default();
    peer.send(&[b"APOP ", &name[..], b" ", &digest, b"\r\n"].concat())?;
    let reply = peer.reply()?;
    expect(reply.is_positive(), &reply.status, "+OK to APOP")
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
