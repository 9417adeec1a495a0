//! Other people's clients: each collects a maildrop from our server.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use pop3_proto::auth::sasl::ScramHash;
use pop3_proto::client::exchange::Method;

use super::Peer;
use super::login::{Login, Security};
use crate::compare::LineEnds;
use crate::process::{find, run};

/// How long a peer may take for anything.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a client is to do: collect so many letters for user `mark` into `directory/new`, a file
/// each.
#[derive(Debug)]
pub struct Errand<'a> {
    /// The server, which is `localhost`.
    pub server: SocketAddr,
    /// How to log in.
    pub login: Login<'a>,
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
    /// How it is called, where that is more than its name.
    pub called: &'static str,
    /// Which line ends it stores.
    pub line_ends: LineEnds,
    /// The ways to log in that it has and our server, too.
    pub methods: &'static [Method],
    /// Collects.
    pub collect: fn(&Errand<'_>) -> Result<(), String>,
}

/// All of them.
pub const CLIENTS: [Client; 4] = [
    Client {
        peer: Peer::new("curl", &["curl"]),
        called: "curl",
        line_ends: LineEnds::Wire,
        // Debian builds it without a library for SCRAM.
        methods: &[
            Method::CramMd5,
            Method::Apop,
            Method::OAuthBearer,
            Method::XOAuth2,
            Method::External,
            Method::Plain,
            Method::Login,
            Method::User,
        ],
        collect: curl,
    },
    Client {
        peer: Peer::new("poplib", &["python3"]),
        called: "poplib",
        line_ends: LineEnds::Wire,
        methods: &[Method::Apop, Method::User],
        collect: poplib,
    },
    Client {
        peer: Peer::new("fetchmail", &["fetchmail"]),
        called: "fetchmail",
        line_ends: LineEnds::Wire,
        methods: &[Method::CramMd5, Method::Apop, Method::User],
        collect: fetchmail,
    },
    Client {
        peer: Peer::new("mpop", &["mpop"]),
        called: "mpop",
        line_ends: LineEnds::Unix,
        methods: &[
            Method::Scram(ScramHash::Sha256),
            Method::Scram(ScramHash::Sha1),
            Method::CramMd5,
            Method::Apop,
            Method::OAuthBearer,
            Method::XOAuth2,
            Method::External,
            Method::Plain,
            Method::Login,
            Method::User,
        ],
        collect: mpop,
    },
];

/// curl where it begins with an initial response, which it does not by itself.
pub const CURL_AT_ONCE: Client = Client {
    called: "curl --sasl-ir",
    methods: &[
        Method::OAuthBearer,
        Method::XOAuth2,
        Method::External,
        Method::Plain,
        Method::Login,
    ],
    collect: curl_at_once,
    ..CLIENTS[0]
};

/// One run over one connection; curl has no notion of a maildrop, so it is told the numbers.
fn curl(errand: &Errand<'_>) -> Result<(), String> {
    call_curl(errand, &[])
}

fn curl_at_once(errand: &Errand<'_>) -> Result<(), String> {
    call_curl(errand, &["--sasl-ir"])
}

fn call_curl(errand: &Errand<'_>, options: &[&str]) -> Result<(), String> {
    let (login, port) = (errand.login, errand.server.port());
    let scheme = if login.security == Security::Implicit { "pop3s" } else { "pop3" };
    let url = format!("{scheme}://localhost:{port}/[1-{}]", errand.letters);
    let output = errand.maildir.join("new/#1");
    let mut curl = Command::new("curl");
    curl.args(["--disable", "--silent", "--show-error", "--fail-early"]).args(options);
    match login.method {
        Some(Method::OAuthBearer | Method::XOAuth2) => {
            curl.args(["--user", "mark:", "--oauth2-bearer", login.secret]);
        }
        _ => {
            curl.arg("--user").arg(format!("mark:{}", login.secret));
        }
    }
    match login.method {
        // It does that when there is nothing else.
        None | Some(Method::User) => {}
        Some(Method::Apop) => _ = curl.args(["--login-options", "AUTH=+APOP"]),
        Some(method) => {
            curl.arg("--login-options").arg(format!("AUTH={}", method.name()));
        }
    }
    if let Some(authority) = login.trusted() {
        curl.arg("--ssl-reqd").arg("--cacert").arg(&authority.root);
        if login.method == Some(Method::External) {
            curl.arg("--cert").arg(&authority.client).arg("--key").arg(&authority.client_key);
        }
    }
    errand.run(curl.arg("--output").arg(output).arg(url))
}

