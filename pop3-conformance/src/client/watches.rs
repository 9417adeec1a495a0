//! What is looked at in every session of every case: how a client says what it says.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64ct::{Base64, Encoding};

use super::record::{Line, Seen};
use super::scenario::{Outcome, Scenario};
use super::server::{Ending, digest, hmac};
use super::{Check, Security};
use crate::case::Heading;

/// A look at a session.
pub(super) struct Watch {
    pub(super) id: &'static str,
    /// What is right, in a sentence.
    pub(super) title: &'static str,
    pub(super) proves: &'static [&'static str],
    pub(super) look: fn(&Facts<'_>) -> Look,
}

/// What a watch looks at.
pub(super) struct Facts<'a> {
    pub(super) seen: &'a Seen,
    pub(super) scenario: &'a Scenario,
    pub(super) check: &'a Check,
}

/// What it finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing that it could judge.
    Nothing,
    Right,
    /// What the client did.
    Wrong(String),
}

/// All of them.
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
    Watch {
        id: "login/apop",
        title: "APOP's digest is MD5 over timestamp and password, in lower-case hexadecimal digits.",
        proves: &[
            "1939-7-apop-digest",
            "1939-7-apop-hex-lower",
            "1939-7-apop-client-verbatim",
            "2449-6-apop-detect",
        ],
        look: |facts| {
            each_command(facts, |line, keyword| {
                let timestamp = facts.seen.timestamp.as_deref().unwrap_or_default();
                (keyword == "APOP").then(|| {
                    let right = digest(timestamp, facts.password());
                    line.arguments() == format!("{} {right}", facts.check.user).as_bytes()
                })
            })
        },
    },
    Watch {
        id: "login/cram-md5",
        title: "CRAM-MD5 is answered by name, space and digest.",
        proves: &["2195-2-response", "2195-2-digest", "2195-2-hex-lower"],
        look: |facts| {
            each(facts, |line| {
                let challenge = response_to(line, "CRAM-MD5")?;
                let response = decoded(&line.octets)?;
                let right = hmac(&challenge, facts.password());
                Some(response == format!("{} {right}", facts.check.user).as_bytes())
            })
        },
    },
    Watch {
        id: "login/cram-md5-waits",
        title: "CRAM-MD5 has no initial response.",
        proves: &["2195-2-server-first"],
        look: |facts| {
            each_command(facts, |line, keyword| {
                let words: Vec<_> = line.arguments().split(|octet| *octet == b' ').collect();
                let is_it = keyword == "AUTH" && words[0].eq_ignore_ascii_case(b"CRAM-MD5");
                is_it.then_some(words.len() == 1)
            })
        },
    },
    Watch {
        id: "login/plain",
        title: "PLAIN is one message of authorization name, NUL, name, NUL, password.",
        proves: &["4616-2-single-message", "4616-2-no-authzid"],
        look: |facts| {
            let right = format!("\0{}\0{}", facts.check.user, facts.password());
            each(facts, |line| {
                let response = match &line.within_auth {
                    Some(_) => response_to(line, "PLAIN").map(|_| &line.octets[..])?,
                    None => initial_response(line).filter(|(name, _)| name == "PLAIN")?.1,
                };
                Some(decoded(response)? == right.as_bytes())
            })
        },
    },
    Watch {
        id: "login/base64",
        title: "Responses within AUTH are Base64, or * alone.",
        proves: &["5034-5-grammar", "5034-4-ir-base64"],
        look: |facts| {
            each(facts, |line| match &line.within_auth {
                Some(_) => Some(line.octets == b"*" || decoded(&line.octets).is_some()),
                None => initial_response(line)
                    .map(|(_, response)| response == b"=" || decoded(response).is_some()),
            })
        },
    },
    Watch {
        id: "login/auth-only-if-listed",
        title: "AUTH is tried only where CAPA listed SASL.",
        proves: &["5034-3-no-auth-unlisted"],
        look: |facts| {
            each_command(facts, |line, keyword| (keyword == "AUTH").then(|| lists(line, "SASL")))
        },
    },
    Watch {
        id: "login/initial-response-only-if-listed",
        title: "An initial response is given only where CAPA listed SASL.",
        proves: &["5034-3-no-ir-unlisted"],
        look: |facts| each(facts, |line| initial_response(line).map(|_| lists(line, "SASL"))),
    },
    Watch {
        id: "login/user-only-if-listed",
        title: "USER is not tried where CAPA listed SASL and no USER.",
        proves: &["2449-6.2-user-unlisted"],
        look: |facts| {
            each_command(facts, |line, keyword| {
                // A list without any way to log in says nothing of them.
                let knows = lists(line, "USER") || lists(line, "SASL");
                (keyword == "USER" && knows).then(|| lists(line, "USER"))
            })
        },
    },
    Watch {
        id: "tls/no-login-in-clear",
        title: "Where TLS is demanded, no login is tried without it.",
        proves: &[
            "2595-9-strip-attack",
            "2595-2.3-refuse-cleartext",
            "8314-5-min-confidentiality",
            "8314-5.1-no-credential-probe",
        ],
        look: |facts| {
            let demanded = facts.check.tls != Security::None;
            each(facts, |line| {
                let is_login = line.is_secret() || line.keyword() == "USER";
                demanded.then_some(line.in_tls || !is_login)
            })
        },
    },
    Watch {
        id: "tls/only-capa-and-stls-in-clear",
        title: "Where TLS is demanded, nothing but CAPA, STLS and QUIT is said without it.",
        proves: &["8314-5.2-only-capa-stls"],
        look: |facts| {
            let demanded = facts.check.tls != Security::None;
            each_command(facts, |line, keyword| {
                (demanded && !line.in_tls).then_some(matches!(keyword, "CAPA" | "STLS" | "QUIT"))
            })
        },
    },
    Watch {
        id: "tls/nothing-behind-stls",
        title: "Nothing is said between STLS and the end of the handshake.",
        proves: &["2595-4-client-waits"],
        look: |facts| match &facts.seen.behind_stls {
            None => Look::Nothing,
            Some(octets) if octets.is_empty() => Look::Right,
            Some(octets) => Look::Wrong(octets.escape_ascii().to_string()),
        },
    },
    Watch {
        id: "tls/capa-again",
        title: "After STLS the client asks for the capabilities again.",
        proves: &["2595-4-client-reissues"],
        look: |facts| {
            let in_tls: Vec<_> = facts.seen.lines.iter().filter(|line| line.in_tls).collect();
            let login = in_tls.iter().find(|line| line.is_secret() && line.within_auth.is_none());
            match login {
                Some(login) if facts.check.tls == Security::Stls => {
                    look([(*login, login.capabilities.is_some())].into_iter())
                }
                _ => Look::Nothing,
            }
        },
    },
    Watch {
        id: "tls/modern",
        title: "TLS 1.2 or later is spoken.",
        proves: &["8314-5-tls12"],
        look: |facts| match facts.seen.handshake {
            Some(Ok(())) if facts.seen.has_modern_tls => Look::Right,
            _ => Look::Nothing,
        },
    },
    Watch {
        id: "tls/goodbye",
        title: "A client ends TLS with its alert before it closes the connection.",
        proves: &["8314-3.4-close-alert"],
        look: |facts| {
            let seen = facts.seen;
            match seen.lines.last() {
                Some(line) if line.in_tls && seen.ended_by_quit => {
                    look([(line, seen.said_goodbye)].into_iter())
                }
                _ => Look::Nothing,
            }
        },
    },
];

