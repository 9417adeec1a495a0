//! Beyond the letter: segments, half-closed connections, floods, two sessions, odd letters.

use std::time::{Duration, Instant};

use super::bench::{Bench, Halt, breach, expect, skip};
use super::case::Case;
use super::exchange::without_end;
use super::peer::{Peer, Reply, Trouble};
use super::wire::shown;

/// How long a flood lasts at most: servers take their time to refuse.
const FLOOD: Duration = Duration::from_secs(20);

/// A letter that no buffer of a kernel holds.
const LONG: &str = "letter: Subject: long\\n\\n{250000*{63*x}\\n}";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::code(
            "beyond/commands-in-one-segment",
            "Commands in one segment are answered as those that come one by one.",
            &["2449-6.6-pipe-accept", "2449-6.6-pipe-in-turn"],
            "needs: PIPELINING; letters: 1",
            |bench| {
                let mut peer = bench.session()?;
                let one_by_one = one_by_one(&mut peer)?;
                peer.send(COMMANDS.concat().as_bytes())?;
                all_alike(&mut peer, &one_by_one)
            },
        ),
        Case::code(
            "beyond/commands-cut-at-every-octet",
            "Commands in two segments are answered alike wherever they are cut.",
            &["2449-6.6-pipe-accept", "2449-6.6-pipe-in-turn"],
            "needs: PIPELINING; letters: 1",
            |bench| {
                let mut peer = bench.session()?;
                let one_by_one = one_by_one(&mut peer)?;
                let commands = COMMANDS.concat();
                for cut in 1..commands.len() {
                    let (first, second) = commands.as_bytes().split_at(cut);
                    peer.send(first)?;
                    // Long enough for the server to read what is there.
                    std::thread::sleep(Duration::from_millis(2));
                    peer.send(second)?;
                    all_alike(&mut peer, &one_by_one)?;
                }
                Ok(())
            },
        ),
        Case::code(
            "beyond/commands-octet-by-octet",
            "Commands that come octet by octet are answered as others.",
            &["1939-3-command-ends-crlf", "1939-5-response-each"],
            "letters: 1",
            |bench| {
                let mut peer = bench.session()?;
                let one_by_one = one_by_one(&mut peer)?;
                for (command, wanted) in COMMANDS.iter().zip(one_by_one) {
                    peer.send_octetwise(command.as_bytes())?;
                    all_alike(&mut peer, &[wanted])?;
                }
                Ok(())
            },
        ),
        Case::code(
            "beyond/commands-during-a-long-reply",
            "Commands that come while a long letter is on its way are answered after it.",
            &["2449-6.6-pipe-accept", "2449-6.6-pipe-in-turn"],
            &format!("needs: PIPELINING; fixture; {LONG}"),
            during_a_long_reply,
        ),
        Case::code(
            "beyond/quit-and-half-close",
            "To a client that says no more behind QUIT the reply comes, or the connection ends.",
            &["1939-6-quit-enters-update"],
            "fixture; letters: 2; destructive",
            quit_and_half_close,
        ),
        Case::code(
            "beyond/half-close-within-a-letter",
            "To a client that says no more a letter is sent to its end, or the connection ends.",
            &["1939-5-response-each"],
            &format!("fixture; {LONG}"),
            half_close_within_a_letter,
        ),
        Case::code(
            "beyond/bare-line-ends",
            "After a bare CR or LF each command is answered once, whatever these are taken for.",
            &["1939-5-response-each"],
            "maildrop",
            bare_line_ends,
        ),
        Case::code(
            "beyond/flood-of-unknown-commands",
            "Thousands of unknown commands are refused one by one, unless the session ends.",
            &["1939-3-err-unknown"],
            "",
            flood,
        ),
        Case::code(
            "beyond/two-sessions",
            "A second session is refused, or does not disturb the first.",
            &["1939-4-lock-exclusive"],
            "letters: 2",
            two_sessions,
        ),
        Case::code(
            "beyond/sizes-of-odd-letters",
            "The size that LIST shows is that of what RETR sends, however odd the letter.",
            &["1939-11-size-crlf"],
            "fixture; \
             letter: Subject: no end\\n\\nx; letter: Subject: header\\n; letter: Subject: blank\\n\\n; \
             letter: Subject: dots\\n\\n.\\n..\\n.\\n; letter: Subject: crlf\\r\\n\\r\\nx\\r\\n; \
             letter: Subject: mixed\\r\\n\\nx\\r\\ny\\n; letter: no header\\n; \
             letter: Subject: empty\\n\\n\\n\\n\\n; letter: Subject: 8\\n\\n\\xff\\xfe\\n; \
             letter: Subject: long\\n\\n{100000*x}\\n",
            sizes_of_odd_letters,
        ),
        Case::code(
            "5321-2.3.8/bare-cr-is-no-line-end",
            "A bare CR in a stored letter does not become the end of a line.",
            &["5321-2.3.8-crlf-only"],
            "fixture; letter: Subject: cr\\n\\na\\rb\\n\\r.\\r\\r\\nc\\n",
            bare_cr,
        ),
    ]
}

