//! RFC 6856, for what a script cannot say.

mod lang;

use super::bench::{Bench, Halt, breach, digest, expect, skip};
use super::case::Case;
use super::peer::Peer;
use super::survey::{Way, capa};
use super::wire::shown;

/// A letter that needs UTF-8 in its header, and one that does not.
const LETTERS: &str = "letter: From: J\\xc3\\xbcrgen <jurgen@example.org>\\nSubject: \\xe2\\x82\\xac 5\\n\\nplain\\n.\\n; \
     letter: From: mary@example.org\\nSubject: plain\\n\\n.\\n..\\nx\\n";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = utf8();
    cases.extend(lang::cases());
    cases
}

fn utf8() -> Vec<Case> {
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
    ]
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
pub(super) fn full_width(bench: &Bench<'_>) -> Result<Vec<u8>, Halt> {
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
