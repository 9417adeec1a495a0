//! File systems of one's own, which only the program sees: `/proc` shows them to the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pop3_tests::letters::{Letter, collect, lay_out};
use pop3_tests::pop3::{Serve, program};

use crate::{Line, demand, text};

/// 64 blocks, which the letters and then zeros fill; `$1` is where.
const FULL: &str = "mount -t tmpfs -o size=256k none \"$1\"\n\
    cp -R \"$1\"-before/. \"$1\"\n\
    dd if=/dev/zero of=\"$1\"/zeros bs=4k 2>/dev/null || true\n";

const READ_ONLY: &str = "mount --bind \"$1\" \"$1\"\nmount -o remount,ro,bind \"$1\"\n";

/// A program in a mount namespace that a shell prepares.
fn within(prepared: &str, mail: &Path) -> Command {
    let mut within = Command::new("unshare");
    within.args(["--mount", "sh", "-ec"]);
    within.arg(format!("{prepared}shift\nexec \"$@\"\n")).arg("sh").arg(mail).arg(program());
    within
}

fn letters() -> Vec<Letter> {
    let letter = |index| format!("Subject: {index}\n\n{}", format!("line {index}\n").repeat(50));
    let letters = (0..4).map(|index| Letter { name: String::new(), content: letter(index).into() });
    letters.collect()
}

fn serve(prepared: &str, mail: &Path, scratch: &Path) -> Result<(Serve, PathBuf), String> {
    let users = "mark:{PLAIN}swordfish\n";
    let listen = ["--listen", "127.0.0.1:0"];
    let server = Serve::start_with(mail, scratch, users, &listen, within(prepared, mail))?;
    let seen = format!("/proc/{}/root{}", server.process.pid().as_raw_nonzero(), mail.display());
    Ok((server, PathBuf::from(seen).join("mark")))
}

pub(crate) fn full() -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(text)?;
    let (mail, before) = (dir.path().join("mail"), dir.path().join("mail-before"));
    fs::create_dir(&mail).map_err(text)?;
    lay_out(&before.join("mark"), &letters()).map_err(text)?;
    let (server, mailbox) = serve(FULL, &mail, dir.path())?;
    let full = fs::write(mailbox.join("tmp/probe"), "x").is_err();
    demand(full, || "the disk is not full".into())?;
    fs::remove_file(mailbox.join("tmp/probe")).map_err(text)?;

    let (mut line, answer) = Line::log_in(server.address)?;
    demand(answer.starts_with("+OK"), || answer)?;
    for number in 1..=4 {
        let letter = line.ask_for_lines(&format!("RETR {number}"))?;
        demand(letter.len() == 52, || format!("{} lines", letter.len()))?;
    }
    line.ask("DELE 2")?;
    let answer = line.ask("QUIT")?;
    demand(answer.starts_with("+OK"), || answer)?;
    let there = collect(&mailbox).map_err(text)?;
    demand(there.len() == 3 && !there.contains(&letters()[1].content), || "it stays".into())?;
    server.stop()
}

pub(crate) fn full_for_a_delivery() -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(text)?;
    let (mail, before) = (dir.path().join("mail"), dir.path().join("mail-before"));
    fs::create_dir(&mail).map_err(text)?;
    lay_out(&before.join("mark"), &letters()).map_err(text)?;
    // What is left behind is shown by the shell, which alone sees it.
    let script = format!(
        "{FULL}status=0\n\"$2\" deliver --mail \"$1\" mark || status=$?\n\
         echo $status\ncat \"$1\"/mark/new/* | wc -c\nfind \"$1\"/mark -type f | wc -l\n"
    );
    let (letter, said) = (dir.path().join("letter"), dir.path().join("said"));
    fs::write(&letter, "Subject: large\n\nline\n".repeat(10_000)).map_err(text)?;
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-ec", &script, "sh"]).arg(&mail).arg(program());
    command.stdin(fs::File::open(letter).map_err(text)?);
    command.stderr(fs::File::create(&said).map_err(text)?);
    let output = command.output().map_err(text)?;
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let octets: usize = letters().iter().map(|letter| letter.content.len()).sum();
    let expected = format!("75\n{octets}\n4\n");
    demand(output == expected, || format!("{output:?} instead of {expected:?}"))?;
    let said = fs::read_to_string(said).map_err(text)?;
    demand(said.contains("No space left"), || said)
}

pub(crate) fn read_only() -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(text)?;
    let mail = dir.path().join("mail");
    lay_out(&mail.join("mark"), &letters()).map_err(text)?;
    let (server, mailbox) = serve(READ_ONLY, &mail, dir.path())?;
    for _ in 0..2 {
        let (_until_here, answer) = Line::log_in(server.address)?;
        demand(answer.starts_with("-ERR [SYS/TEMP]"), || answer)?;
    }
    let there = collect(&mailbox).map_err(text)?;
    demand(there.len() == 4, || format!("{} letters are there", there.len()))?;
    let said = server.process.said();
    demand(said.contains("Read-only file system"), || format!("the log says: {said}"))?;
    server.stop()
}
