//! What the RFCs demand: a list, in our own words, each entry with the cases that judge it.
//!
//! The list is data, a file for each document, in `requirements/`:
//!
//! ```text
//! document: RFC 1939
//!
//! 1939-3-keyword-nocase server MUST 3
//!     Command keywords match whatever their letter case.
//!     seen by: send "nOoP", "Stat", "retr 1" and get the same answer as upper case
//!     case: 1939-3/keyword-in-any-case
//! ```
//!
//! An entry begins with its id, the side that must obey, the level and the section. `case:` names a
//! case that judges it, `not judged:` says why nothing does.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

/// How strongly something is demanded (RFC 2119, section 1 and following).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// It is demanded: without it there is no conformance.
    Must,
    /// It is forbidden.
    MustNot,
    /// It is advised: there may be reasons for something else.
    Should,
    /// It is advised against.
    ShouldNot,
    /// Either way is lawful.
    May,
}

impl Level {
    /// Whether a breach is a failure, not a warning.
    #[must_use]
    pub const fn is_mandatory(self) -> bool {
        matches!(self, Self::Must | Self::MustNot)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::May => "MAY",
        })
    }
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "MUST" => Self::Must,
            "MUST NOT" => Self::MustNot,
            "SHOULD" => Self::Should,
            "SHOULD NOT" => Self::ShouldNot,
            "MAY" => Self::May,
            _ => return Err(()),
        })
    }
}

/// Who must obey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Side {
    /// The server.
    Server,
    /// The client.
    Client,
    /// Each of them.
    Both,
}

/// One demand of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requirement {
    /// Its name, which begins with the document and the section.
    pub id: &'static str,
    /// Where it stands: `RFC 1939`.
    pub document: &'static str,
    /// In which section of it; `-` in a document without any.
    pub section: &'static str,
    /// Who must obey.
    pub side: Side,
    /// How strongly it is demanded.
    pub level: Level,
    /// What it says.
    pub says: &'static str,
    /// How one sees from outside whether it is obeyed; empty when one cannot.
    pub seen_by: &'static str,
    /// The ids of the cases that judge it.
    pub cases: Vec<&'static str>,
    /// Why no case does.
    pub not_judged: Option<&'static str>,
}

impl fmt::Display for Requirement {
    /// `RFC 1939, section 3, MUST: …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.document)?;
        if self.section != "-" {
            write!(f, ", section {}", self.section)?;
        }
        write!(f, ", {}: {}", self.level, self.says)
    }
}

/// Each file of `requirements/` by its name, in the order in which reports show them.
pub const LISTS: &[(&str, &str)] = &[
    ("rfc1939", include_str!("../requirements/rfc1939.txt")),
    ("rfc1957", include_str!("../requirements/rfc1957.txt")),
    ("rfc2449", include_str!("../requirements/rfc2449.txt")),
    ("rfc3206", include_str!("../requirements/rfc3206.txt")),
    ("rfc5034", include_str!("../requirements/rfc5034.txt")),
    ("rfc1734", include_str!("../requirements/rfc1734.txt")),
    ("rfc4616", include_str!("../requirements/rfc4616.txt")),
    ("rfc2195", include_str!("../requirements/rfc2195.txt")),
    ("rfc5802", include_str!("../requirements/rfc5802.txt")),
    ("rfc7677", include_str!("../requirements/rfc7677.txt")),
    ("rfc9266", include_str!("../requirements/rfc9266.txt")),
    ("rfc7628", include_str!("../requirements/rfc7628.txt")),
    ("xoauth2", include_str!("../requirements/xoauth2.txt")),
    ("rfc2595", include_str!("../requirements/rfc2595.txt")),
    ("rfc8314", include_str!("../requirements/rfc8314.txt")),
    ("rfc8996", include_str!("../requirements/rfc8996.txt")),
    ("rfc8997", include_str!("../requirements/rfc8997.txt")),
    ("rfc6125", include_str!("../requirements/rfc6125.txt")),
    ("rfc7817", include_str!("../requirements/rfc7817.txt")),
    ("rfc9525", include_str!("../requirements/rfc9525.txt")),
    ("rfc6186", include_str!("../requirements/rfc6186.txt")),
    ("rfc6856", include_str!("../requirements/rfc6856.txt")),
    ("rfc2384", include_str!("../requirements/rfc2384.txt")),
    ("rfc5321", include_str!("../requirements/rfc5321.txt")),
    ("rfc5322", include_str!("../requirements/rfc5322.txt")),
    ("iana", include_str!("../requirements/iana.txt")),
];

/// All of them, document by document.
///
/// # Panics
/// Never with the files that come with this crate, as its tests show.
pub fn all() -> &'static [Requirement] {
    static ALL: LazyLock<Vec<Requirement>> = LazyLock::new(|| {
        let lists = LISTS.iter().map(|(name, text)| match list(text) {
            Ok(requirements) => requirements,
            Err(line) => panic!("requirements/{name}.txt: what is {line:?}?"),
        });
        lists.flatten().collect()
    });
    &ALL
}

/// The one of that name.
#[must_use]
pub fn find(id: &str) -> Option<&'static Requirement> {
    all().iter().find(|requirement| requirement.id == id)
}

/// Reads a file of the list, or says which line of it is none.
fn list(text: &'static str) -> Result<Vec<Requirement>, &'static str> {
    let mut document = "";
    let mut requirements: Vec<Requirement> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix("document: ") {
            document = name;
        } else if let Some(detail) = line.strip_prefix("    ") {
            let requirement = requirements.last_mut().ok_or(line)?;
            match detail.split_once(": ") {
                Some(("seen by", how)) => requirement.seen_by = how,
                Some(("case", id)) => requirement.cases.push(id),
                Some(("not judged", why)) => requirement.not_judged = Some(why),
                _ if requirement.says.is_empty() => requirement.says = detail,
                _ => return Err(line),
            }
        } else {
            requirements.push(head(document, line).ok_or(line)?);
        }
    }
    Ok(requirements)
}

/// `1939-3-keyword-nocase server MUST 3`
fn head(document: &'static str, line: &'static str) -> Option<Requirement> {
    let (id, rest) = line.split_once(' ')?;
    let (side, rest) = rest.split_once(' ')?;
    let (level, section) = rest.rsplit_once(' ')?;
    let side = match side {
        "server" => Side::Server,
        "client" => Side::Client,
        "both" => Side::Both,
        _ => return None,
    };
    Some(Requirement {
        id,
        document,
        section,
        side,
        level: level.parse().ok()?,
        says: "",
        seen_by: "",
        cases: Vec::new(),
        not_judged: None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_list_is_whole() {
        assert_eq!(all().len(), 687);
        let ids: HashSet<_> = all().iter().map(|requirement| requirement.id).collect();
        assert_eq!(ids.len(), all().len(), "an id stands twice");
        for requirement in all() {
            assert!(!requirement.says.is_empty(), "{} says nothing", requirement.id);
        }
    }

    #[test]
    fn an_entry_shows_where_it_stands() {
        let requirement = find("1939-3-two-indicators").unwrap();
        assert!(requirement.to_string().starts_with("RFC 1939, section 3, MUST: Only two"));
        assert_eq!(find("1939-3-none-such"), None);
    }

    #[test]
    fn a_line_of_no_known_form_is_an_error() {
        for text in ["x server MUST\n", "x nobody MUST 3\n", "    says\n", "x server MUSTN'T 3\n"] {
            assert!(list(text).is_err(), "{text:?}");
        }
    }
}
