//! The program `pop3`, built once a run.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::process::{Running, run};

/// How long the server may take to be ready, or to end when asked.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the program is. It is built for release: what is measured and killed here is what people
/// run.
///
/// # Panics
/// When it cannot be built.
#[must_use]
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../pop3-cli/Cargo.toml");
        let build = escargot::CargoBuild::new().manifest_path(manifest).bin("pop3").release();
        build.run().expect("pop3 builds").path().to_owned()
    })
}

/// `pop3 serve` with user `mark`, password `swordfish`.
#[derive(Debug)]
pub struct Serve {
    /// Where it listens.
    pub address: SocketAddr,
    /// The process.
    pub process: Running,
}

impl Serve {
    /// Serves the Maildirs below `mail`; what else it needs lies in `scratch`.
    ///
    /// # Errors
    /// When it does not begin to listen.
    pub fn start(mail: &Path, scratch: &Path) -> Result<Self, String> {
        let listen = ["--listen", "127.0.0.1:0"];
        Self::start_with(mail, scratch, "mark:{PLAIN}swordfish\n", &listen, Command::new(program()))
    }

    /// The same with this users' file and these options, by a command that begins the program.
    ///
    /// # Errors
    /// When it does not begin to listen.
    pub fn start_with(
        mail: &Path,
        scratch: &Path,
        users: &str,
        options: &[&str],
        mut serve: Command,
    ) -> Result<Self, String> {
        let file = scratch.join("users");
        fs::write(&file, users).map_err(|error| error.to_string())?;
        serve.arg("serve").arg("--mail").arg(mail).arg("--users").arg(file).args(options);
        serve.stdout(Stdio::piped());
        let mut process = Running::start("serve", &mut serve, scratch)?;
        let line = process.first_line(PATIENCE)?;
        let address = line.strip_prefix("listening on ").and_then(|line| line.parse().ok());
        let address = address.ok_or_else(|| format!("serve says {line:?}"))?;
        Ok(Self { address, process })
    }

    /// Asks it to stop, and waits for that.
    ///
    /// # Errors
    /// When it does not stop, or fails.
    pub fn stop(mut self) -> Result<(), String> {
        self.process.ask_to_end();
        let status = self.process.wait(PATIENCE)?;
        if status.success() { Ok(()) } else { Err(format!("serve: {status}")) }
    }
}

/// `pop3 fetch` from a server, as user `mark`, password `swordfish`, into a Maildir.
#[must_use]
pub fn fetch(from: SocketAddr, to: &Path) -> Command {
    let mut fetch = Command::new(program());
    fetch.arg("fetch").arg(format!("pop3://mark@{from}")).arg("--to").arg(to);
    fetch.arg("--quiet").env("POP3_PASSWORD", "swordfish");
    fetch
}

/// As [`fetch`], to its end.
///
/// # Errors
/// When it fails.
pub fn fetch_all(from: SocketAddr, to: &Path, scratch: &Path) -> Result<(), String> {
    run(&mut fetch(from, to), scratch, Duration::from_secs(300))
}
