//! Cases that judge a server: what each needs, and what it does.

use std::fmt;

use super::bench::{Bench, Halt};
use super::exchange::Exchange;
use super::survey::Offers;
use crate::case::{Heading, Unreadable, read};
use crate::script::text::{Names, NoNames, octets};
use crate::script::{self, Step};

/// A case that judges a server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Case {
    /// What every case has.
    pub heading: Heading,
    /// Without what it cannot decide.
    pub needs: Needs,
    /// What it does.
    pub body: Body,
}

/// Without what a case cannot decide.
///
/// In a file these are lines of the head:
///
/// | line | meaning |
/// |---|---|
/// | `letters: n` | at least n letters are in the maildrop |
/// | `letter: text` | this letter is in the maildrop (a fixture is needed); may stand several times |
/// | `empty: yes` | nothing is in the maildrop |
/// | `fixture: yes` | the case looks into the maildrop round the server |
/// | `needs: TOP, SASL PLAIN` | the server has these capabilities; `APOP` is one here, and `CAPA` |
/// | `lacks: UTF8` | the server does not have these |
/// | `door: clear` | the session begins in clear text, whatever the others do |
/// | `door: tls` | the session begins with a TLS handshake |
/// | `second: yes` | another user is known |
/// | `apop: yes` | the user is known to have APOP |
/// | `token: yes` | a token for OAUTHBEARER and XOAUTH2 is known |
/// | `destructive: yes` | letters are removed |
/// | `timers: yes` | minutes pass |
/// | `maildrop: yes` | a session of the user is open, though no `login` shows it |
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Needs {
    /// So many letters.
    pub letters: usize,
    /// These letters, in this order.
    pub exactly: Vec<Vec<u8>>,
    /// Nothing in the maildrop.
    pub empty: bool,
    /// A way round the server.
    pub fixture: bool,
    /// These capabilities.
    pub has: Vec<String>,
    /// None of these capabilities.
    pub lacks: Vec<String>,
    /// A door, if it is not the usual one.
    pub door: Option<Door>,
    /// Another user.
    pub second: bool,
    /// A user who has APOP.
    pub apop: bool,
    /// A token.
    pub token: bool,
    /// That letters may be removed.
    pub destructive: bool,
    /// Minutes.
    pub timers: bool,
    /// The maildrop for itself.
    pub maildrop: bool,
}

/// Where a session begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Door {
    /// In clear text.
    Clear,
    /// With a TLS handshake.
    Tls,
}

/// What a case does.
#[derive(Clone)]
#[non_exhaustive]
pub enum Body {
    /// It plays this script.
    Script(Vec<(usize, Step)>),
    /// It runs this.
    Code(fn(&mut Bench<'_>) -> Result<(), Halt>),
    /// It looks at every exchange of every other case, and says what would have been right.
    Watch(fn(&Exchange, &Offers) -> Watched),
}

/// What a watch sees in an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Watched {
    /// Nothing that concerns it.
    Unconcerned,
    /// What is right.
    Right,
    /// Something else: what came, and what would have been right.
    Wrong {
        /// What came.
        came: Vec<u8>,
        /// What would have been right.
        right: &'static str,
    },
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Script(steps) => f.debug_tuple("Script").field(&steps.len()).finish(),
            Self::Code(_) => f.write_str("Code"),
            Self::Watch(_) => f.write_str("Watch"),
        }
    }
}

impl Case {
    /// A case in code.
    ///
    /// # Panics
    /// When it names a requirement that is not in the list: the tests look at each.
    pub(crate) fn code(
        id: &str,
        title: &str,
        proves: &[&str],
        needs: &str,
        run: fn(&mut Bench<'_>) -> Result<(), Halt>,
    ) -> Self {
        Self::coded(id, title, proves, needs, Body::Code(run))
    }

    /// A watch.
    ///
    /// # Panics
    /// As [`code`](Self::code).
    pub(crate) fn watch(
        id: &str,
        title: &str,
        proves: &[&str],
        look: fn(&Exchange, &Offers) -> Watched,
    ) -> Self {
        Self::coded(id, title, proves, "", Body::Watch(look))
    }

    fn coded(id: &str, title: &str, proves: &[&str], needs: &str, body: Body) -> Self {
        let heading = Heading::new(id, title, proves).unwrap_or_else(|what| panic!("{id}: {what}"));
        let mut all = Needs::default();
        for line in needs.split(';').map(str::trim).filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ").unwrap_or((line, "yes"));
            all.line(name, value).unwrap_or_else(|what| panic!("{id}: {what}"));
        }
        Self { heading, needs: all, body }
    }

