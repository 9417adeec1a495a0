//! Dovecot, as plain as it gets and with everything that it has.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use pop3_proto::auth::sasl::ScramHash;
use pop3_proto::client::exchange::Method;

use super::authority::Authority;
use super::introspection::Introspection;
use super::servers::{NOBODY, Serving};
use crate::letters::{Letter, lay_out};
use crate::process::{Running, find, free_address};

/// How long it may take to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything that it has and our client, too.
pub const METHODS: &[Method] = &[
    Method::Scram(ScramHash::Sha256),
    Method::Scram(ScramHash::Sha1),
    Method::CramMd5,
    Method::Apop,
    Method::OAuthBearer,
    Method::XOAuth2,
    Method::External,
    Method::Anonymous,
    Method::Plain,
    Method::Login,
    Method::User,
];

/// In clear text, with what logs in by name and password.
pub(super) fn start(letters: &[Letter], directory: &Path) -> Result<Serving, String> {
    let address = free_address().map_err(|error| error.to_string())?;
    let running = run(letters, directory, address, 0, "ssl = no\n")?;
    Ok(Serving::new(address, running))
}

/// One that has it all, in clear text, by STLS and in TLS from the start.
#[derive(Debug)]
pub struct Dovecot {
    /// Where it speaks clear text, and TLS after STLS.
    pub address: SocketAddr,
    /// Where it speaks TLS from the start.
    pub tls_address: SocketAddr,
    _running: Running,
    _introspection: Introspection,
}

impl Dovecot {
    /// Starts it, with these letters, in that directory.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(
        letters: &[Letter],
        directory: &Path,
        authority: &Authority,
    ) -> Result<Self, String> {
        let failed = |error: io::Error| error.to_string();
        let (address, tls_address) =
            (free_address().map_err(failed)?, free_address().map_err(failed)?);
        let introspection = Introspection::start().map_err(failed)?;
        let oauth2 = directory.join("oauth2.conf");
        let content = format!(
            "introspection_mode = post\nintrospection_url = http://{}/\n\
             active_attribute = active\nactive_value = true\nusername_attribute = username\n",
            introspection.address
        );
        fs::write(&oauth2, content).map_err(failed)?;
        let sasl: Vec<_> = METHODS.iter().map(|method| method.name()).collect();
        let sasl = sasl.join(" ").replace(" USER", "").to_ascii_lowercase();
        let (server, key, root) = (&authority.server, &authority.server_key, &authority.root);
        let further = format!(
            "ssl = yes\nssl_cert = <{}\nssl_key = <{}\nssl_ca = <{}\nssl_require_crl = no\n\
             ssl_verify_client_cert = yes\nauth_ssl_username_from_cert = yes\n\
             auth_mechanisms = {sasl}\nauth_anonymous_username = mark\n\
             mail_max_userip_connections = 1000\nauth_failure_delay = 0\n\
             service anvil {{\n unix_listener anvil-auth-penalty {{\n  mode = 0\n }}\n}}\n\
             passdb {{\n driver = static\n mechanisms = external\n args = nopassword=y\n}}\n\
             passdb {{\n driver = oauth2\n mechanisms = oauthbearer xoauth2\n args = {}\n}}\n",
            server.display(),
            key.display(),
            root.display(),
            oauth2.display()
        );
        let running = run(letters, directory, address, tls_address.port(), &further)?;
        Ok(Self { address, tls_address, _running: running, _introspection: introspection })
    }
}

fn run(
    letters: &[Letter],
    directory: &Path,
    address: SocketAddr,
    tls_port: u16,
    further: &str,
) -> Result<Running, String> {
    prepare_maildir(letters, directory).map_err(|error| error.to_string())?;
    let (here, port) = (directory.display(), address.port());
    let config = format!(
        "protocols = pop3\nlisten = 127.0.0.1\ndisable_plaintext_auth = no\n\
         instance_name = pop3-tests\nbase_dir = {here}/run\nstate_dir = {here}/state\n\
         log_path = /dev/stderr\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n\
         mail_location = maildir:{here}/mail/%u\n{further}\
         passdb {{\n driver = passwd-file\n args = scheme=plain {here}/users\n}}\n\
         userdb {{\n driver = static\n args = uid={NOBODY} gid={NOBODY} home={here}\n}}\n\
         service pop3-login {{\n inet_listener pop3 {{\n  port = {port}\n }}\n \
         inet_listener pop3s {{\n  port = {tls_port}\n  ssl = yes\n }}\n}}\n"
    );
    let file = directory.join("dovecot.conf");
    let written = fs::write(directory.join("users"), "mark:swordfish\n")
        .and_then(|()| fs::write(&file, config));
    written.map_err(|error| error.to_string())?;

    let mut dovecot = Command::new(find("dovecot").unwrap_or_default());
    dovecot.arg("-F").arg("-c").arg(file).stdout(Stdio::null());
    let mut running = Running::start("dovecot", &mut dovecot, directory)?;
    running.end_gently();
    running.wait_until_it_listens(address, PATIENCE)?;
    Ok(running)
}

/// A Maildir that belongs to nobody, in a directory where nobody can reach it.
fn prepare_maildir(letters: &[Letter], directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
    let maildir = directory.join("mail/mark");
    lay_out(&maildir, letters)?;
    for folder in ["", "tmp", "new", "cur"] {
        chown(maildir.join(folder), Some(NOBODY), Some(NOBODY))?;
    }
    for file in fs::read_dir(maildir.join("new"))? {
        chown(file?.path(), Some(NOBODY), Some(NOBODY))?;
    }
    Ok(())
}
