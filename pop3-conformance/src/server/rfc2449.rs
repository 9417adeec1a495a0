//! RFC 2449 and RFC 1957, for what a script cannot say.

use super::bench::{Bench, Halt, breach, expect, skip};
use super::case::{Case, Watched};
use super::exchange::{Exchange, without_end};
use super::survey::{Capabilities, Offers, Way};

/// Longest status line and capability line, with CRLF.
const LONGEST: usize = 512;

/// So many commands go in one segment.
const BATCH: usize = 200;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = watches();
    cases.extend(lists());
    cases.extend([
        Case::code(
            "2449-6.6/batch",
            "Many commands in one segment are all answered, each in its turn.",
            &["2449-6.6-pipe-accept", "2449-6.6-pipe-in-turn"],
            "needs: PIPELINING; letters: 1",
            batch,
        ),
        Case::code(
            "2449-6.5/delay-is-kept",
            "Who comes back before the time of LOGIN-DELAY is refused.",
            &["2449-6.5-delay-enforce"],
            "needs: LOGIN-DELAY; maildrop",
            delay_is_kept,
        ),
        Case::code(
            "2449-8.1.2/in-use-for-the-right-password",
            "IN-USE is not said to somebody whose password is wrong.",
            &["2449-8.1.2-in-use-where"],
            "needs: RESP-CODES, USER; maildrop",
            in_use_for_the_right_password,
        ),
        Case::code(
            "1957/uidl-and-top",
            "UIDL and TOP are there, for clients that need them.",
            &["1957---provide-uidl-top", "1939-7-optional-encouraged"],
            "letters: 1",
            |bench| {
                let missing: Vec<_> =
                    ["UIDL", "TOP"].into_iter().filter(|one| !bench.offers().has(one)).collect();
                expect(missing.is_empty(), format!("no {}", missing.join(", ")).as_bytes(), "both")
            },
        ),
    ]);
    cases
}

fn watches() -> Vec<Case> {
    vec![
        Case::watch(
            "2449-3/greeting-of-512",
            "A greeting has 512 octets at most.",
            &["2449-3-greeting-512"],
            |exchange, _| match &exchange.command {
                None => right_if(exchange.status.len() <= LONGEST, &exchange.status, "512 octets"),
                Some(_) => Watched::Unconcerned,
            },
        ),
        Case::watch(
            "2449-3/brackets-hold-codes",
            "Where there are response codes, text that begins with a bracket begins with a code.",
            &["2449-3-bracket-reserved", "2449-6.4-resp-codes"],
            |exchange, offers| {
                if !offers.has("RESP-CODES") || !exchange.text().starts_with(b"[") {
                    return Watched::Unconcerned;
                }
                let is_code = exchange
                    .code()
                    .is_some_and(|code| !code.is_empty() && !code.contains(char::is_whitespace));
                right_if(is_code, &exchange.status, "a response code in the brackets")
            },
        ),
        Case::watch(
            "2449-3/levels-of-a-code",
            "A response code has levels parted by slashes, none of them empty.",
            &["2449-3-respcode-grammar"],
            |exchange, _| match exchange.code() {
                Some(code) if !code.contains(' ') => {
                    let whole = code.split('/').all(|level| !level.is_empty());
                    right_if(whole, &exchange.status, "levels that are not empty")
                }
                _ => Watched::Unconcerned,
            },
        ),
        Case::watch(
            "2449-3/tags-without-full-stops",
            "The tag of a capability holds no full stop.",
            &["2449-3-capa-tag-nodot"],
            |exchange, _| {
                capability_lines(exchange, "a tag without a full stop", |line| {
                    !line.split(' ').next().unwrap_or_default().contains('.')
                })
            },
        ),
        Case::watch(
            "2449-5/one-space-each",
            "A tag and its parameters are parted by one space each.",
            &["2449-3-param-nonempty"],
            |exchange, _| {
                capability_lines(exchange, "parameters that are not empty", |line| {
                    line.split(' ').all(|word| !word.is_empty())
                })
            },
        ),
        Case::watch(
            "2449-5/capability-of-512",
            "A capability line has 512 octets at most.",
            &["2449-5-capa-line-512"],
            |exchange, _| {
                capability_lines(exchange, "512 octets", |line| line.len() + 2 <= LONGEST)
            },
        ),
        Case::watch(
            "2449-6/no-apop-in-capa",
            "APOP shows in the greeting and not in CAPA.",
            &["2449-6-no-apop-tag"],
            |exchange, _| {
                capability_lines(exchange, "no APOP", |line| {
                    !line.split(' ').next().unwrap_or_default().eq_ignore_ascii_case("APOP")
                })
            },
        ),
        Case::watch(
            "2449-6.5/delay-form",
            "LOGIN-DELAY has a number of seconds, and perhaps USER.",
            &["2449-6.5-delay-arg"],
            |exchange, _| parameters(exchange, "LOGIN-DELAY", "seconds [USER]", is_delay),
        ),
        Case::watch(
            "2449-6.7/expire-form",
            "EXPIRE has a number of days or NEVER, and perhaps USER.",
            &["2449-6.7-expire-arg"],
            |exchange, _| {
                parameters(exchange, "EXPIRE", "days or NEVER, [USER]", |words| {
                    let never =
                        words.first().is_some_and(|word| word.eq_ignore_ascii_case("NEVER"));
                    never && is_user(&words[1..]) || is_delay(words)
                })
            },
        ),
        Case::watch(
            "2449-6.9/implementation-has-tokens",
            "IMPLEMENTATION names something.",
            &["2449-6.9-impl-tokens"],
            |exchange, _| {
                parameters(exchange, "IMPLEMENTATION", "one token at least", |words| {
                    words.iter().any(|word| !word.is_empty())
                })
            },
        ),
        Case::watch(
            "2449-8/code-at-the-start",
            "A response code stands at the start of the text.",
            &["2449-8-respcode-place"],
            code_at_the_start,
        ),
        Case::watch(
            "2449-8/codes-are-announced",
            "Whoever sends response codes lists RESP-CODES.",
            &["2449-8-respcode-advertise"],
            |exchange, offers| match exchange.code() {
                Some(code) if KNOWN.contains(&code.as_str()) => {
                    right_if(offers.has("RESP-CODES"), &exchange.status, "RESP-CODES in CAPA")
                }
                _ => Watched::Unconcerned,
            },
        ),
        Case::watch(
            "1957/text-behind-the-indicator",
            "An indicator is followed by a space and text, which old clients wait for.",
            &["1957---space-kind"],
            |exchange, _| match exchange.status.is_empty() {
                true => Watched::Unconcerned,
                false => right_if(!exchange.text().is_empty(), &exchange.status, "some text"),
            },
        ),
    ]
}