const COMMANDS: [&str; 5] = ["STAT\r\n", "LIST 1\r\n", "NOOP\r\n", "RETR 1\r\n", "XYZZ\r\n"];

fn one_by_one(peer: &mut Peer) -> Result<Vec<Reply>, Trouble> {
    COMMANDS.iter().map(|command| peer.ask(command.trim_end())).collect()
}

fn all_alike(peer: &mut Peer, wanted: &[Reply]) -> Result<(), Halt> {
    for wanted in wanted {
        let reply = peer.reply()?;
        if reply != *wanted {
            return breach(shown(&reply.status), shown(&wanted.status));
        }
    }
    Ok(())
}

/// The letter that is on its way must be this one.
fn is_letter(reply: &Reply, letter: &[u8]) -> Result<(), Halt> {
    let sent = reply.unstuffed();
    let came = format!("{} octets", sent.len());
    if sent == letter { Ok(()) } else { breach(came, format!("{} octets", letter.len())) }
}

fn during_a_long_reply(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.session()?;
    let letter = bench.letters().first().cloned().unwrap_or_default();
    peer.command("RETR 1")?;
    for _ in 0..20 {
        peer.command("STAT")?;
        std::thread::sleep(Duration::from_millis(10));
    }
    peer.command("LIST 1")?;
    is_letter(&peer.reply()?, &letter)?;
    for _ in 0..20 {
        let stat = peer.reply()?;
        let wanted = format!("+OK 1 {}", letter.len());
        expect(stat.line().starts_with(&wanted), &stat.status, wanted)?;
    }
    let listed = peer.reply()?;
    expect(listed.is_positive(), &listed.status, "+OK to LIST 1")
}

fn quit_and_half_close(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.session()?;
    peer.ask("DELE 1")?;
    peer.command("QUIT")?;
    peer.half_close()?;
    let reply = match peer.line() {
        Ok(reply) => Some(reply),
        Err(Trouble::Closed(_)) => None,
        Err(trouble) => return Err(trouble.into()),
    };
    peer.rest()?;
    // Whoever is let in next finds everything done.
    let stat = bench.session()?.ask("STAT")?;
    let left = format!("+OK {} ", bench.count() - 1);
    match reply {
        Some(reply) => {
            expect(reply.starts_with(b"+OK"), &reply, "+OK to QUIT")?;
            expect(stat.line().starts_with(&left), &stat.status, left)
        }
        None => Ok(()),
    }
}

fn half_close_within_a_letter(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.session()?;
    let letter = bench.letters().first().cloned().unwrap_or_default();
    peer.command("RETR 1")?;
    peer.half_close()?;
    match peer.reply() {
        Ok(reply) => is_letter(&reply, &letter)?,
        Err(Trouble::Closed(_)) => return Ok(()),
        Err(trouble) => return Err(trouble.into()),
    }
    let rest = peer.rest()?;
    expect(rest.is_empty(), &rest, "the end of the connection")
}

