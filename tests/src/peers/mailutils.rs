//! The POP3 server of GNU Mailutils, from an mbox.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::authority::Authority;
use super::office::{Maildrop, Office, PASSWORD, USER};
use super::system;
use crate::process::{Running, find, free_address, run};

/// The program that this server's packages alone have: others' servers are called `pop3d`, too.
pub(super) const PROGRAM: &str = "popauth";

const PATIENCE: Duration = Duration::from_secs(30);

/// With STLS and a port in TLS; USER and APOP.
pub(super) fn open(directory: &Path, authority: &Authority) -> Result<Office, String> {
    let failed = |error: io::Error| error.to_string();
    system::furnish(directory).map_err(failed)?;
    let maildrop = Maildrop::mbox(directory.join("mail").join(USER)).map_err(failed)?;
    let (clear, tls) = (free_address().map_err(failed)?, free_address().map_err(failed)?);
    let (here, config) = (directory.display(), directory.join("pop3d.conf"));
    let content = format!(
        "mode daemon;\nforeground yes;\nmax-children 1000;\nlogging {{ syslog no; }}\n\
         mailbox {{ mailbox-pattern \"mbox:{here}/mail/${{user}}\"; }}\n\
         auth {{\n authentication clear;\n authentication generic:system;\n \
         authorization clear;\n authorization system;\n}}\n\
         apop-database-file \"{here}/apop.db\";\napop-database-safety none;\n\
         tcp-wrappers {{ enable no; }}\n\
         tls {{\n ssl-certificate-file {};\n ssl-key-file {};\n}}\n\
         tls-file-checks {{ key-file none; cert-file none; }}\n\
         server {clear} {{ tls-mode ondemand; }}\nserver {tls} {{ tls-mode connection; }}\n",
        authority.server.display(),
        authority.server_key.display()
    );
    fs::write(&config, content).map_err(failed)?;
    make_apop_database(directory)?;

    let mut pop3d =
        system::shell_of_a_daemon(directory, "\"$0\" --config-file=pop3d.conf &\nwait $!\n");
    pop3d.arg(daemon()).stdout(Stdio::null());
    let mut running = Running::start("mailutils", &mut pop3d, directory)?;
    for address in [clear, tls] {
        running.wait_until_it_listens(address, PATIENCE)?;
    }
    Ok(Office::new(clear, maildrop, running).with_tls(tls, authority))
}

/// What users share with the server for APOP. A record that is made with the database itself is not
/// found afterwards; one that is added is.
fn make_apop_database(directory: &Path) -> Result<(), String> {
    let popauth = || {
        let mut popauth = Command::new(find(PROGRAM).unwrap_or_default());
        popauth.current_dir(directory);
        popauth
    };
    let mut create = popauth();
    create.args(["--create", "--file=/dev/null", "--output=apop.db"]);
    run(&mut create, directory, PATIENCE)?;
    let mut add = popauth();
    add.args(["--add", "--file=apop.db", "--user", USER, "--password", PASSWORD]);
    run(&mut add, directory, PATIENCE)
}

/// Beside `bin/popauth`.
fn daemon() -> PathBuf {
    let popauth = find(PROGRAM).unwrap_or_default();
    popauth.parent().unwrap_or(Path::new("/")).join("../sbin/pop3d")
}