/// Response codes that everybody knows.
pub(super) const KNOWN: [&str; 6] =
    ["IN-USE", "LOGIN-DELAY", "AUTH", "SYS/TEMP", "SYS/PERM", "UTF8"];

pub(super) fn right_if(holds: bool, came: &[u8], right: &'static str) -> Watched {
    if holds { Watched::Right } else { Watched::Wrong { came: came.to_vec(), right } }
}

/// Looks at each line of CAPA.
pub(super) fn capability_lines(
    exchange: &Exchange,
    right: &'static str,
    is_right: impl Fn(&str) -> bool,
) -> Watched {
    if exchange.keyword() != "CAPA" || !exchange.is_positive() {
        return Watched::Unconcerned;
    }
    let lines = exchange.content.iter().map(|line| without_end(line));
    match lines.into_iter().find(|line| !is_right(&String::from_utf8_lossy(line))) {
        Some(line) => Watched::Wrong { came: line.to_vec(), right },
        None => Watched::Right,
    }
}

/// Looks at the parameters of one capability, where it is listed.
pub(super) fn parameters(
    exchange: &Exchange,
    tag: &str,
    right: &'static str,
    is_right: impl Fn(&[&str]) -> bool,
) -> Watched {
    if exchange.keyword() != "CAPA" || !exchange.is_positive() {
        return Watched::Unconcerned;
    }
    for line in &exchange.content {
        let text = String::from_utf8_lossy(without_end(line)).into_owned();
        let mut words = text.split(' ');
        if words.next().is_some_and(|first| first.eq_ignore_ascii_case(tag)) {
            return right_if(is_right(&words.collect::<Vec<_>>()), line, right);
        }
    }
    Watched::Unconcerned
}

fn is_delay(words: &[&str]) -> bool {
    let is_number =
        |word: &str| !word.is_empty() && word.bytes().all(|octet| octet.is_ascii_digit());
    words.first().is_some_and(|word| is_number(word)) && is_user(&words[1..])
}

/// The word USER, or nothing.
fn is_user(words: &[&str]) -> bool {
    match words {
        [] => true,
        [word] => word.eq_ignore_ascii_case("USER"),
        _ => false,
    }
}