fn bare_line_ends(bench: &mut Bench<'_>) -> Result<(), Halt> {
    for odd in ["NOOP\n", "NOOP\rNOOP\r\n", "\n\n", "\rNOOP\r\n", "NOOP\r\r\n", "NOOP\n\r\n"] {
        let mut peer = bench.session()?;
        peer.send(odd.as_bytes())?;
        // Behind a line that is certainly ended everything is certain.
        peer.command("NOOP")?;
        std::thread::sleep(Duration::from_millis(20));
        peer.command("STAT")?;
        let wanted = format!("+OK {} ", bench.count());
        let mut replies = 0;
        loop {
            let line = match peer.line() {
                Ok(line) => line,
                Err(Trouble::Closed(_)) => break,
                Err(trouble) => return Err(trouble.into()),
            };
            if line.starts_with(wanted.as_bytes()) {
                break;
            }
            replies += 1;
            // As many as there could be commands in it, and the NOOP.
            if replies > 4 {
                return breach(shown(&line), format!("{wanted}… to STAT"));
            }
        }
        let _ = peer.ask("QUIT");
        let _ = peer.rest();
    }
    Ok(())
}

fn flood(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.connect()?;
    bench.greet(&mut peer)?;
    let until = Instant::now() + FLOOD;
    for _ in 0..5_000 {
        match peer.ask("XYZZ").map(|reply| reply.status) {
            Ok(status) => expect(status.starts_with(b"-ERR"), &status, "-ERR")?,
            Err(Trouble::Closed(_)) => break,
            Err(trouble) => return Err(trouble.into()),
        }
        if Instant::now() > until {
            break;
        }
    }
    let mut next = bench.connect()?;
    bench.greet(&mut next)
}

fn two_sessions(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut first = bench.session()?;
    let listing = first.ask("LIST")?;
    let letter = first.ask("RETR 1")?;
    let mut second = bench.connect()?;
    bench.greet(&mut second)?;
    // With a word before it a login is tried once.
    second.command("CAPA")?;
    second.reply()?;
    let shared = bench.login(&mut second).is_ok();
    for (command, wanted) in [("LIST", &listing), ("RETR 1", &letter)] {
        let reply = first.ask(command)?;
        let is_same = reply == *wanted;
        expect(is_same, &reply.status, format!("the same to {command} as before"))?;
    }
    if shared {
        let marked = second.ask("DELE 1")?;
        let reply = first.ask("RETR 1")?;
        expect(reply == letter, &reply.status, "the same letter as before")?;
        if marked.is_positive() {
            second.ask("RSET")?;
        }
        second.ask("QUIT")?;
        let reply = first.ask("LIST")?;
        expect(reply == listing, &reply.status, "the same list as before")?;
    }
    let reply = first.ask("QUIT")?;
    expect(reply.is_positive(), &reply.status, "+OK to QUIT")
}

/// The first letter has no line end at its end. What RETR then adds may be counted or not.
fn sizes_of_odd_letters(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.session()?;
    let listing = peer.ask("LIST")?;
    for line in listing.lines() {
        let Some((number, size)) = line.split_once(' ') else { return breach(line, "a size") };
        let reply = peer.ask(&format!("RETR {number}"))?;
        if !reply.is_positive() {
            return skip(format!("the server has no form of letter {number} to send"));
        }
        let octets = reply.unstuffed().len();
        let has_end = number != "1";
        let is_right = |size: &str| {
            let size = size.parse::<usize>();
            size == Ok(octets) || !has_end && size == Ok(octets.saturating_sub(2))
        };
        let right = format!("{octets} octets for letter {number}");
        expect(size.split(' ').next().is_some_and(is_right), line.as_bytes(), right)?;
    }
    Ok(())
}

fn bare_cr(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.session()?;
    let reply = peer.ask("RETR 1")?;
    // Whether the CR itself is kept is for the server to say.
    let lines: Vec<_> = reply
        .content
        .iter()
        .flatten()
        .map(|line| {
            without_end(line).iter().filter(|octet| **octet != b'\r').copied().collect::<Vec<_>>()
        })
        .collect();
    let [.., ab, dot, c] = &lines[..] else { return breach("fewer lines", "three in the body") };
    let is_ab = matches!(&ab[..], [b'a', .., b'b']);
    expect(is_ab, ab, "a and b in one line")?;
    expect(dot.contains(&b'.'), dot, "a line with a dot in it")?;
    expect(c == b"c", c, "c")?;
    let end = peer.ask("NOOP")?;
    expect(end.is_positive(), &end.status, "+OK to NOOP")
}
