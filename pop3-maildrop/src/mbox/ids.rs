//! Unique-ids for letters whose only name is their content.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::PathBuf;

use pop3_proto::UniqueId;

use super::scan::Found;
use crate::notes::{Kind, hex};

/// A line `<digest> <next copy> <copies that are there>…` for each content.
const KIND: Kind = Kind("pop3-ids 1");

/// How many contents are remembered of which no copy is there any more.
const GONE: usize = 65_536;

/// Which copies of which contents were given an id.
///
/// The id of the first copy of a content is its digest; the ids of further copies have their number
/// behind it. A number that was given is not given again.
#[derive(Debug)]
pub(super) struct Ids {
    path: PathBuf,
    /// As it is in the file.
    text: String,
    /// In the order in which they were first seen.
    contents: Vec<Content>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Content {
    digest: String,
    next: u64,
    /// The numbers of the copies that are there, in the order of the mbox.
    copies: Vec<u64>,
}

impl Ids {
    /// What was remembered in that file; nothing if it is missing or damaged.
    pub(super) fn read(path: PathBuf) -> Self {
        let text = KIND.read(&path).unwrap_or_default();
        let contents = text.lines().filter_map(parse).collect();
        Self { path, text, contents }
    }

    /// Remembers it. When that fails, ids are at risk only in the cases that
    /// [`MboxMaildrops`](super::MboxMaildrops) tells of, so nobody is kept from their mail.
    pub(super) fn write(&mut self) {
        let text = render(&self.contents);
        if text != self.text {
            match KIND.write(&self.path, &text) {
                Ok(()) => self.text = text,
                Err(error) => {
                    tracing::warn!(path = %self.path.display(), %error, "ids are not remembered");
                }
            }
        }
    }

    /// The ids of the letters of an mbox: those that they had, new ones for new letters. Copies
    /// that are no longer there are forgotten; among identical ones, the last.
    pub(super) fn assign(&mut self, letters: &[Found]) -> Vec<UniqueId> {
        let mut known: HashMap<String, usize> = self
            .contents
            .iter()
            .enumerate()
            .map(|(index, content)| (content.digest.clone(), index))
            .collect();
        let mut seen = vec![0; self.contents.len()];
        let mut ids = Vec::with_capacity(letters.len());
        for letter in letters {
            let digest = hex(&letter.digest[..16]);
            let index = *known.entry(digest).or_insert_with_key(|digest| {
                let digest = digest.clone();
                self.contents.push(Content { digest, next: 1, copies: Vec::new() });
                seen.push(0);
                self.contents.len() - 1
            });
            let content = &mut self.contents[index];
            if seen[index] == content.copies.len() {
                content.copies.push(content.next);
                content.next += 1;
            }
            ids.push(unique_id(&content.digest, content.copies[seen[index]]));
            seen[index] += 1;
        }
        for (content, seen) in self.contents.iter_mut().zip(seen) {
            content.copies.truncate(seen);
        }
        ids
    }

    /// Notes that these letters are gone.
    pub(super) fn forget<'a>(&mut self, ids: impl Iterator<Item = &'a UniqueId>) {
        let gone: std::collections::HashSet<&UniqueId> = ids.collect();
        for Content { digest, copies, .. } in &mut self.contents {
            copies.retain(|copy| !gone.contains(&unique_id(digest, *copy)));
        }
    }
}

fn unique_id(digest: &str, copy: u64) -> UniqueId {
    let id = if copy == 1 { digest.to_owned() } else { format!("{digest}.{copy}") };
    UniqueId::new(id).expect("at most 32 digits, a dot and 20 digits")
}

fn parse(line: &str) -> Option<Content> {
    let mut words = line.split(' ');
    let digest = words.next().filter(|digest| digest.len() == 32)?.to_owned();
    let next = words.next()?.parse().ok()?;
    let copies = words.map(|copy| copy.parse().ok()).collect::<Option<_>>()?;
    Some(Content { digest, next, copies })
}

/// All that are there, and of those that are gone the last.
fn render(contents: &[Content]) -> String {
    let gone = contents.iter().filter(|content| content.copies.is_empty()).count();
    let mut forgotten = gone.saturating_sub(GONE);
    let mut text = String::new();
    for Content { digest, next, copies } in contents {
        if copies.is_empty() && forgotten > 0 {
            forgotten -= 1;
            continue;
        }
        let _ = write!(text, "{digest} {next}");
        for copy in copies {
            let _ = write!(text, " {copy}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use pop3_proto::Octets;

    fn letters(contents: &[u8]) -> Vec<Found> {
        let found = |content: &u8| Found {
            start: 0,
            content_end: 0,
            end: 0,
            octets: Octets(0),
            digest: [*content; 32],
        };
        contents.iter().map(found).collect()
    }

    /// The ids, as content and number of the copy.
    fn assign(path: &std::path::Path, contents: &[u8]) -> Vec<String> {
        let mut ids = Ids::read(path.to_owned());
        let assigned = ids.assign(&letters(contents));
        ids.write();
        assigned.iter().map(|id| id.to_string()[31..].to_owned()).collect()
    }

    fn remove(path: &std::path::Path, contents: &[u8], index: usize) {
        let mut ids = Ids::read(path.to_owned());
        let assigned = ids.assign(&letters(contents));
        ids.forget([&assigned[index]].into_iter());
        ids.write();
    }

    #[test]
    fn copies_keep_their_ids_when_an_earlier_one_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ids");
        assert_eq!(assign(&path, &[7, 8, 7, 7]), ["7", "8", "7.2", "7.3"]);
        remove(&path, &[7, 8, 7, 7], 0);
        assert_eq!(assign(&path, &[8, 7, 7]), ["8", "7.2", "7.3"]);
        remove(&path, &[8, 7, 7], 1);
        assert_eq!(assign(&path, &[8, 7]), ["8", "7.3"]);
    }

    #[test]
    fn an_id_is_not_used_again_when_the_same_letter_comes_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ids");
        assert_eq!(assign(&path, &[7]), ["7"]);
        assert_eq!(assign(&path, &[]), [""; 0]);
        assert_eq!(assign(&path, &[7]), ["7.2"]);
        remove(&path, &[7], 0);
        assert_eq!(assign(&path, &[7, 7]), ["7.3", "7.4"]);
    }

    #[test]
    fn without_notes_the_first_copies_keep_their_ids() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ids");
        let before = assign(&path, &[7, 8, 9, 9]);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(assign(&path, &[7, 8, 9, 9]), before);
    }

    #[test]
    fn the_notes_do_not_grow_for_ever() {
        let content = |n: usize, copies: &[u64]| Content {
            digest: format!("{n:032x}"),
            next: 2,
            copies: copies.to_vec(),
        };
        let mut contents = vec![content(0, &[1])];
        contents.extend((1..=GONE + 1).map(|n| content(n, &[])));
        let kept: Vec<_> = render(&contents).lines().filter_map(parse).collect();
        assert_eq!(kept.len(), GONE + 1);
        assert_eq!(kept[..2], [content(0, &[1]), content(2, &[])], "the oldest that is gone goes");
    }
}