fn code_at_the_start(exchange: &Exchange, offers: &Offers) -> Watched {
    if !offers.has("RESP-CODES") {
        return Watched::Unconcerned;
    }
    let text = String::from_utf8_lossy(exchange.text()).to_ascii_uppercase();
    match KNOWN.iter().find_map(|code| text.find(&format!("[{code}]"))) {
        Some(at) => right_if(at == 0, &exchange.status, "the code first"),
        None => Watched::Unconcerned,
    }
}

/// Cases that compare the lists before and after login with each other and with what works.
fn lists() -> Vec<Case> {
    vec![
        Case::code(
            "2449-5/listed-in-both-states",
            "What can be used before login is listed in both states.",
            &["2449-5-announce-both"],
            "needs: CAPA",
            |bench| {
                let (before, after) = both(bench)?;
                // STLS is for AUTHORIZATION alone (RFC 2595, section 4).
                let lost = before.keys().filter(|tag| *tag != "STLS" && !after.contains_key(*tag));
                let lost: Vec<_> = lost.cloned().collect();
                expect(
                    lost.is_empty(),
                    format!("after login without {}", lost.join(", ")).as_bytes(),
                    "all of them in both lists",
                )
            },
        ),
        Case::code(
            "2449-5/tags-are-keywords",
            "A capability that stands for a command has its keyword for a tag.",
            &["2449-5-tag-equals-keyword"],
            "needs: CAPA; letters: 1",
            |bench| {
                listed_if_it_works(bench, "TOP")?;
                listed_if_it_works(bench, "UIDL")
            },
        ),
        Case::code(
            "2449-6.1/top-if-listed",
            "TOP is listed if it works, and works if it is listed.",
            &["2449-6.1-top"],
            "needs: CAPA; letters: 1",
            |bench| listed_if_it_works(bench, "TOP"),
        ),
        Case::code(
            "2449-6.8/uidl-if-listed",
            "UIDL is listed if it works, and works if it is listed.",
            &["2449-6.8-uidl"],
            "needs: CAPA",
            |bench| listed_if_it_works(bench, "UIDL"),
        ),
        Case::code(
            "2449-6.2/user-if-it-works",
            "USER is listed when USER and PASS are there.",
            &["2449-6.2-user"],
            "needs: CAPA, USER; maildrop",
            |bench| match bench.offers().way {
                Way::User => {
                    let (before, _) = both(bench)?;
                    expect(before.contains_key("USER"), b"no USER", "USER in CAPA")
                }
                _ => skip("the user does not log in by USER"),
            },
        ),
        Case::code(
            "2449-6.5/delay-by-user",
            "If the delay differs by user, what is shown before login is the longest.",
            &["2449-6.5-delay-max-unauth"],
            "needs: LOGIN-DELAY",
            |bench| by_user(bench, "LOGIN-DELAY", |before, after| before >= after),
        ),
        Case::code(
            "2449-6.7/expire-by-user",
            "If retention differs by user, what is shown before login is the shortest.",
            &["2449-6.7-expire-min-unauth"],
            "needs: EXPIRE",
            |bench| by_user(bench, "EXPIRE", |before, after| before <= after),
        ),
        Case::code(
            "2449-6.5/delay-says-user",
            "If the delay differs by user, USER stands behind it before login, and the user's after.",
            &["2449-6.5-delay-user-token", "2449-6.5-delay-accurate"],
            "needs: LOGIN-DELAY",
            |bench| says_user(bench, "LOGIN-DELAY"),
        ),
        Case::code(
            "2449-6.7/expire-says-user",
            "If retention differs by user, USER stands behind it before login, and the user's after.",
            &["2449-6.7-expire-user-token", "2449-6.7-expire-accurate"],
            "needs: EXPIRE",
            |bench| says_user(bench, "EXPIRE"),
        ),
    ]
}

fn both<'a>(bench: &Bench<'a>) -> Result<(&'a Capabilities, &'a Capabilities), Halt> {
    let offers = bench.offers();
    match (&offers.before, &offers.after) {
        (Some(before), Some(after)) => Ok((before, after)),
        _ => skip("CAPA is refused in one of the states"),
    }
}

/// What the survey found to work must be listed after login, and the reverse.
fn listed_if_it_works(bench: &Bench<'_>, command: &str) -> Result<(), Halt> {
    let (_, after) = both(bench)?;
    let works = bench.offers().works.iter().any(|works| works == command);
    match (after.contains_key(command), works) {
        (true, false) => breach(format!("{command} is listed and refused"), "both or neither"),
        (false, true) => breach(format!("{command} works and is not listed"), "both or neither"),
        _ => Ok(()),
    }
}

