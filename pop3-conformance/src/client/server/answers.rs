//! What a lawful server answers.

use super::login::Exchange;
use super::{Scenario, Session};
use crate::client::{Security, letters};

/// A reply, and what is so once it was said, if it is positive.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) octets: Vec<u8>,
    pub(super) effect: Effect,
}

#[derive(Debug, PartialEq)]
pub(super) enum Effect {
    None,
    Greeted,
    Capabilities,
    Named(Vec<u8>),
    Login,
    Challenge(Exchange),
    Stls,
    Counted,
    Listed,
    Marked(usize),
    Unmarked,
    Quit,
}

impl Answer {
    pub(super) fn new(line: &str, effect: Effect) -> Self {
        Self { octets: format!("{line}\r\n").into_bytes(), effect }
    }

    pub(super) fn refusal(text: &str) -> Self {
        Self::new(&format!("-ERR {text}"), Effect::None)
    }

    fn lines(status: &str, lines: impl IntoIterator<Item = String>, effect: Effect) -> Self {
        let lines: String = lines.into_iter().map(|line| line + "\r\n").collect();
        Self { octets: format!("{status}\r\n{lines}.\r\n").into_bytes(), effect }
    }
}

impl Session<'_> {
    /// What a command is answered.
    pub(super) fn command(&mut self, keyword: &str, arguments: &[u8]) -> Answer {
        let before_login = matches!(keyword, "USER" | "PASS" | "APOP" | "AUTH" | "STLS" | "UTF8");
        let after_login =
            matches!(keyword, "STAT" | "LIST" | "UIDL" | "RETR" | "TOP" | "DELE" | "RSET" | "NOOP");
        if (before_login && self.logged_in) || (after_login && !self.logged_in) {
            // A rule that says otherwise has the same effect as elsewhere.
            let effect = self.effect(keyword, arguments);
            return Answer { effect, ..Answer::refusal("not in this state") };
        }
        match keyword {
            "CAPA" => self.capa(),
            "STLS" => self.stls(),
            "USER" | "PASS" | "APOP" | "AUTH" => self.login(keyword, arguments),
            "UTF8" | "LANG" if self.lists(keyword) => Answer::new("+OK", Effect::None),
            "NOOP" => Answer::new("+OK", Effect::None),
            "RSET" => Answer::new("+OK nothing is marked", Effect::Unmarked),
            "QUIT" => Answer::new("+OK goodbye", Effect::Quit),
            "STAT" => self.stat(),
            "LIST" => {
                self.list(keyword, arguments, |scenario, number| scenario.size(number).to_string())
            }
            "UIDL" if self.lists(keyword) => {
                self.list(keyword, arguments, |_, number| Scenario::unique_id(number))
            }
            "RETR" | "DELE" => self.one(keyword, arguments),
            "TOP" if self.lists(keyword) => self.one(keyword, arguments),
            _ => {
                let effect = self.effect(keyword, arguments);
                Answer { effect, ..Answer::refusal("unknown command") }
            }
        }
    }

    /// What is so if a rule makes an unlawful reply a positive one.
    fn effect(&self, keyword: &str, arguments: &[u8]) -> Effect {
        match keyword {
            "PASS" | "APOP" => Effect::Login,
            "STAT" => Effect::Counted,
            "LIST" | "UIDL" if arguments.is_empty() => Effect::Listed,
            _ => Effect::None,
        }
    }

    /// Whether CAPA lists it; without CAPA all of RFC 1939 is there.
    pub(super) fn lists(&self, tag: &str) -> bool {
        match &self.stage.scenario.capabilities {
            None => matches!(tag, "USER" | "TOP" | "UIDL"),
            Some(list) => list
                .iter()
                .any(|line| line.split(' ').next().is_some_and(|it| it.eq_ignore_ascii_case(tag))),
        }
    }

    fn offers_stls(&self) -> bool {
        self.stage.security == Security::Stls && !self.link.is_tls()
    }

    fn capa(&self) -> Answer {
        let Some(list) = &self.stage.scenario.capabilities else {
            let refusal = Answer::refusal("unknown command");
            return Answer { effect: Effect::Capabilities, ..refusal };
        };
        let has_stls = self.offers_stls() && self.stage.scenario.has_stls && !self.logged_in;
        let stls = has_stls.then(|| "STLS".to_owned());
        let list = stls.into_iter().chain(list.iter().cloned());
        Answer::lines("+OK capabilities follow", list, Effect::Capabilities)
    }

    fn stls(&self) -> Answer {
        if self.offers_stls() && self.stage.scenario.has_stls {
            Answer::new("+OK begin TLS", Effect::Stls)
        } else {
            Answer { effect: Effect::Stls, ..Answer::refusal("no TLS here") }
        }
    }

    fn there(&self) -> impl Iterator<Item = usize> + '_ {
        (1..).zip(&self.marked).filter(|(_, is_marked)| !**is_marked).map(|(number, _)| number)
    }

    fn stat(&self) -> Answer {
        let octets: usize = self.there().map(|number| self.stage.scenario.size(number)).sum();
        Answer::new(&format!("+OK {} {octets}", self.there().count()), Effect::Counted)
    }

    fn list(
        &self,
        keyword: &str,
        arguments: &[u8],
        says: impl Fn(&Scenario, usize) -> String,
    ) -> Answer {
        let scenario = self.stage.scenario;
        let line = |number| format!("{number} {}", says(scenario, number));
        if arguments.is_empty() {
            return Answer::lines(
                &format!("+OK {keyword}"),
                self.there().map(line),
                Effect::Listed,
            );
        }
        match self.number(arguments) {
            Some(number) => Answer::new(&format!("+OK {}", line(number)), Effect::None),
            None => Answer::refusal("no such message"),
        }
    }

    /// The number of a letter that is there.
    fn number(&self, argument: &[u8]) -> Option<usize> {
        let number: usize = str::from_utf8(argument).ok()?.parse().ok()?;
        self.there().find(|there| *there == number)
    }

    /// RETR, TOP and DELE.
    fn one(&self, keyword: &str, arguments: &[u8]) -> Answer {
        let mut words = arguments.split(|octet| *octet == b' ');
        let Some(number) = self.number(words.next().unwrap_or_default()) else {
            return Answer::refusal("no such message");
        };
        if keyword == "DELE" {
            return Answer::new("+OK marked", Effect::Marked(number));
        }
        let letter = &self.stage.scenario.letters[number - 1];
        let lines = words.next().and_then(|lines| str::from_utf8(lines).ok()?.parse().ok());
        let content = match (keyword, lines) {
            ("TOP", Some(lines)) => letters::top(letter, lines),
            ("TOP", None) => return Answer::refusal("TOP number lines"),
            _ => letters::stuffed(letter),
        };
        let mut octets = format!("+OK {} octets\r\n", letters::size(letter)).into_bytes();
        octets.extend(content);
        octets.extend_from_slice(b".\r\n");
        Answer { octets, effect: Effect::None }
    }
}
