//! 200,000 letters.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use pop3_maildrop::Maildrop;
use pop3_maildrop::mbox::Mbox;
use pop3_tests::letters::lay_out;
use pop3_tests::pop3::Serve;
use pop3_tests::tell;
use rustix::process::{Pid, getpid};

use crate::{Line, demand, text};

const LETTERS: usize = 200_000;

/// What a login may take, on a slow machine that does other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the program may hold: 1 KiB a letter and 32 MiB.
const MOST: u64 = 232 << 10;

/// The most memory that a process has held so far, in KiB.
fn peak(process: Pid) -> Result<u64, String> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.as_raw_nonzero()));
    let status = status.map_err(text)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    line.trim().trim_end_matches(" kB").parse().map_err(text)
}

pub(crate) fn maildir() -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(text)?;
    let mail = dir.path().join("mail");
    let mailbox = mail.join("mark");
    lay_out(&mailbox, &[]).map_err(text)?;
    // Many names of few files: where a disk is told of each block that is free again, to remove so many
    // files takes a quarter of an hour.
    let path = |index| mailbox.join(format!("new/{}.M0P1Q{index}.example", 1_700_000_000 + index));
    for index in 0..LETTERS {
        match index % 10_000 {
            0 => fs::write(path(index), "Subject: x\n\nbody\n").map_err(text)?,
            further => fs::hard_link(path(index - further), path(index)).map_err(text)?,
        }
    }
    let server = Serve::start(&mail, dir.path())?;
    // Sizes are counted at the first login and known at the second.
    for login in ["first", "second"] {
        let start = Instant::now();
        let (mut line, answer) = Line::log_in(server.address)?;
        let logged_in = start.elapsed();
        demand(answer.starts_with("+OK"), || answer)?;
        let stat = line.ask("STAT")?;
        demand(stat == format!("+OK {LETTERS} {}\r\n", LETTERS * 20), || stat)?;
        for command in ["LIST", "UIDL"] {
            let lines = line.ask_for_lines(command)?.len();
            demand(lines == LETTERS, || format!("{command}: {lines} lines"))?;
        }
        let (all, peak) = (start.elapsed(), peak(server.process.pid())?);
        tell(&format!(
            "Maildir of {LETTERS}, {login} login: {logged_in:.1?}, with STAT, LIST, UIDL {all:.1?}; \
             {peak} KiB"
        ));
        demand(all < PATIENCE && peak < MOST, || "that is too much".into())?;
        line.ask("QUIT")?;
    }
    server.stop()
}

/// By the library: `pop3 serve` serves Maildirs.
pub(crate) fn mbox() -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(text)?;
    let path = dir.path().join("mark");
    write_mbox(&path).map_err(text)?;
    let before = peak(getpid())?;
    for login in ["first", "second"] {
        let start = Instant::now();
        let mbox = Mbox::open(&path).map_err(|error| format!("{error:?}"))?;
        let took = start.elapsed();
        demand(mbox.messages().len() == LETTERS, || "letters are missing".into())?;
        let held = peak(getpid())? - before;
        tell(&format!("mbox of {LETTERS}, {login} login: {took:.1?}; {held} KiB more"));
        demand(took < PATIENCE && held < MOST, || "that is too much".into())?;
    }
    Ok(())
}

fn write_mbox(path: &Path) -> std::io::Result<()> {
    let mut mbox = BufWriter::new(File::create_new(path)?);
    for index in 0..LETTERS {
        writeln!(
            mbox,
            "From mary@example.org Wed Oct  1 12:00:00 2025\nSubject: {index}\n\nbody\n"
        )?;
    }
    mbox.flush()
}
