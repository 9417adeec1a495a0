//! How commands are said.

use std::collections::HashMap;

use super::{Look, Watch, each, each_command, lists, look};
use crate::client::scenario::Outcome;
use crate::client::server::Ending;

pub(super) const WATCHES: &[Watch] = &[
    Watch {
        id: "commands/end-in-crlf",
        title: "Every line of the client ends with CR LF.",
        proves: &["1939-3-command-crlf"],
        look: |facts| {
            let rest = &facts.seen.unfinished;
            if facts.seen.left && !rest.is_empty() && !rest.ends_with(b"\r\n") {
                return Look::Wrong(format!("{} and no line end", rest.escape_ascii()));
            }
            each(facts, |line| Some(line.ending == Ending::Crlf))
        },
    },
    Watch {
        id: "commands/after-the-greeting",
        title: "Nothing is said before the greeting.",
        proves: &["1939-3-client-waits-greeting"],
        look: |facts| match &facts.seen.before_greeting {
            early if early.is_empty() => Look::Right,
            early => Look::Wrong(early.escape_ascii().to_string()),
        },
    },
    Watch {
        id: "commands/printable",
        title: "Commands are of printable ASCII.",
        proves: &["1939-3-printable-ascii"],
        look: |facts| {
            let is_ascii = facts.password().is_ascii() && facts.check.user.is_ascii();
            each(facts, |line| {
                (is_ascii && line.within_auth.is_none())
                    .then(|| line.octets.iter().all(|octet| (b' '..=b'~').contains(octet)))
            })
        },
    },
    Watch {
        id: "commands/single-spaces",
        title: "Keyword and arguments are parted by one space, and none trails.",
        proves: &["1939-3-single-space", "2449-3-command-grammar", "2449-3-param-nonempty"],
        look: |facts| {
            each_command(facts, |line, keyword| {
                // A password may have spaces anywhere.
                let words = line.octets.split(|octet| *octet == b' ');
                (keyword != "PASS").then(|| words.into_iter().all(|word| !word.is_empty()))
            })
        },
    },
    Watch {
        id: "commands/keywords",
        title: "Keywords have three or four letters.",
        proves: &["1939-3-keyword-3-4"],
        look: |facts| {
            each_command(facts, |_, keyword| {
                let is_word = keyword.bytes().all(|octet| octet.is_ascii_alphanumeric());
                Some((3..=4).contains(&keyword.len()) && is_word)
            })
        },
    },
    Watch {
        id: "commands/short-arguments",
        title: "Without extensions, no argument is longer than 40 characters.",
        proves: &["1939-3-arg-40"],
        look: |facts| {
            each_command(facts, |line, keyword| {
                let is_plain = line.capabilities == Some(None) && keyword != "AUTH";
                let mut words = line.arguments().split(|octet| *octet == b' ');
                is_plain.then(|| words.all(|word| word.len() <= 40))
            })
        },
    },
    Watch {
        id: "commands/short-lines",
        title: "No command is longer than 255 octets.",
        proves: &["2449-4-client-255", "5034-4-ir-255"],
        look: |facts| each_command(facts, |line, _| Some(line.octets.len() + 2 <= 255)),
    },
    Watch {
        id: "commands/one-at-a-time",
        title: "A command waits for the reply to the one before, unless CAPA listed PIPELINING.",
        proves: &["2449-6.6-pipe-only-if-listed", "1939-3-lockstep"],
        look: |facts| {
            each_command(facts, |line, _| {
                (!lists(line, "PIPELINING")).then(|| line.behind.is_none())
            })
        },
    },
    Watch {
        id: "commands/nothing-behind-a-login",
        title: "Nothing is said behind PASS, APOP, AUTH or QUIT before the reply.",
        proves: &["1939-3-lockstep"],
        look: |facts| {
            each(facts, |line| match line.behind.as_deref() {
                Some("PASS" | "APOP" | "AUTH" | "QUIT" | "") => Some(false),
                _ => Some(true),
            })
        },
    },
    Watch {
        id: "commands/login-first",
        title: "Nothing of the maildrop is asked for before a login.",
        proves: &["1939-3-must-identify"],
        look: |facts| {
            each_command(facts, |line, keyword| {
                let of_maildrop = matches!(
                    keyword,
                    "STAT" | "LIST" | "UIDL" | "RETR" | "TOP" | "DELE" | "RSET" | "NOOP"
                );
                of_maildrop.then_some(line.logged_in)
            })
        },
    },
    Watch {
        id: "commands/pass-behind-user",
        title: "Behind USER and its +OK comes PASS or QUIT.",
        proves: &["1939-7-user-plus-then"],
        look: |facts| {
            let lines = &facts.seen.lines;
            let pairs = lines.iter().zip(lines.iter().skip(1));
            look(
                pairs
                    .filter(|(line, _)| line.keyword() == "USER" && line.is_ok())
                    .map(|(_, next)| (next, matches!(next.keyword().as_str(), "PASS" | "QUIT"))),
            )
        },
    },
    Watch {
        id: "commands/decimal-numbers",
        title: "Message numbers are written in decimal.",
        proves: &["1939-4-numbers-decimal"],
        look: |facts| {
            each_command(facts, |line, keyword| {
                let has_number = matches!(keyword, "RETR" | "TOP" | "DELE" | "LIST" | "UIDL")
                    && !line.arguments().is_empty();
                has_number.then(|| {
                    let mut words = line.arguments().split(|octet| *octet == b' ');
                    words.all(|word| !word.is_empty() && word.iter().all(u8::is_ascii_digit))
                })
            })
        },
    },
    Watch {
        id: "commands/numbers-of-the-listing",
        title: "Only letters that were listed are asked for.",
        proves: &["1939-4-numbers-decimal"],
        look: |facts| each_command(facts, |line, _| Some(!line.about_nothing)),
    },
    Watch {
        id: "commands/dele-behind-the-letter",
        title: "A letter is deleted only when its end has come.",
        proves: &["1939-3-end-detect"],
        look: |facts| {
            let mut whole = HashMap::new();
            let mut looks = Vec::new();
            for line in &facts.seen.lines {
                match line.keyword().as_str() {
                    "RETR" => _ = whole.insert(line.arguments(), line.is_ok() && line.answered),
                    "DELE" => {
                        if let Some(is_whole) = whole.get(line.arguments()) {
                            looks.push((line, *is_whole));
                        }
                    }
                    _ => {}
                }
            }
            look(looks.into_iter())
        },
    },
    Watch {
        id: "commands/quit-behind-dele",
        title: "A client that has deleted something ends with QUIT and awaits the reply.",
        proves: &["1939-6-client-sends-quit"],
        look: |facts| {
            let seen = facts.seen;
            let deleted =
                seen.lines.iter().rev().find(|line| line.keyword() == "DELE" && line.is_ok());
            match deleted {
                Some(_) if facts.scenario.expect.outcome != Outcome::Collects => Look::Nothing,
                Some(line) => {
                    let has_quit = seen.lines.iter().any(|line| line.keyword() == "QUIT");
                    look([(line, has_quit)].into_iter())
                }
                None => Look::Nothing,
            }
        },
    },
];
