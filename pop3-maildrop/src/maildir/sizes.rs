//! How large the letters are, asked of the letters themselves as seldom as possible.

use std::collections::HashMap;
use std::fmt::Write;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use pop3_proto::multiline::Counter;
use pop3_proto::{MessageInfo, Octets, UniqueId};

use super::folder::Folder;
use super::name;
use crate::notes::Kind;

/// The file beside the letters: a line `<octets> <unique-id>` for each.
const NOTES: &str = "pop3-sizes";
const KIND: Kind = Kind("pop3-sizes 2");

/// The folder's messages with their sizes. Letters that vanish or may not be read leave the folder.
pub(super) fn measure_all(root: &Path, folder: &mut Folder) -> io::Result<Vec<MessageInfo>> {
    let path = root.join(NOTES);
    let noted = KIND.read(&path).unwrap_or_default();
    let noted: HashMap<&str, Octets> = noted.lines().filter_map(parse).collect();

    let mut messages = Vec::new();
    let mut keep = Vec::new();
    let mut news = false;
    for (index, unique) in folder.unique_names().iter().enumerate() {
        let unique_id = name::unique_id(unique);
        let octets = match unique_id.as_str().and_then(|id| noted.get(id)) {
            Some(octets) => Some(*octets),
            None => {
                news = true;
                measure_new(folder, index, unique, &unique_id)?
            }
        };
        keep.push(octets.is_some());
        messages.extend(octets.map(|octets| MessageInfo { octets, unique_id }));
    }
    folder.retain(&keep);

    let changed = news || noted.len() != messages.len();
    if changed && let Err(error) = KIND.write(&path, &render(&messages)) {
        tracing::warn!(path = %path.display(), %error, "sizes are not remembered");
    }
    Ok(messages)
}

fn parse(line: &str) -> Option<(&str, Octets)> {
    let (octets, unique_id) = line.split_once(' ')?;
    Some((unique_id, Octets(octets.parse().ok()?)))
}

fn render(messages: &[MessageInfo]) -> String {
    messages.iter().fold(String::new(), |mut text, MessageInfo { octets, unique_id }| {
        // As it is: what is shown of it has its backslashes doubled.
        if let Some(unique_id) = unique_id.as_str() {
            let _ = writeln!(text, "{octets} {unique_id}");
        }
        text
    })
}

/// The size of a letter that is not in the notes; none when it is gone or withheld.
fn measure_new(
    folder: &Folder,
    index: usize,
    unique: &[u8],
    unique_id: &UniqueId,
) -> io::Result<Option<Octets>> {
    match folder.open(index).and_then(|file| measure(&file, name::crlf_size(unique))) {
        Ok(octets) => Ok(Some(octets)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        // Anything else (too many open files, a failing disk) must not look like an empty Maildir.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            tracing::warn!(%unique_id, "a letter is left out: it may not be read");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The octets that [`Counter`] counts over the letter, with the help of what its name says.
fn measure(file: &File, in_name: Option<u64>) -> io::Result<Octets> {
    let length = file.metadata()?.len();
    match in_name {
        // As many octets are added as there are lines; a name that says else is wrong.
        Some(size) if length > 0 && (length..=length.saturating_mul(2)).contains(&size) => {
            let mut last = [0];
            file.read_exact_at(&mut last, length - 1)?;
            let supplied = if last == *b"\n" { 0 } else { 2 };
            Ok(Octets(size.saturating_add(supplied)))
        }
        _ => count(file),
    }
}

fn count(mut file: &File) -> io::Result<Octets> {
    let mut counter = Counter::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(counter.finish()),
            Ok(read) => counter.push(&buffer[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
