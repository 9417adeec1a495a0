//! Other people's clients: each collects a maildrop from our server.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Peer;
use crate::compare::LineEnds;
use crate::process::{find, run};

/// How long a peer may take for anything.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a client is to do: collect so many letters for user `mark`, password `swordfish`, into
/// `directory/new`, a file each.
#[derive(Debug)]
pub struct Errand<'a> {
    /// The server.
    pub server: SocketAddr,
    /// How many letters there are.
    pub letters: usize,
    /// Where `tmp`, `new` and `cur` are.
    pub maildir: &'a Path,
    /// For whatever else the client needs.
    pub scratch: &'a Path,
}

impl Errand<'_> {
    /// Writes a file that only its owner may read, as some clients demand.
    fn file(&self, name: &str, content: &str, mode: u32) -> Result<PathBuf, String> {
        let path = self.scratch.join(name);
        fs::write(&path, content)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(mode)))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    fn run(&self, command: &mut Command) -> Result<(), String> {
        run(command, self.scratch, PATIENCE)
    }
}

/// A client that collects.
#[derive(Debug)]
pub struct Client {
    /// Its name and what it needs.
    pub peer: Peer,
    /// Which line ends it stores.
    pub line_ends: LineEnds,
    /// Collects.
    pub collect: fn(&Errand<'_>) -> Result<(), String>,
}

/// All of them.
pub const CLIENTS: [Client; 4] = [
    Client { peer: Peer::new("curl", &["curl"]), line_ends: LineEnds::Wire, collect: curl },
    Client { peer: Peer::new("poplib", &["python3"]), line_ends: LineEnds::Wire, collect: poplib },
    Client {
        peer: Peer::new("fetchmail", &["fetchmail"]),
        line_ends: LineEnds::Wire,
        collect: fetchmail,
    },
    Client { peer: Peer::new("mpop", &["mpop"]), line_ends: LineEnds::Unix, collect: mpop },
];

/// One run over one connection; curl has no notion of a maildrop, so it is told the numbers.
fn curl(errand: &Errand<'_>) -> Result<(), String> {
    let url = format!("pop3://{}/[1-{}]", errand.server, errand.letters);
    let output = errand.maildir.join("new/#1");
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail-early", "--user", "mark:swordfish"]);
    errand.run(curl.arg("--output").arg(output).arg(url))
}

/// The whole of a session in Python's own words.
fn poplib(errand: &Errand<'_>) -> Result<(), String> {
    let script = errand.file("collect.py", include_str!("poplib_collect.py"), 0o600)?;
    let mut python = Command::new("python3");
    python.arg(script).arg(errand.server.port().to_string()).arg(errand.maildir.join("new"));
    errand.run(&mut python)
}

/// Each letter goes to a shell that puts it into a file of its own.
fn fetchmail(errand: &Errand<'_>) -> Result<(), String> {
    let new = errand.maildir.join("new");
    let mda = format!("#!/bin/sh\nexec cat > \"$(mktemp -p '{}' letter.XXXXXX)\"\n", new.display());
    let mda = errand.file("mda", &mda, 0o700)?;
    let rc = format!(
        "set no bouncemail\nset invisible\npoll 127.0.0.1 service {} protocol pop3 timeout 60\n  \
         user mark password swordfish is mark here\n  \
         fetchall keep no rewrite no mimedecode no stripcr no dropstatus pass8bits sslproto ''\n  \
         mda '{}'\n",
        errand.server.port(),
        mda.display()
    );
    let rc = errand.file("fetchmailrc", &rc, 0o600)?;
    let mut fetchmail = Command::new(find("fetchmail").unwrap_or_default());
    fetchmail.env("FETCHMAILHOME", errand.scratch).env("LC_ALL", "C");
    fetchmail.arg("--fetchmailrc").arg(rc).arg("--pidfile").arg(errand.scratch.join("pid"));
    errand.run(fetchmail.args(["--nodetach", "--nosyslog", "--invisible"]))
}

/// Into a Maildir.
fn mpop(errand: &Errand<'_>) -> Result<(), String> {
    let rc = format!(
        "account default\nhost 127.0.0.1\nport {}\nuser mark\npassword swordfish\nauth user\n\
         tls off\nkeep on\nreceived_header off\nuidls_file {}\ndelivery maildir {}\n",
        errand.server.port(),
        errand.scratch.join("uidls").display(),
        errand.maildir.display()
    );
    let rc = errand.file("mpoprc", &rc, 0o600)?;
    let mut mpop = Command::new("mpop");
    errand.run(mpop.arg("--file").arg(rc).args(["--quiet"]))
}