impl Facts<'_> {
    fn password(&self) -> &str {
        self.scenario.password.as_deref().unwrap_or(&self.check.password)
    }
}

/// Whether there is something to be seen under this security.
pub(super) fn suits(id: &str, security: Security) -> bool {
    match id {
        "tls/nothing-behind-stls" | "tls/capa-again" | "tls/only-capa-and-stls-in-clear" => {
            security == Security::Stls
        }
        _ => security != Security::None || !id.starts_with("tls/"),
    }
}

/// The watch of that name.
pub(super) fn find(id: &str) -> Option<&'static Watch> {
    WATCHES.iter().find(|watch| watch.id == id)
}

/// The headings of all of them, in the same order.
pub(super) fn headings() -> &'static [Heading] {
    static HEADINGS: LazyLock<Vec<Heading>> = LazyLock::new(|| {
        let heading = |watch: &Watch| match Heading::new(watch.id, watch.title, watch.proves) {
            Ok(heading) => heading,
            Err(what) => panic!("{what}"),
        };
        WATCHES.iter().map(heading).collect()
    });
    &HEADINGS
}

/// Looks at lines one by one, and stops at the first that is wrong.
fn look<'a>(mut lines: impl Iterator<Item = (&'a Line, bool)>) -> Look {
    let mut found = Look::Nothing;
    for (line, is_right) in lines.by_ref() {
        if !is_right {
            return Look::Wrong(line.shown());
        }
        found = Look::Right;
    }
    found
}

fn each(facts: &Facts<'_>, mut is_right: impl FnMut(&Line) -> Option<bool>) -> Look {
    look(facts.seen.lines.iter().filter_map(|line| Some((line, is_right(line)?))))
}

/// Those that are no responses within AUTH, with their keywords.
fn each_command(facts: &Facts<'_>, mut is_right: impl FnMut(&Line, &str) -> Option<bool>) -> Look {
    each(facts, |line| match line.within_auth {
        Some(_) => None,
        None => is_right(line, &line.keyword()),
    })
}

/// Whether CAPA had listed it when this line was said.
fn lists(line: &Line, tag: &str) -> bool {
    let list = line.capabilities.iter().flatten().flatten();
    let mut tags = list.filter_map(|capability| capability.split(' ').next());
    tags.any(|listed| listed.eq_ignore_ascii_case(tag))
}

/// The mechanism in capitals and the initial response of an AUTH that has one.
fn initial_response(line: &Line) -> Option<(String, &[u8])> {
    if line.keyword() != "AUTH" {
        return None;
    }
    let arguments = line.arguments();
    let space = arguments.iter().position(|octet| *octet == b' ')?;
    let mechanism = String::from_utf8_lossy(&arguments[..space]).to_ascii_uppercase();
    Some((mechanism, &arguments[space + 1..]))
}

/// The challenge that this line answers, when it belongs to that mechanism and gives an answer.
fn response_to(line: &Line, mechanism: &str) -> Option<Vec<u8>> {
    let is_it = line.within_auth.as_deref() == Some(mechanism) && line.octets != b"*";
    is_it.then(|| decoded(&line.challenge)).flatten()
}

fn decoded(octets: &[u8]) -> Option<Vec<u8>> {
    Base64::decode_vec(str::from_utf8(octets).ok()?).ok()
}