/// What is shown before login is a limit of what the user gets.
fn by_user(bench: &Bench<'_>, tag: &str, is_limit: impl Fn(u64, u64) -> bool) -> Result<(), Halt> {
    let (first, second, came) = values(bench, tag)?;
    expect(is_limit(first, second), came.as_bytes(), "a limit before login")
}

/// A value that differs by user says so before login.
fn says_user(bench: &Bench<'_>, tag: &str) -> Result<(), Halt> {
    let (first, second, came) = values(bench, tag)?;
    let (before, _) = both(bench)?;
    let says_so = before.get(tag).is_some_and(|words| words.to_ascii_uppercase().ends_with("USER"));
    expect(first == second || says_so, came.as_bytes(), "USER, since the values differ")
}

/// The values of a capability before and after login.
fn values(bench: &Bench<'_>, tag: &str) -> Result<(u64, u64, String), Halt> {
    let (before, after) = both(bench)?;
    let value = |list: &Capabilities| {
        let first = list.get(tag)?.split(' ').next()?.to_ascii_uppercase();
        if first == "NEVER" { Some(u64::MAX) } else { first.parse().ok() }
    };
    let shown = |list: &Capabilities| list.get(tag).cloned().unwrap_or_default();
    match (value(before), value(after)) {
        (Some(first), Some(second)) => {
            let came = format!("{tag} {} before login, {} after it", shown(before), shown(after));
            Ok((first, second, came))
        }
        _ => skip(format!("{tag} does not stand in both lists with a value")),
    }
}

fn batch(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.session()?;
    let kinds = ["NOOP", "STAT", "LIST 1", "XYZZ", "UIDL 99999"];
    let commands: Vec<_> = kinds.into_iter().cycle().take(BATCH).collect();
    let stat = peer.ask("STAT")?;
    let list = peer.ask("LIST 1")?;
    let segment: String = commands.iter().map(|command| format!("{command}\r\n")).collect();
    peer.send(segment.as_bytes())?;
    for (nth, command) in commands.iter().enumerate() {
        let reply = peer.line()?;
        let fits = match *command {
            "NOOP" => reply.starts_with(b"+OK"),
            "STAT" => reply == stat.status,
            "LIST 1" => reply == list.status,
            _ => reply.starts_with(b"-ERR"),
        };
        expect(fits, &reply, format!("the reply to {command}, number {} of {BATCH}", nth + 1))?;
    }
    Ok(())
}

fn delay_is_kept(bench: &mut Bench<'_>) -> Result<(), Halt> {
    if let Ok((_, 0, _)) = values(bench, "LOGIN-DELAY") {
        return skip("the delay is none");
    }
    let mut peer = bench.session()?;
    peer.ask("QUIT")?;
    let mut again = bench.connect()?;
    bench.greet(&mut again)?;
    let reply = bench.try_login(&mut again, bench.offers().way)?;
    expect(!reply.is_positive(), &reply.status, "-ERR, since the user was here just now")
}

fn in_use_for_the_right_password(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let _first = bench.session()?;
    let mut right = bench.connect()?;
    if bench.try_login(&mut right, Way::User)?.is_positive() {
        return skip("a second session is let in");
    }
    drop(right);
    let mut second = bench.connect()?;
    bench.greet(&mut second)?;
    second.send(&[b"USER ", &bench.target().account.user[..], b"\r\n"].concat())?;
    second.reply()?;
    let reply = second.ask("PASS certainly-not-the-password")?;
    let status = reply.status.to_ascii_uppercase();
    let is_in_use = status.windows(8).any(|window| window == b"[IN-USE]");
    expect(!reply.is_positive() && !is_in_use, &reply.status, "-ERR, without IN-USE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_a_number_and_perhaps_user() {
        assert!(is_delay(&["900"]) && is_delay(&["0", "USER"]));
        assert!(!is_delay(&[]) && !is_delay(&["x"]) && !is_delay(&["9", "user", "x"]));
    }

    #[test]
    fn what_is_advised_is_looked_at_in_each_list() {
        let exchange = Exchange {
            command: Some(b"CAPA".to_vec()),
            status: b"+OK\r\n".to_vec(),
            content: vec![b"TOP\r\n".to_vec(), b"EXPIRE 3  USER\r\n".to_vec()],
            is_multiline: true,
            ..Exchange::default()
        };
        let expire = parameters(&exchange, "EXPIRE", "", |words| words.len() == 3);
        assert_eq!(expire, Watched::Right);
        assert_eq!(parameters(&exchange, "UIDL", "", |_| false), Watched::Unconcerned);
        let lines = capability_lines(&exchange, "", |line| !line.contains("  "));
        assert!(matches!(lines, Watched::Wrong { .. }));
    }
}