/// The whole of a session in Python's own words.
fn poplib(errand: &Errand<'_>) -> Result<(), String> {
    let script = errand.file("collect.py", include_str!("poplib_collect.py"), 0o600)?;
    let login = errand.login;
    let security = match login.security {
        Security::Clear => "clear",
        Security::Stls => "stls",
        Security::Implicit => "implicit",
    };
    let method = if login.method == Some(Method::Apop) { "apop" } else { "user" };
    let mut python = Command::new("python3");
    python.arg(script).arg(errand.server.port().to_string()).arg(errand.maildir.join("new"));
    python
        .args([security, method, login.secret])
        .args(login.trusted().map(|authority| &authority.root));
    errand.run(&mut python)
}

/// Each letter goes to a shell that puts it into a file of its own.
fn fetchmail(errand: &Errand<'_>) -> Result<(), String> {
    let new = errand.maildir.join("new");
    let mda = format!("#!/bin/sh\nexec cat > \"$(mktemp -p '{}' letter.XXXXXX)\"\n", new.display());
    let mda = errand.file("mda", &mda, 0o700)?;
    let login = errand.login;
    let (protocol, auth) = match login.method {
        None => ("pop3", "any"),
        Some(Method::Apop) => ("apop", "any"),
        Some(Method::User) => ("pop3", "password"),
        Some(_) => ("pop3", "cram-md5"),
    };
    let security = match login.trusted() {
        None => "sslproto ''".to_owned(),
        Some(authority) => {
            let begin = if login.security == Security::Implicit { "ssl " } else { "" };
            format!(
                "{begin}sslproto 'tls1.2+' sslcertck sslcertfile '{}'",
                authority.root.display()
            )
        }
    };
    let rc = format!(
        "set no bouncemail\nset invisible\n\
         poll localhost service {} protocol {protocol} auth {auth} timeout 60\n  \
         user mark password '{}' is mark here\n  \
         fetchall keep no rewrite no mimedecode no stripcr no dropstatus pass8bits {security}\n  \
         mda '{}'\n",
        errand.server.port(),
        login.secret,
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
    let login = errand.login;
    let auth = login.method.unwrap_or(Method::User).name().to_ascii_lowercase();
    let mut security = "tls off\n".to_owned();
    if let Some(authority) = login.trusted() {
        let starttls = if login.security == Security::Stls { "on" } else { "off" };
        let root = authority.root.display();
        security = format!("tls on\ntls_starttls {starttls}\ntls_trust_file {root}\n");
        if login.method == Some(Method::External) {
            let (client, key) = (authority.client.display(), authority.client_key.display());
            security += &format!("tls_cert_file {client}\ntls_key_file {key}\n");
        }
    }
    let password = match login.secret {
        "" => String::new(),
        // A line of its configuration has 500 characters at most, a token may have more.
        secret => {
            let secret = errand.file("secret", secret, 0o600)?;
            format!("passwordeval cat {}\n", secret.display())
        }
    };
    let rc = format!(
        "account default\nhost localhost\nport {}\nuser mark\n{password}auth {auth}\n{security}\
         keep on\nreceived_header off\nuidls_file {}\ndelivery maildir {}\n",
        errand.server.port(),
        errand.scratch.join("uidls").display(),
        errand.maildir.display()
    );
    let rc = errand.file("mpoprc", &rc, 0o600)?;
    let mut mpop = Command::new("mpop");
    errand.run(mpop.arg("--file").arg(rc).args(["--quiet"]))
}
