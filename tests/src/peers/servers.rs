//! Other people's servers: our client collects from each.
//!
//! Both run from what is generated into a directory of their own, on loopback alone, and leave the
//! configuration of the system as it is.

use std::fs;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::geteuid;

use super::{Peer, dovecot};
use crate::compare::{LineEnds, stored_form, wire_form};
use crate::letters::Letter;
use crate::process::find;

/// A server that holds letters for user `mark`, password `swordfish`.
#[derive(Debug)]
pub struct Server {
    /// Its name and what it needs.
    pub peer: Peer,
    /// Starts it, with these letters, in that directory.
    pub start: fn(&[Letter], &Path) -> Result<Serving, String>,
}

impl Server {
    /// Why it cannot run here.
    #[must_use]
    pub fn missing(&self) -> Option<String> {
        let name = self.peer.name;
        self.peer
            .missing()
            .or_else(|| (!geteuid().is_root()).then(|| format!("{name} needs root")))
            .or_else(|| {
                let needed = self.peer.programs.contains(&"unshare");
                (needed && !can_have_a_system_of_its_own())
                    .then(|| format!("{name} needs mount namespaces"))
            })
    }
}

/// Containers may forbid it even to root.
fn can_have_a_system_of_its_own() -> bool {
    let tried = Command::new("unshare")
        .args(["--mount", "mount", "-t", "tmpfs", "none", "/mnt"])
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

/// All of them.
pub const SERVERS: [Server; 2] = [
    Server { peer: Peer::new("dovecot", &["dovecot"]), start: dovecot::start },
    Server { peer: Peer::new("popa3d", &["popa3d", "unshare", "mount"]), start: popa3d },
];

/// A server that runs until this is dropped.
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    _until_dropped: Box<dyn Send>,
}

impl Serving {
    pub(super) fn new(address: SocketAddr, until_dropped: impl Send + 'static) -> Self {
        Self { address, _until_dropped: Box::new(until_dropped) }
    }
}

/// A user of the system that owns nothing and may do nothing.
pub(super) const NOBODY: u32 = 65_534;

/// popa3d knows only the system's users and the system's mailboxes, so each of its sessions sees a
/// system of its own: in a mount namespace, generated files lie over `/etc/passwd`, `/etc/shadow`
/// and `/var/mail`, and nobody else sees them there.
const SYSTEM_OF_ITS_OWN: &str = "mount --bind passwd /etc/passwd\n\
    mount --bind shadow /etc/shadow\n\
    mount --bind mail /var/mail\n\
    mount -t tmpfs none /var/lib\n\
    mkdir /var/lib/popa3d\n\
    exec \"$0\"\n";

/// The users within it; the hash is of `swordfish`.
const PASSWD: &str = "root:x:0:0::/root:/bin/sh\n\
    popa3d:x:65533:65533::/:/usr/sbin/nologin\n\
    mark:x:65534:65534::/:/bin/sh\n";
const SHADOW: &str = "mark:$6$pop3tests$zeIT/eg3aB.7aEutsN4OLPA5b8pSmSgd7AG1hKiTItvrOffFwEcPXgbi8D/\
    QaHPRbSKvj2UtQP9/1HvJc2TID0:19000:0:99999:7:::\n";

/// Started for each connection, as by inetd.
fn popa3d(letters: &[Letter], directory: &Path) -> Result<Serving, String> {
    prepare_mbox(letters, directory).map_err(|error| error.to_string())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|e| e.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let stopping = Arc::new(AtomicBool::new(false));
    let (stop, directory) = (stopping.clone(), directory.to_owned());
    let listening = std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            if stop.load(Ordering::SeqCst) {
                return;
            }
            if let Err(error) = popa3d_session(stream, &directory) {
                eprintln!("popa3d: {error}");
            }
        }
    });
    let until_dropped = OnDrop(Some(Box::new(move || {
        stopping.store(true, Ordering::SeqCst);
        // Wakes the listener, which may also have gone.
        let _ = TcpStream::connect(address);
        let _ = listening.join();
    })));
    Ok(Serving::new(address, until_dropped))
}

fn popa3d_session(stream: TcpStream, directory: &Path) -> io::Result<()> {
    // It writes in small pieces, each of which would wait for the acknowledgement of the last.
    stream.set_nodelay(true)?;
    let output = OwnedFd::from(stream.try_clone()?);
    let mut popa3d = Command::new("unshare");
    popa3d.args(["--mount", "sh", "-ec", SYSTEM_OF_ITS_OWN]);
    popa3d.arg(find("popa3d").unwrap_or_default()).current_dir(directory);
    let status = popa3d.stdin(OwnedFd::from(stream)).stdout(output).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
}

/// An mbox as a delivering program writes it: Unix line ends, a separator line before each letter,
/// a blank line behind it, and lines that look like separators quoted.
fn prepare_mbox(letters: &[Letter], directory: &Path) -> io::Result<()> {
    let mail = directory.join("mail");
    fs::create_dir(&mail)?;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
    fs::write(directory.join("passwd"), PASSWD)?;
    fs::write(directory.join("shadow"), SHADOW)?;

    let path = mail.join("mark");
    let mut mbox = io::BufWriter::new(fs::File::create_new(&path)?);
    for letter in letters {
        writeln!(mbox, "From mary@example.org Wed Oct  1 12:00:00 2025")?;
        let stored = stored_form(&wire_form(&letter.content), LineEnds::Unix);
        mbox.write_all(&quote_from(&stored))?;
        writeln!(mbox)?;
    }
    mbox.flush()?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    chown(&path, Some(NOBODY), Some(NOBODY))
}

/// Puts `>` before every line that an mbox would take for a separator.
#[must_use]
pub fn quote_from(letter: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(letter.len());
    for line in letter.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b"From ") {
            quoted.push(b'>');
        }
        quoted.extend_from_slice(line);
    }
    quoted
}

/// Does something when it is dropped.
struct OnDrop(Option<Box<dyn FnOnce() + Send>>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(last) = self.0.take() {
            last();
        }
    }
}
