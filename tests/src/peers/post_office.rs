//! The whole picture: a letter goes in by SMTP and comes out by POP3.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::geteuid;

use super::Peer;
use crate::compare::{LineEnds, stored_form, wire_form};
use crate::letters::collect;
use crate::pop3::{Serve, fetch_all, program};
use crate::process::{Running, find, free_address, wait_for};

const PATIENCE: Duration = Duration::from_secs(30);
const EXIM: Peer = Peer::new("exim", &["exim4"]);

/// Whom exim runs and delivers as. It refuses to deliver as root.
const NOBODY: u32 = 65_534;

/// A letter that a careless program would change on its way.
const LETTER: &str = "From: Mary <mary@example.org>\r\nTo: mark@example.org\r\n\
    Date: Wed, 1 Oct 2025 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\
    Subject: by SMTP and POP3\r\n\r\n\
    .\r\n..\r\n.one dot\r\nFrom a line\r\n\r\n8-bit: \u{e9}\u{20ac}\r\n  spaces  \r\nend\r\n";

/// Why it cannot run here.
#[must_use]
pub fn missing() -> Option<String> {
    EXIM.missing().or_else(|| (!geteuid().is_root()).then(|| "exim needs root".to_owned()))
}

/// Nobody is logged in; exim takes a letter and hands it to `pop3 deliver`; then it is collected.
///
/// # Errors
/// When it does not arrive as it was sent.
pub fn a_letter_arrives() -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mail = dir.path().join("mail");
    let (exim, address) = exim(&mail, dir.path())?;
    let trouble = |what| format!("{what}\n{}\n{}", exim.said(), log(dir.path()));
    send(address, LETTER).map_err(trouble)?;

    let new = mail.join("mark/new");
    let delivered = wait_for("the delivery", PATIENCE, || {
        fs::read_dir(&new).ok().and_then(|mut letters| letters.next())
    });
    delivered.map_err(trouble)?.map_err(|error| error.to_string())?;

    let inbox = dir.path().join("inbox");
    let server = Serve::start(&mail, dir.path())?;
    fetch_all(server.address, &inbox, dir.path())?;
    server.stop()?;

    let arrived = collect(&inbox).map_err(|error| error.to_string())?;
    let [arrived] = &arrived[..] else { return Err(format!("{} letters arrived", arrived.len())) };
    let expected = stored_form(&wire_form(LETTER.as_bytes()), LineEnds::Unix);
    if without_trace(arrived) == Some(&expected[..]) {
        Ok(())
    } else {
        Err(format!("sent \"{}\", arrived \"{}\"", expected.escape_ascii(), arrived.escape_ascii()))
    }
}

/// The letter without the trace that every MTA leaves on top of it (RFC 5321, section 4.4), one
/// `Received:` field, which must be there.
fn without_trace(letter: &[u8]) -> Option<&[u8]> {
    let mut rest = letter.strip_prefix(b"Received: ")?;
    loop {
        let end = rest.iter().position(|octet| *octet == b'\n')?;
        rest = &rest[end + 1..];
        if !rest.starts_with(b" ") && !rest.starts_with(b"\t") {
            return Some(rest);
        }
    }
}

/// Exim on a free port, with everything that it writes in this directory.
fn exim(mail: &Path, directory: &Path) -> Result<(Running, SocketAddr), String> {
    let address = free_address().map_err(|error| error.to_string())?;
    let (here, port, pop3) = (directory.display(), address.port(), program().display());
    let config = format!(
        "primary_hostname = post.example.org\nlocal_interfaces = 127.0.0.1\n\
         daemon_smtp_ports = {port}\nspool_directory = {here}/exim/spool\n\
         log_file_path = {here}/exim/%slog\npid_file_path = {here}/exim/pid\n\
         exim_user = {NOBODY}\nexim_group = {NOBODY}\nkeep_environment =\ntls_advertise_hosts =\nqueue_only = false\n\
         acl_smtp_rcpt = rcpt\n\
         begin acl\nrcpt:\n  accept\n\
         begin routers\nlocal:\n  driver = accept\n  local_parts = mark\n  transport = maildrop\n\
         begin transports\nmaildrop:\n  driver = pipe\n  user = {NOBODY}\n  group = {NOBODY}\n  \
         command = {pop3} deliver --mail {mail} mark\n  \
         message_prefix =\n  message_suffix =\n  log_output\n  return_fail_output\n\
         begin retry\n*  *  F,1m,1s\n",
        mail = mail.display()
    );
    let file = directory.join("exim.conf");
    let written = fs::write(&file, config)
        .and_then(|()| fs::set_permissions(directory, fs::Permissions::from_mode(0o755)))
        .and_then(|()| fs::create_dir(mail))
        .and_then(|()| chown(mail, Some(NOBODY), Some(NOBODY)))
        .and_then(|()| fs::create_dir(directory.join("exim")))
        .and_then(|()| chown(directory.join("exim"), Some(NOBODY), Some(NOBODY)));
    written.map_err(|error| error.to_string())?;

    let mut exim = Command::new(find("exim4").unwrap_or_default());
    exim.arg("-C").arg(file).args(["-bdf", "-q1m"]).stdout(Stdio::null());
    let mut running = Running::start("exim", &mut exim, directory)?;
    running.end_gently();
    running
        .wait_until_it_listens(address, PATIENCE)
        .map_err(|error| format!("{error}\n{}", log(directory)))?;
    Ok((running, address))
}

fn log(directory: &Path) -> String {
    ["exim/mainlog", "exim/paniclog"]
        .map(|name| fs::read_to_string(directory.join(name)).unwrap_or_default())
        .join("\n")
}

/// Hands a letter over by SMTP.
fn send(to: SocketAddr, letter: &str) -> Result<(), String> {
    let stream = TcpStream::connect(to).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
    let mut stream = BufReader::new(stream);
    let stuffed = letter.replace("\r\n.", "\r\n..");
    let said = [
        ("", "220"),
        ("EHLO localhost\r\n", "250"),
        ("MAIL FROM:<mary@example.org> BODY=8BITMIME\r\n", "250"),
        ("RCPT TO:<mark@example.org>\r\n", "250"),
        ("DATA\r\n", "354"),
        (&format!("{stuffed}.\r\n"), "250"),
        ("QUIT\r\n", "221"),
    ];
    for (line, code) in said {
        stream.get_mut().write_all(line.as_bytes()).map_err(|error| error.to_string())?;
        let mut reply = String::new();
        // A reply goes on for as long as a hyphen stands behind its code.
        while reply.is_empty() || reply.as_bytes().get(3) == Some(&b'-') {
            reply.clear();
            stream.read_line(&mut reply).map_err(|error| error.to_string())?;
        }
        if !reply.starts_with(code) {
            return Err(format!("{line:?} is answered {reply:?}"));
        }
    }
    Ok(())
}
