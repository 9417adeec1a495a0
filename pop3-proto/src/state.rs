//! The protocol at a glance: which command is lawful in which state, what its reply looks like,
//! and whether another command may follow before that reply.
//!
//! There is one table, [`RULES`], and it knows no role: the client asks it what to expect, the
//! server what to allow. `docs/states.md` is drawn from it.
//!
//! ```
//! use pop3_proto::{Keyword, state::{Shape, State, rule}};
//! let list = rule(Keyword::List);
//! assert!(!list.lawful_in(State::Authorization));
//! assert_eq!(list.shape(false), Shape::Listing);
//! assert_eq!(list.shape(true), Shape::Line);
//! ```

use core::fmt;

use crate::keyword::Keyword;

/// Where a session is (RFC 1939, section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)]
pub enum State {
    /// The client has yet to say who it is.
    Authorization,
    /// A maildrop is open and locked.
    Transaction,
    /// QUIT was accepted in TRANSACTION; marked messages are being removed. No command is lawful.
    Update,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authorization => "AUTHORIZATION",
            Self::Transaction => "TRANSACTION",
            Self::Update => "UPDATE",
        })
    }
}

/// What a positive reply looks like. A negative one is always a single line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shape {
    /// A status line, nothing more.
    Line,
    /// A status line, then one item a line, then the terminator.
    Listing,
    /// A status line, then a message or other free content, then the terminator.
    Message,
    /// Challenges and responses, then a status line (RFC 5034).
    Exchange,
}

/// What may be sent behind a command before its reply has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Behind {
    /// The next command, when the server lists PIPELINING (RFC 2449, section 6.6).
    Anything,
    /// Nothing: the reply changes what may be said, and real servers drop what came with it.
    Nothing,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The command.
    pub keyword: Keyword,
    /// Where it is lawful.
    pub states: &'static [State],
    /// Its positive reply when it is sent without an argument.
    pub bare: Shape,
    /// Its positive reply when it is sent with an argument.
    pub with_argument: Shape,
    /// What may follow it at once.
    pub behind: Behind,
    /// The state that its positive reply leads to, when that is another one.
    pub leads_to: Option<State>,
    /// The tag in CAPA that announces it, for commands that are optional.
    pub capability: Option<&'static str>,
    /// The document that defines it.
    pub source: &'static str,
}

impl Rule {
    /// Whether the command may be given in a state.
    #[must_use]
    pub fn lawful_in(&self, state: State) -> bool {
        self.states.contains(&state)
    }

    /// Where its positive reply leads from a state; `None` where the session just ends: UPDATE is
    /// entered from TRANSACTION alone (RFC 1939, section 4).
    #[must_use]
    pub const fn next(&self, from: State) -> Option<State> {
        match (self.leads_to, from) {
            (Some(State::Update), State::Authorization) => None,
            (Some(next), _) => Some(next),
            (None, _) => Some(from),
        }
    }

    /// What a positive reply looks like.
    #[must_use]
    pub const fn shape(&self, has_argument: bool) -> Shape {
        if has_argument { self.with_argument } else { self.bare }
    }
}

const A: &[State] = &[State::Authorization];
const T: &[State] = &[State::Transaction];
const BOTH: &[State] = &[State::Authorization, State::Transaction];

const fn row(
    keyword: Keyword,
    states: &'static [State],
    shape: Shape,
    source: &'static str,
) -> Rule {
    Rule {
        keyword,
        states,
        bare: shape,
        with_argument: shape,
        behind: Behind::Anything,
        leads_to: None,
        capability: None,
        source,
    }
}

impl Rule {
    const fn with_argument(mut self, shape: Shape) -> Self {
        self.with_argument = shape;
        self
    }

    const fn alone(mut self) -> Self {
        self.behind = Behind::Nothing;
        self
    }

    const fn leads_to(mut self, state: State) -> Self {
        self.leads_to = Some(state);
        self
    }

    const fn announced(mut self, tag: &'static str) -> Self {
        self.capability = Some(tag);
        self
    }
}

/// The table.
pub const RULES: [Rule; 17] = {
    use Keyword as K;
    use Shape::{Exchange, Line, Listing, Message};
    [
        row(K::User, A, Line, "RFC 1939 §7").announced("USER"),
        row(K::Pass, A, Line, "RFC 1939 §7").alone().leads_to(State::Transaction).announced("USER"),
        row(K::Apop, A, Line, "RFC 1939 §7").alone().leads_to(State::Transaction),
        row(K::Auth, A, Exchange, "RFC 5034 §4")
            .alone()
            .leads_to(State::Transaction)
            .announced("SASL"),
        row(K::Stls, A, Line, "RFC 2595 §4").alone().announced("STLS"),
        row(K::Utf8, A, Line, "RFC 6856 §2").announced("UTF8"),
        row(K::Lang, BOTH, Listing, "RFC 6856 §3").with_argument(Line).announced("LANG"),
        row(K::Capa, BOTH, Listing, "RFC 2449 §5"),
        row(K::Stat, T, Line, "RFC 1939 §5"),
        row(K::List, T, Listing, "RFC 1939 §5").with_argument(Line),
        row(K::Uidl, T, Listing, "RFC 1939 §7").with_argument(Line).announced("UIDL"),
        row(K::Retr, T, Message, "RFC 1939 §5"),
        row(K::Top, T, Message, "RFC 1939 §7").announced("TOP"),
        row(K::Dele, T, Line, "RFC 1939 §5"),
        row(K::Noop, T, Line, "RFC 1939 §5"),
        row(K::Rset, T, Line, "RFC 1939 §5"),
        row(K::Quit, BOTH, Line, "RFC 1939 §4, §6").alone().leads_to(State::Update),
    ]
};

/// The row of a command.
#[must_use]
pub const fn rule(keyword: Keyword) -> &'static Rule {
    &RULES[keyword as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_has_its_row() {
        assert_eq!(RULES.len(), Keyword::ALL.len());
        for keyword in Keyword::ALL {
            assert_eq!(rule(*keyword).keyword, *keyword);
        }
    }
}
