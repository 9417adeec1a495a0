//! Cases as they are written: an id, a sentence, the requirements they judge, and what follows.
//!
//! ```text
//! == 1939-5/dele-only-marks
//! A letter that was marked is still there when the session ends without QUIT.
//! proves: 1939-5-dele-marks
//! letters: 1
//!
//! login
//! C: DELE 1
//! S: +OK…
//! ```
//!
//! A case begins with `==` and its id. The next line says what is right, in one sentence; `name:
//! value` lines follow, of which `proves` names requirements. A blank line ends the head, and the
//! next `==` or the end of the file ends the case. Lines that begin with `#` are for the reader.

use std::fmt;

use crate::requirement::{self, Level, Requirement};

/// A case as it stands in a file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Written<'a> {
    /// Its heading.
    pub heading: Heading,
    /// The `name: value` lines but for `proves`, with their numbers in the file.
    pub head: Vec<(usize, &'a str, &'a str)>,
    /// The lines after the head, with their numbers in the file.
    pub body: Vec<(usize, &'a str)>,
}

/// What every case has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Heading {
    /// Its name: `1939-5/dele-only-marks`.
    pub id: String,
    /// What is right, in a sentence.
    pub title: String,
    /// The requirements that it judges; the first decides where it stands in a report.
    pub proves: Vec<&'static Requirement>,
}

impl Heading {
    /// A heading.
    ///
    /// # Errors
    /// When one of the requirements is not in the list, or there is none.
    pub fn new(id: &str, title: &str, proves: &[&str]) -> Result<Self, String> {
        let proves = proves
            .iter()
            .map(|id| requirement::find(id).ok_or(format!("there is no requirement {id:?}")))
            .collect::<Result<Vec<_>, _>>()?;
        if proves.is_empty() {
            return Err(format!("{id} judges no requirement"));
        }
        Ok(Self { id: id.to_owned(), title: title.to_owned(), proves })
    }

    /// How grave a breach is: the level of the strongest requirement.
    #[must_use]
    pub fn level(&self) -> Level {
        self.proves.iter().map(|requirement| requirement.level).min().unwrap_or(Level::May)
    }
}

/// Leaves the cases that are chosen: by their id, by the first words of it (`1939-5`), or by the id
/// of a requirement that they judge. Where nothing is chosen, all are left.
pub fn choose<T>(cases: &mut Vec<T>, heading: impl Fn(&T) -> &Heading, chosen: &[String]) {
    if chosen.is_empty() {
        return;
    }
    let is_id = |id: &String| cases.iter().any(|case| heading(case).id == *id);
    let (ids, others): (Vec<_>, Vec<_>) = chosen.iter().partition(|chosen| is_id(chosen));
    cases.retain(|case| {
        let Heading { id, proves, .. } = heading(case);
        ids.contains(&id)
            || others.iter().any(|chosen| {
                let rest = id.strip_prefix(chosen.as_str());
                rest.is_some_and(|rest| rest.starts_with(['/', '-']))
                    || proves.iter().any(|requirement| requirement.id == *chosen)
            })
    });
}

/// What is wrong with a file of cases.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
#[non_exhaustive]
pub struct Unreadable {
    /// In which line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl Unreadable {
    pub(crate) fn new(line: usize, what: impl fmt::Display) -> Self {
        Self { line, what: what.to_string() }
    }
}

/// Takes a file of cases apart.
///
/// # Errors
/// When a head is not as described above, or names a requirement that is not in the list.
pub fn read(text: &str) -> Result<Vec<Written<'_>>, Unreadable> {
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#')).peekable();
    let mut cases = Vec::new();
    while let Some((number, line)) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let id = line.strip_prefix("== ").ok_or_else(|| {
            Unreadable::new(number, format!("a case begins with \"== id\", not with {line:?}"))
        })?;
        let (_, title) = lines.next().unwrap_or((number, ""));
        let mut head = Vec::new();
        let mut proves = Vec::new();
        while let Some((number, line)) = lines.next_if(|(_, line)| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or_else(|| {
                Unreadable::new(number, format!("no colon in the head: {line:?}"))
            })?;
            match name {
                "proves" => proves.extend(value.split_whitespace()),
                _ => head.push((number, name, value.trim())),
            }
        }
        let mut body = Vec::new();
        while let Some(next) = lines.next_if(|(_, line)| !line.starts_with("== ")) {
            if !next.1.is_empty() {
                body.push(next);
            }
        }
        let heading =
            Heading::new(id, title, &proves).map_err(|what| Unreadable::new(number, what))?;
        cases.push(Written { heading, head, body });
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_bodies_are_told_apart() {
        let text = "# note\n\n== 1939-5/a\nRight.\nproves: 1939-5-noop 1957---space-kind\n\
                    letters: 1\n\nlogin\n# another\n\nC: NOOP\n\n== b\nToo.\nproves: 1939-5-noop\n\nx\n";
        let cases = read(text).unwrap();
        assert_eq!(cases.len(), 2);
        assert_eq!(cases[0].heading.title, "Right.");
        assert_eq!(cases[0].heading.level(), Level::Must);
        assert_eq!(cases[0].head, [(6, "letters", "1")]);
        assert_eq!(cases[0].body, [(8, "login"), (11, "C: NOOP")]);
        assert_eq!(cases[1].body, [(17, "x")]);
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        for (text, line) in [
            ("C: NOOP\n", 1),
            ("\n== a\nTitle\nproves 1939-5-noop\n", 4),
            ("== a\nTitle\nproves: 1939-5-none\n", 1),
            ("== a\nTitle\n\nC: NOOP\n", 1),
        ] {
            assert_eq!(read(text).unwrap_err().line, line, "{text:?}");
        }
    }
}
