//! `pop3 serve` and `pop3 deliver` on disks that are full or read-only, with letters that nobody may
//! read or that somebody else takes away, and with very many of them.
//!
//! What needs root, or a mount namespace, is ignored by name where it cannot be had.

mod many;
mod mounted;
mod others;

use std::fmt::Display;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};
use pop3_tests::peers::trial_unless;
use pop3_tests::process::find;
use rustix::process::geteuid;

/// A client's end of a session, in octets.
struct Line(BufReader<TcpStream>);

impl Line {
    /// Logs in; what the server answers to the password comes with it.
    fn log_in(server: SocketAddr) -> Result<(Self, String), String> {
        let socket = TcpStream::connect(server).map_err(text)?;
        socket.set_read_timeout(Some(Duration::from_secs(120))).map_err(text)?;
        let mut line = Self(BufReader::new(socket));
        line.read()?;
        line.ask("USER mark")?;
        let answer = line.ask("PASS swordfish")?;
        Ok((line, answer))
    }

    fn read(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.0.read_line(&mut line).map_err(text)?;
        Ok(line)
    }

    fn ask(&mut self, command: &str) -> Result<String, String> {
        self.0.get_mut().write_all(format!("{command}\r\n").as_bytes()).map_err(text)?;
        self.read()
    }

    /// A reply of several lines, which must come.
    fn ask_for_lines(&mut self, command: &str) -> Result<Vec<String>, String> {
        let status = self.ask(command)?;
        demand(status.starts_with("+OK"), || format!("{command}: {status}"))?;
        let mut lines = Vec::new();
        loop {
            let line = self.read()?;
            match &*line {
                ".\r\n" => return Ok(lines),
                "" => return Err(format!("{command}: cut off")),
                _ => lines.push(line),
            }
        }
    }
}

fn demand(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn text(error: impl Display) -> String {
    error.to_string()
}

/// Why there is no file system of one's own here.
fn no_mounts() -> Option<String> {
    let tried = Command::new("unshare")
        .args(["--mount", "mount", "-t", "tmpfs", "none", "/mnt"])
        .stderr(Stdio::null())
        .status();
    let may = tried.is_ok_and(|status| status.success());
    (!may).then(|| "needs root and mount namespaces".into())
}

/// Why nobody else's rights can be taken here.
fn no_other_user() -> Option<String> {
    let may = geteuid().is_root() && find("setpriv").is_some();
    (!may).then(|| "needs root and setpriv".into())
}

fn main() {
    let trials = vec![
        trial_unless(no_mounts(), "on a full disk letters are read and removed", mounted::full),
        trial_unless(
            no_mounts(),
            "on a full disk a delivery fails and leaves nothing",
            mounted::full_for_a_delivery,
        ),
        trial_unless(
            no_mounts(),
            "on a read-only disk a login fails for now and nothing is lost",
            mounted::read_only,
        ),
        trial_unless(
            no_other_user(),
            "a letter that may not be read is left out and stays",
            others::unreadable,
        ),
        Trial::test("a letter that is removed or replaced in mid-session harms no other", || {
            Ok(others::taken_away()?)
        }),
        Trial::test("a Maildir of 200,000 letters", || Ok(many::maildir()?))
            .with_ignored_flag(true),
        Trial::test("an mbox of 200,000 letters", || Ok(many::mbox()?)).with_ignored_flag(true),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
