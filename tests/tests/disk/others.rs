//! Letters that others own, take away or replace.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use pop3_tests::letters::{Letter, collect, lay_out};
use pop3_tests::pop3::{Serve, program};

use crate::{Line, demand, text};

/// A user of the system that owns nothing and may do nothing.
const NOBODY: u32 = 65_534;

fn letters(count: usize) -> Vec<Letter> {
    let letter = |index| format!("Subject: {index}\n\n{}", format!("line {index}\n").repeat(50));
    let letters =
        (0..count).map(|index| Letter { name: String::new(), content: letter(index).into() });
    letters.collect()
}

/// The letters' files, in order.
fn files(mailbox: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(mailbox.join("new")).map_err(text)?.flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

pub(crate) fn unreadable() -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(text)?;
    let mail = dir.path().join("mail");
    let mailbox = mail.join("mark");
    lay_out(&mailbox, &letters(3)).map_err(text)?;
    let files = files(&mailbox)?;
    // The program's directory may be closed to others.
    let copy = dir.path().join("pop3");
    fs::copy(program(), &copy).map_err(text)?;
    for path in [dir.path(), &mail, &copy] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(text)?;
    }
    let parts = ["", "tmp", "new", "cur"].map(|part| mailbox.join(part));
    for path in parts.iter().chain([&files[0], &files[2]]) {
        chown(path, Some(NOBODY), Some(NOBODY)).map_err(text)?;
    }
    fs::set_permissions(&files[1], fs::Permissions::from_mode(0o600)).map_err(text)?;

    let mut nobody = Command::new("setpriv");
    nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&copy);
    let users = "mark:{PLAIN}swordfish\n";
    let server = Serve::start_with(&mail, dir.path(), users, &["--listen", "127.0.0.1:0"], nobody)?;
    let (mut line, answer) = Line::log_in(server.address)?;
    demand(answer.starts_with("+OK"), || answer)?;
    demand(line.ask_for_lines("UIDL")?.len() == 2, || "not two letters".into())?;
    for number in 1..=2 {
        line.ask_for_lines(&format!("RETR {number}"))?;
        line.ask(&format!("DELE {number}"))?;
    }
    let answer = line.ask("QUIT")?;
    demand(answer.starts_with("+OK"), || answer)?;
    let there = collect(&mailbox).map_err(text)?;
    demand(there == [letters(3)[1].content.clone()], || "another letter is there".into())?;

    // A directory that may not be read must not look like an empty mailbox.
    chown(&parts[2], Some(0), Some(0)).map_err(text)?;
    fs::set_permissions(&parts[2], fs::Permissions::from_mode(0o700)).map_err(text)?;
    let (line, answer) = Line::log_in(server.address)?;
    drop(line);
    demand(answer.starts_with("-ERR [SYS/TEMP]"), || answer)?;
    server.stop()
}

pub(crate) fn taken_away() -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(text)?;
    let mail = dir.path().join("mail");
    let mailbox = mail.join("mark");
    lay_out(&mailbox, &letters(4)).map_err(text)?;
    let server = Serve::start(&mail, dir.path())?;
    let files = files(&mailbox)?;
    let (mut line, answer) = Line::log_in(server.address)?;
    demand(answer.starts_with("+OK"), || answer)?;

    fs::remove_file(&files[0]).map_err(text)?;
    fs::write(mailbox.join("tmp/other"), "Subject: other\n\nother\n").map_err(text)?;
    fs::rename(mailbox.join("tmp/other"), &files[1]).map_err(text)?;
    let outside = dir.path().join("outside");
    fs::write(&outside, "precious\n").map_err(text)?;
    fs::remove_file(&files[2]).map_err(text)?;
    std::os::unix::fs::symlink(&outside, &files[2]).map_err(text)?;

    for number in [1, 3] {
        let answer = line.ask(&format!("RETR {number}"))?;
        demand(answer.starts_with("-ERR"), || format!("RETR {number}: {answer}"))?;
    }
    let other = line.ask_for_lines("RETR 2")?;
    demand(other == ["Subject: other\r\n", "\r\n", "other\r\n"], || format!("{other:?}"))?;
    demand(line.ask_for_lines("RETR 4")?.len() == 52, || "the last letter is torn".into())?;
    for number in 1..=3 {
        line.ask(&format!("DELE {number}"))?;
    }
    let answer = line.ask("QUIT")?;
    demand(answer.starts_with("+OK"), || answer)?;
    demand(collect(&mailbox).map_err(text)? == [letters(4)[3].content.clone()], || {
        "other letters are there".into()
    })?;
    demand(fs::read(outside).map_err(text)? == b"precious\n", || "a link was followed".into())?;
    server.stop()
}
