//! Courier, from a Maildir.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::authority::Authority;
use super::office::{Maildrop, NOBODY, Office, USER};
use super::system::{self, HASH, SERVICE};
use crate::process::{Running, find, free_address};

/// The program that tells where it is installed.
pub(super) const PROGRAM: &str = "couriertcpd";

const PATIENCE: Duration = Duration::from_secs(30);

/// The key of `swordfish` for CRAM-MD5, as `userdbpw -hmac-md5` makes it.
const HMAC_MD5: &str = "3b3a4a23cac46be9350ea24c77c01de98568c73b90c28fcbf710189af792eb61";

/// Who knows the users listens below `/run`. Then, one after the other: the server in TLS, and the
/// one in clear text. `$0` is the directory that everything is installed in, `$1` and `$2` are the
/// ports.
const DAEMONS: &str = "mount --bind run /run\n\
    root=$0\n\
    \"$root\"/lib/courier/courier-authlib/authdaemond &\n\
    until [ -S /run/courier/authdaemon/socket ]; do sleep 0.01; done\n\
    listen() {\n\
      port=$1; shift\n\
      exec \"$root\"/sbin/couriertcpd -address=127.0.0.1 -maxprocs=1000 -maxperip=1000 \
        -nodnslookup -noidentlookup \"$port\" \"$@\" \
        \"$root\"/lib/courier/courier/courierpop3login \
        \"$root\"/lib/courier/courier/courierpop3d Maildir\n\
    }\n\
    (export POP3_TLS=1; listen \"$2\" \"$COURIERTLS\" -server -tcpd) &\n\
    export POP3_STARTTLS=YES\n\
    listen \"$1\" &\n\
    wait $!\n";

/// With STLS and a port in TLS; USER, LOGIN, PLAIN and CRAM-MD5. Who comes with a wrong password
/// waits five seconds, which is built into it.
pub(super) fn open(directory: &Path, authority: &Authority) -> Result<Office, String> {
    let failed = |error: io::Error| error.to_string();
    let root = root();
    system::furnish(directory).map_err(failed)?;
    fs::create_dir_all(directory.join("run/courier/authdaemon")).map_err(failed)?;
    let maildrop = Maildrop::maildir(directory.join("home/Maildir")).map_err(failed)?;
    let certificate = certificate(directory, authority).map_err(failed)?;
    make_users(directory, &root)?;

    let (clear, tls) = (free_address().map_err(failed)?, free_address().map_err(failed)?);
    let mut courier = system::shell_of_a_daemon(directory, DAEMONS);
    courier.arg(&root).args([clear, tls].map(|address| address.port().to_string()));
    let libraries = ["lib", "lib/courier-authlib"].map(|folder| root.join(folder));
    let libraries = std::env::join_paths(libraries).map_err(|error| error.to_string())?;
    courier
        .env("LD_LIBRARY_PATH", libraries)
        .env("COURIERTLS", root.join("bin/couriertls"))
        .env("TLS_CERTFILE", certificate)
        .env("TLS_VERIFYPEER", "NONE")
        .env("POP3AUTH", "LOGIN PLAIN CRAM-MD5")
        .env("POP3AUTH_TLS", "LOGIN PLAIN CRAM-MD5")
        .stdout(Stdio::null());
    let mut running = Running::start("courier", &mut courier, directory)?;
    for address in [clear, tls] {
        running.wait_until_it_listens(address, PATIENCE)?;
    }
    Ok(Office::new(clear, maildrop, running).with_tls(tls, authority))
}

/// `usr`, wherever it is: above `sbin`.
fn root() -> PathBuf {
    let program = find(PROGRAM).unwrap_or_default();
    program.ancestors().nth(2).unwrap_or(Path::new("/")).to_owned()
}

/// Certificate and key in one file, for a program that has given up being root.
fn certificate(directory: &Path, authority: &Authority) -> io::Result<PathBuf> {
    let path = directory.join("pop3d.pem");
    let both = [fs::read(&authority.server)?, fs::read(&authority.server_key)?].concat();
    fs::write(&path, both)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    chown(&path, Some(SERVICE), Some(SERVICE))?;
    Ok(path)
}

/// Its list of users: what is told of each, and apart from that what is not.
fn make_users(directory: &Path, root: &Path) -> Result<(), String> {
    let courier = directory.join("etc/courier");
    let (home, told) = (directory.join("home"), "authmodulelist=\"authuserdb\"\ndaemons=5\n");
    fs::create_dir(&courier)
        .and_then(|()| fs::write(courier.join("authdaemonrc"), told))
        .map_err(|error| error.to_string())?;
    let user =
        format!("uid={NOBODY}|gid={NOBODY}|home={home}|mail={home}/Maildir", home = home.display());
    let secrets = format!("systempw={HASH}|hmac-md5pw={HMAC_MD5}");
    for (name, record) in [("userdb.dat", user), ("userdbshadow.dat", secrets)] {
        let file = courier.join(name);
        make_database(root, &file, &record).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(())
}

fn make_database(root: &Path, file: &Path, record: &str) -> io::Result<()> {
    let mut make = Command::new(root.join("lib/courier/courier-authlib/makedatprog"));
    make.arg("-").arg(file.with_extension("tmp")).arg(file);
    let mut making = make.stdin(Stdio::piped()).spawn()?;
    if let Some(mut input) = making.stdin.take() {
        writeln!(input, "{USER}\t{record}\n.")?;
    }
    let status = making.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
}
