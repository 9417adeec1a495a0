//! The users' file, read.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};

use pop3_proto::UserName;
use pop3_proto::auth::sasl::{ScramHash, ScramKeys};
use zeroize::Zeroizing;

use super::stored::{Kind, Stored};

/// The largest users' file, in octets: more than a hundred thousand lines.
pub(super) const MAX: u64 = 16 * 1024 * 1024;

/// What is wrong with a line. Nothing of the line itself is told: it may be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("there is no colon behind the name")]
    NoColon,
    #[error("the name is empty, not UTF-8, or has a space or a control character")]
    Name,
    #[error("the name was there before; the first line counts")]
    Again,
    #[error("there is no {{SCHEME}} in front of the secret")]
    NoScheme,
    #[error("the scheme is not known here")]
    UnknownScheme,
    #[error("the secret is empty or has not the form that its scheme demands")]
    Secret,
}

/// The whole file; wiped from memory when dropped.
pub(super) fn read(file: &File) -> io::Result<Zeroizing<Vec<u8>>> {
    // Room enough from the start, so that no copies are left behind by growing.
    let room = file.metadata()?.len().min(MAX) as usize + 1;
    let mut content = Zeroizing::new(Vec::with_capacity(room));
    file.take(MAX + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the users' file has over 16 MiB"));
    }
    Ok(content)
}

/// The name on a line, up to the colon; none on lines that hold no user.
pub(super) fn name_of(line: &[u8]) -> Option<&[u8]> {
    let colon = memchr::memchr(b':', line)?;
    (!line.starts_with(b"#")).then(|| &line[..colon])
}

/// The users of a file and what was wrong with it.
#[derive(Debug)]
pub(super) struct Table {
    users: HashMap<UserName, Stored>,
    /// How many users have each kind of secret.
    counts: HashMap<Kind, usize>,
    typical: Option<Stored>,
    /// What users with keys for SCRAM have.
    iterations: HashMap<ScramHash, u32>,
    problems: Vec<(usize, Problem)>,
}

impl Table {
    /// Reads all lines that can be read.
    pub(super) fn parse(content: &[u8]) -> Self {
        let mut users = HashMap::new();
        let mut problems = Vec::new();
        for (number, line) in (1..).zip(content.split(|octet| *octet == b'\n')) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            if let Err(problem) = take(line, &mut users) {
                problems.push((number, problem));
            }
        }
        let mut counts = HashMap::new();
        for stored in users.values() {
            *counts.entry(stored.kind()).or_insert(0) += 1;
        }
        let most = counts.iter().max_by_key(|(_, count)| **count).map(|(kind, _)| *kind);
        let typical = most.and_then(|kind| one_of(&users, kind)).cloned();
        let iterations = iterations(&users);
        Self { users, counts, typical, iterations, problems }
    }

    pub(super) fn get(&self, user: &UserName) -> Option<&Stored> {
        self.users.get(user)
    }

    /// A secret of the scheme that most users have: what unknown users are checked against, in
    /// vain. None when there are no users.
    pub(super) const fn typical(&self) -> Option<&Stored> {
        self.typical.as_ref()
    }

    pub(super) fn has_plain(&self) -> bool {
        self.counts.contains_key(&Kind::Plain)
    }

    /// Whether there are users, and all have secrets of these kinds.
    pub(super) fn all_have(&self, kinds: &[Kind]) -> bool {
        let of_kinds = kinds.iter().filter_map(|kind| self.counts.get(kind)).sum();
        self.users.len() == of_kinds && of_kinds > 0
    }

    /// How many iterations most users with stored keys have; the least where there are none.
    pub(super) fn iterations(&self, hash: ScramHash) -> u32 {
        let keys = self.iterations.get(&hash);
        keys.copied().unwrap_or(*ScramKeys::ITERATIONS.start())
    }

    /// Numbers of lines that are ignored, from 1, and why.
    pub(super) fn problems(&self) -> impl Iterator<Item = (usize, Problem)> {
        self.problems.iter().copied()
    }
}

fn take(line: &[u8], users: &mut HashMap<UserName, Stored>) -> Result<(), Problem> {
    let name = name_of(line).ok_or(Problem::NoColon)?;
    let field = line[name.len() + 1..].split(|octet| *octet == b':').next().unwrap_or_default();
    let name = UserName::from_bytes(name).map_err(|_| Problem::Name)?;
    match users.entry(name) {
        Entry::Occupied(_) => Err(Problem::Again),
        Entry::Vacant(place) => {
            place.insert(Stored::parse(field)?);
            Ok(())
        }
    }
}

/// What most users with keys for SCRAM have, for each hash function.
fn iterations(users: &HashMap<UserName, Stored>) -> HashMap<ScramHash, u32> {
    let mut counts: BTreeMap<(ScramHash, u32), usize> = BTreeMap::new();
    for keys in users.values().filter_map(Stored::scram) {
        *counts.entry((keys.hash(), keys.iterations())).or_insert(0) += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| *count);
    // Of one hash function the last counts, which is what most have.
    counts.into_iter().map(|((hash, iterations), _)| (hash, iterations)).collect()
}

fn one_of(users: &HashMap<UserName, Stored>, kind: Kind) -> Option<&Stored> {
    users.values().find(|stored| stored.kind() == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get<'a>(table: &'a Table, name: &str) -> Option<&'a Stored> {
        table.get(&UserName::new(name).unwrap())
    }

    #[test]
    fn a_bad_line_is_an_error_for_that_user_only() {
        let table = Table::parse(
            b"# comment\n\nmark:{PLAIN}a\n:{PLAIN}a\nno colon\nmary:{MD5}x\nmark:{PLAIN}b\n\
              john:c\n\xff:{PLAIN}a\r\nlast:{PLAIN}z:more:fields",
        );
        let problems: Vec<_> = table.problems().collect();
        assert_eq!(
            problems,
            [
                (4, Problem::Name),
                (5, Problem::NoColon),
                (6, Problem::UnknownScheme),
                (7, Problem::Again),
                (8, Problem::NoScheme),
                (9, Problem::Name),
            ]
        );
        assert_eq!(get(&table, "mark").unwrap().plain().unwrap().expose(), b"a");
        assert_eq!(get(&table, "last").unwrap().plain().unwrap().expose(), b"z");
        assert!(get(&table, "mary").is_none() && get(&table, "john").is_none());
    }

    #[test]
    fn a_problem_tells_nothing_of_the_line() {
        let table = Table::parse(b"mark:{hunter2}hunter2\nhunter2\n");
        assert_eq!(table.problems().count(), 2);
        assert!(!format!("{table:?}").contains("hunter2"));
    }

    #[test]
    fn unknown_users_are_checked_by_the_scheme_of_most() {
        let hash = "$6$abc$7Dwt0kw8Eii/IaClM8ZSuffER.PZ6YA70pxlDDA/P0Hu8gBH9Lp5gfb5aXLJq5ZHZm/UBLJxFw5Cel/2oBhKX0";
        let table = format!("a:{{PLAIN}}x\nb:{{SHA512-CRYPT}}{hash}\nc:{{SHA512-CRYPT}}{hash}\n");
        let table = Table::parse(table.as_bytes());
        assert_eq!(table.typical().map(Stored::kind), Some(Kind::Sha512Crypt));
        assert!(Table::parse(b"").typical().is_none());
    }
}
