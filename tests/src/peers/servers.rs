//! Other people's servers: our client collects from each, and each is judged.
//!
//! All run from what is generated into a directory of their own, on loopback alone, and leave the
//! configuration of the system as it is. Those that refuse to be installed beside each other are
//! found where they are unpacked, too: wherever their programs are on the path.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::geteuid;

use super::authority::Authority;
use super::office::Office;
use super::system::{self, MOUNT, UNSHARE};
use super::{Peer, courier, dovecot, mailutils, popa3d};
use crate::process::find;

/// A server that has one user, [`USER`](super::office::USER).
#[derive(Debug)]
pub struct Server {
    /// Its name and what it needs.
    pub peer: Peer,
    /// Which package of Debian it comes in.
    pub package: &'static str,
    /// Whether it has TLS, by STLS and from the start.
    pub has_tls: bool,
    open: fn(&Path, &Authority) -> Result<Office, String>,
}

/// Dovecot.
pub const DOVECOT: Server = Server {
    peer: Peer::new("dovecot", &["dovecot"]),
    package: "dovecot-pop3d",
    has_tls: true,
    open: dovecot::open,
};

/// All of them.
pub const SERVERS: [Server; 4] = [
    DOVECOT,
    Server {
        peer: Peer::new("courier", &[courier::PROGRAM, "couriertls", UNSHARE, MOUNT]),
        package: "courier-pop",
        has_tls: true,
        open: courier::open,
    },
    Server {
        peer: Peer::new("mailutils", &[mailutils::PROGRAM, UNSHARE, MOUNT]),
        package: "mailutils-pop3d",
        has_tls: true,
        open: mailutils::open,
    },
    Server {
        peer: Peer::new("popa3d", &["popa3d", UNSHARE, MOUNT]),
        package: "popa3d",
        has_tls: false,
        open: popa3d::open,
    },
];

impl Server {
    /// Why it cannot run here.
    #[must_use]
    pub fn missing(&self) -> Option<String> {
        let name = self.peer.name;
        self.peer
            .missing()
            .or_else(|| (!geteuid().is_root()).then(|| format!("{name} needs root")))
            .or_else(|| {
                let needed = self.peer.programs.contains(&UNSHARE);
                (needed && !system::can_be_had()).then(|| format!("{name} needs mount namespaces"))
            })
    }

    /// Starts it with an empty maildrop, in that directory, which everybody may pass through to
    /// reach it and which must outlive it. Its certificate is signed by that authority.
    ///
    /// # Errors
    /// When it does not start.
    pub fn open(&self, directory: &Path, authority: &Authority) -> Result<Office, String> {
        (self.open)(directory, authority)
    }

    /// The version of its package: of the one that is unpacked where its program was found, or else
    /// of the one that is installed.
    ///
    /// # Errors
    /// When there is neither.
    pub fn version(&self) -> Result<String, String> {
        let (mut ask, name) = match self.unpacked() {
            Some(package) => {
                let mut ask = Command::new("dpkg-deb");
                ask.arg("--field").arg(package).arg("Version");
                (ask, "dpkg-deb")
            }
            None => {
                let mut ask = Command::new("dpkg-query");
                ask.args(["--show", "--showformat=${Version}", self.package]);
                (ask, "dpkg-query")
            }
        };
        let output = ask.output().map_err(|error| format!("{name}: {error}"))?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() && !version.is_empty() {
            Ok(version)
        } else {
            let error = String::from_utf8_lossy(&output.stderr);
            Err(format!("{}: no version: {}", self.peer.name, error.trim()))
        }
    }

    /// The package that lies where it was unpacked: beside `usr`, which has `bin` or `sbin`.
    fn unpacked(&self) -> Option<PathBuf> {
        let program = find(self.peer.programs.first()?)?;
        let files = program.ancestors().nth(3)?.read_dir().ok()?.flatten();
        files.map(|file| file.path()).find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.strip_prefix(self.package).is_some_and(|rest| rest.starts_with('_'))
                && name.ends_with(".deb")
        })
    }
}
