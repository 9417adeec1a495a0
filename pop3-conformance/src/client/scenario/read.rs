//! From the text of a case to what it means.

use std::time::Duration;

use super::{Action, Expect, Outcome, Pace, Part, Rule, Scenario, Trigger};
use crate::case::{self, Unreadable, Written};
use crate::client::{Security, authority, letters};
use crate::script::text::{self, NoNames};

/// What CAPA lists unless the case says otherwise.
const CAPABILITIES: &[&str] = &["TOP", "UIDL", "USER", "RESP-CODES", "AUTH-RESP-CODE"];

const SECURITIES: [(&str, Security); 3] =
    [("none", Security::None), ("stls", Security::Stls), ("implicit", Security::Implicit)];

/// Reads a file of cases.
pub(in crate::client) fn read(text: &str) -> Result<Vec<Scenario>, Unreadable> {
    case::read(text)?.into_iter().map(scenario).collect()
}

fn scenario(written: Written<'_>) -> Result<Scenario, Unreadable> {
    let mut scenario = Scenario {
        heading: written.heading,
        letters: Vec::new(),
        capabilities: Some(CAPABILITIES.iter().map(ToString::to_string).collect()),
        has_stls: true,
        securities: SECURITIES.map(|(_, security)| security).to_vec(),
        certificate: "good".to_owned(),
        tls12_only: false,
        pace: Pace::Reply,
        password: None,
        needs: Vec::new(),
        is_watched: true,
        is_slow: false,
        rules: Vec::new(),
        expect: Expect::default(),
    };
    let mut has_letters = false;
    for (line, name, value) in written.head {
        has_letters |= name.starts_with("letter");
        head(&mut scenario, name, value).map_err(|what| Unreadable::new(line, what))?;
    }
    if !has_letters {
        scenario.letters = letters::standard(3);
    }
    let mut expecting = false;
    for (number, line) in written.body {
        let line = line.trim_end_matches(['\r', '\n']);
        let taken = if line == "expect" {
            expecting = true;
            Ok(())
        } else if expecting {
            expectation(&mut scenario.expect, line)
        } else {
            behaviour(&mut scenario.rules, line)
        };
        taken.map_err(|what| Unreadable::new(number, what))?;
    }
    Ok(scenario)
}

fn head(scenario: &mut Scenario, name: &str, value: &str) -> Result<(), String> {
    let odd = || format!("what is {value:?} for {name}?");
    match name {
        "letter" => scenario.letters.push(text::octets(value, &NoNames)?),
        "letters" => scenario.letters = letters::standard(value.parse().map_err(|_| odd())?),
        "capabilities" if value == "refused" => scenario.capabilities = None,
        "capabilities" => {
            let each = value.split(',').map(|each| each.trim().to_owned());
            scenario.capabilities = Some(each.filter(|each| !each.is_empty()).collect());
        }
        "stls" => scenario.has_stls = yes(value).ok_or_else(odd)?,
        "security" => {
            let find = |word| SECURITIES.iter().find(|(name, _)| *name == word).map(|it| it.1);
            let each = value.split_whitespace().map(find);
            scenario.securities = each.collect::<Option<_>>().ok_or_else(odd)?;
        }
        "certificate" if authority::KINDS.contains(&value) => {
            scenario.certificate = value.to_owned();
        }
        "tls 1.2 only" => scenario.tls12_only = yes(value).ok_or_else(odd)?,
        "watched" => scenario.is_watched = yes(value).ok_or_else(odd)?,
        "slow" => scenario.is_slow = yes(value).ok_or_else(odd)?,
        "pace" => {
            scenario.pace = match value {
                "octet" => Pace::Octet,
                "line" => Pace::Line,
                _ => return Err(odd()),
            }
        }
        "password" => {
            let octets = text::octets(value.trim_matches('"'), &NoNames)?;
            scenario.password = Some(String::from_utf8(octets).map_err(|_| odd())?);
        }
        "needs" => scenario.needs.push(value.to_owned()),
        _ => return Err(format!("there is no {name:?} in a head, or not of {value:?}")),
    }
    Ok(())
}

