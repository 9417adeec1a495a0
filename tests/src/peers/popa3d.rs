//! popa3d, started for each connection, as by inetd.

use std::fs;
use std::io;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::path::Path;

use super::accepting::Accepting;
use super::authority::Authority;
use super::office::{Maildrop, Office, USER};
use super::system;
use crate::process::find;

/// It knows only the mailboxes of the system.
const SESSION: &str = "mount --bind mail /var/mail\nmount --bind lib /var/lib\nexec \"$0\"\n";

/// It has no TLS.
pub(super) fn open(directory: &Path, _: &Authority) -> Result<Office, String> {
    let failed = |error: io::Error| error.to_string();
    system::furnish(directory).map_err(failed)?;
    fs::create_dir_all(directory.join("lib/popa3d")).map_err(failed)?;
    let maildrop = Maildrop::mbox(directory.join("mail").join(USER)).map_err(failed)?;
    let here = directory.to_owned();
    let accepting = Accepting::start(move |stream| {
        let here = here.clone();
        std::thread::spawn(move || {
            if let Err(error) = session(stream, &here) {
                eprintln!("popa3d: {error}");
            }
        });
    });
    let accepting = accepting.map_err(failed)?;
    Ok(Office::new(accepting.address, maildrop, accepting))
}

fn session(stream: TcpStream, directory: &Path) -> io::Result<()> {
    // It writes in small pieces, each of which would wait for the acknowledgement of the last.
    stream.set_nodelay(true)?;
    let output = OwnedFd::from(stream.try_clone()?);
    let mut popa3d = system::shell(directory, SESSION);
    popa3d.arg(find("popa3d").unwrap_or_default());
    let mut running = popa3d.stdin(OwnedFd::from(stream)).stdout(output).spawn()?;
    // This side's copies of the connection would keep it open.
    drop(popa3d);
    // Whether the client was content is not asked here.
    running.wait().map(drop)
}