    /// Reads a file of cases.
    ///
    /// # Errors
    /// When something in it cannot be read.
    pub fn read(text: &str) -> Result<Vec<Self>, Unreadable> {
        read(text)?
            .into_iter()
            .map(|written| {
                let mut needs = Needs::default();
                for (number, name, value) in written.head {
                    needs.line(name, value).map_err(|what| Unreadable::new(number, what))?;
                }
                let steps = script::parse(written.body)?;
                needs.look_at(&steps);
                Ok(Self { heading: written.heading, needs, body: Body::Script(steps) })
            })
            .collect()
    }

    /// What the client of a script says, with these names for what the server's side decides: a
    /// seed for fuzzers. None for a case in code, or where a name is not known.
    #[must_use]
    pub fn said(&self, names: &dyn Names) -> Option<Vec<u8>> {
        let Body::Script(steps) = &self.body else { return None };
        let mut said = Vec::new();
        for (_, step) in steps {
            match step {
                Step::Client(text) | Step::ClientOctetwise(text) => {
                    said.extend(octets(text, names).ok()?);
                }
                Step::Login | Step::LoginBy(_) => {
                    said.extend(octets("USER {user}\\r\\nPASS {password}\\r\\n", names).ok()?);
                }
                _ => {}
            }
        }
        Some(said)
    }

    /// Whether it needs the maildrop for itself.
    pub(crate) fn is_alone(&self) -> bool {
        let needs = &self.needs;
        needs.maildrop
            || needs.letters > 0
            || needs.empty
            || needs.fixture
            || !needs.exactly.is_empty()
    }
}

impl Needs {
    fn line(&mut self, name: &str, value: &str) -> Result<(), String> {
        let list = || value.split(',').map(|one| one.trim().to_ascii_uppercase());
        match (name, value) {
            ("letters", n) => self.letters = n.parse().map_err(|_| "not a number")?,
            ("letter", text) => self.exactly.push(octets(text, &NoNames)?),
            ("empty", "yes") => self.empty = true,
            ("fixture", "yes") => self.fixture = true,
            ("needs", _) => self.has.extend(list()),
            ("lacks", _) => self.lacks.extend(list()),
            ("door", "clear") => self.door = Some(Door::Clear),
            ("door", "tls") => self.door = Some(Door::Tls),
            ("second", "yes") => self.second = true,
            ("apop", "yes") => self.apop = true,
            ("token", "yes") => self.token = true,
            ("destructive", "yes") => self.destructive = true,
            ("timers", "yes") => self.timers = true,
            ("maildrop", "yes") => self.maildrop = true,
            _ => return Err(format!("nothing is known of {name}: {value}")),
        }
        Ok(())
    }

    /// What the steps need shows in them.
    fn look_at(&mut self, steps: &[(usize, Step)]) {
        for (_, step) in steps {
            match step {
                Step::Login | Step::LoginBy(_) => self.maildrop = true,
                Step::Client(text) | Step::ClientOctetwise(text) => {
                    let text = text.to_ascii_uppercase();
                    let opens = ["PASS ", "APOP ", "AUTH "];
                    self.maildrop |= opens.iter().any(|keyword| text.starts_with(keyword));
                }
                Step::Letter(_)
                | Step::Top(..)
                | Step::Deliver(_)
                | Step::Vanish
                | Step::Holds(_) => {
                    self.fixture = true;
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_says_is_a_seed() {
        let text = "== a\nTitle.\nproves: 1939-5-noop\n\nlogin\nC: NOOP\nS: +OK…\nC/ QUIT\n";
        let case = &Case::read(text).unwrap()[0];
        let names = |name: &str| Some(name.as_bytes().to_vec());
        let said = case.said(&names).unwrap();
        assert_eq!(said, b"USER user\r\nPASS password\r\nNOOP\r\nQUIT\r\n");
        assert_eq!(case.said(&NoNames), None);
        assert!(case.is_alone());
    }
}