fn yes(value: &str) -> Option<bool> {
    match value {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// A line of what the server does.
fn behaviour(rules: &mut Vec<Rule>, line: &str) -> Result<(), String> {
    let (once, begin) = match line.strip_prefix("once on ") {
        Some(trigger) => (true, Some(trigger)),
        None => (false, line.strip_prefix("on ")),
    };
    if let Some(trigger) = begin {
        let trigger = match trigger {
            "greeting" => Trigger::Greeting,
            "login" => Trigger::Login,
            command => {
                let (keyword, arguments) = match command.split_once(' ') {
                    Some((keyword, arguments)) => (keyword, Some(arguments)),
                    None => (command, None),
                };
                let arguments = arguments.map(str::to_owned);
                Trigger::Command(keyword.to_ascii_uppercase(), arguments)
            }
        };
        rules.push(Rule { trigger, once, actions: Vec::new() });
        return Ok(());
    }
    let rule = rules.last_mut().ok_or("something is done before any \"on\"")?;
    rule.actions.push(action(line).ok_or_else(|| format!("what is {line:?}?"))?);
    Ok(())
}

fn action(line: &str) -> Option<Action> {
    let (sign, text) = line.split_once(' ').unwrap_or((line, ""));
    Some(match (sign, text) {
        ("S:", text) => Action::Say(format!("{text}\\r\\n")),
        ("S-", text) => Action::Say(text.to_owned()),
        ("S/", text) => Action::SayOctetwise(format!("{text}\\r\\n")),
        ("lawful", part) => Action::Lawful(self::part(part)?),
        ("wait", time) => Action::Wait(seconds(time)?),
        ("endless", rest) => {
            let (mebibytes, text) = rest.split_once(' ')?;
            Action::Endless(mebibytes.parse().ok()?, text.to_owned())
        }
        ("cut", "") => Action::Cut,
        ("cut", rest) => Action::CutAfter(seconds(rest.strip_prefix("after ")?)?),
        ("close", "") => Action::Close,
        ("silence", "") => Action::Silence,
        _ => return None,
    })
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

fn part(text: &str) -> Option<Part> {
    Some(match text.split_once(' ') {
        None if text.is_empty() => Part::Whole,
        None if text == "half" => Part::Half,
        Some(("first", count)) => Part::First(count.parse().ok()?),
        Some(("but", count)) => Part::But(count.parse().ok()?),
        _ => return None,
    })
}

fn expectation(expect: &mut Expect, line: &str) -> Result<(), String> {
    let odd = || format!("what is {line:?}?");
    let (name, value) = line.split_once(':').ok_or_else(odd)?;
    let value = value.trim();
    match name {
        "outcome" => {
            expect.outcome = match value {
                "collects" => Outcome::Collects,
                "fails" => Outcome::Fails,
                "either" => Outcome::Either,
                "any" => Outcome::Any,
                _ => return Err(odd()),
            }
        }
        "needed" | "saved" => {
            let numbers = value.split_whitespace().map(str::parse);
            let numbers = Some(numbers.collect::<Result<_, _>>().map_err(|_| odd())?);
            match name {
                "saved" => expect.saved = numbers,
                _ => expect.needed = numbers,
            }
        }
        "connection" if value == "optional" => expect.may_stay_away = true,
        "memory" if value == "bounded" => expect.is_bounded = true,
        "kept" => expect.kept.push(value.to_owned()),
        "unsaved" => expect.unsaved.push(value.to_owned()),
        "said" => expect.said.push(value.to_owned()),
        "never" => expect.never.push(value.to_owned()),
        "watch" => expect.watches.extend(value.split_whitespace().map(str::to_owned)),
        "ends" => expect.ends = Some(Duration::from_secs(value.parse().map_err(|_| odd())?)),
        _ => return Err(odd()),
    }
    Ok(())
}
