//! Dovecot with everything that it has.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use pop3_proto::auth::sasl::ScramHash;
use pop3_proto::client::exchange::Method;

use super::authority::Authority;
use super::introspection;
use super::office::{Maildrop, NOBODY, Office, PASSWORD, USER};
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

/// In clear text, by STLS and in TLS from the start.
pub(super) fn open(directory: &Path, authority: &Authority) -> Result<Office, String> {
    let failed = |error: io::Error| error.to_string();
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    let maildrop = Maildrop::maildir(directory.join("mail").join(USER)).map_err(failed)?;
    let (clear, tls) = (free_address().map_err(failed)?, free_address().map_err(failed)?);
    let introspection = introspection::start().map_err(failed)?;
    let config = config(directory, authority, [clear, tls]);
    let file = directory.join("dovecot.conf");
    fs::write(directory.join("users"), format!("{USER}:{PASSWORD}\n")).map_err(failed)?;
    fs::write(directory.join("oauth2.conf"), oauth2(introspection.address)).map_err(failed)?;
    fs::write(&file, config).map_err(failed)?;

    let mut dovecot = Command::new(find("dovecot").unwrap_or_default());
    dovecot.arg("-F").arg("-c").arg(file).stdout(Stdio::null());
    let mut running = Running::start("dovecot", &mut dovecot, directory)?;
    running.end_gently();
    running.wait_until_it_listens(clear, PATIENCE)?;
    Ok(Office::new(clear, maildrop, (running, introspection)).with_tls(tls, authority))
}

fn oauth2(introspection: SocketAddr) -> String {
    format!(
        "introspection_mode = post\nintrospection_url = http://{introspection}/\n\
         active_attribute = active\nactive_value = true\nusername_attribute = username\n"
    )
}

/// Nobody waits for having come with a wrong password, or for who came from the same address.
fn config(directory: &Path, authority: &Authority, [clear, tls]: [SocketAddr; 2]) -> String {
    let here = directory.display();
    let sasl: Vec<_> = METHODS.iter().map(|method| method.name()).collect();
    let sasl = sasl.join(" ").replace(" USER", "").to_ascii_lowercase();
    let (server, key, root) =
        (authority.server.display(), authority.server_key.display(), authority.root.display());
    let (clear, tls) = (clear.port(), tls.port());
    format!(
        "protocols = pop3\nlisten = 127.0.0.1\ndisable_plaintext_auth = no\n\
         instance_name = pop3-tests\nbase_dir = {here}/run\nstate_dir = {here}/state\n\
         log_path = /dev/stderr\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n\
         mail_location = maildir:{here}/mail/%u\n\
         ssl = yes\nssl_cert = <{server}\nssl_key = <{key}\nssl_ca = <{root}\n\
         ssl_require_crl = no\nssl_verify_client_cert = yes\nauth_ssl_username_from_cert = yes\n\
         auth_mechanisms = {sasl}\nauth_anonymous_username = {USER}\n\
         mail_max_userip_connections = 1000\nauth_failure_delay = 0\n\
         service anvil {{\n unix_listener anvil-auth-penalty {{\n  mode = 0\n }}\n}}\n\
         passdb {{\n driver = static\n mechanisms = external\n args = nopassword=y\n}}\n\
         passdb {{\n driver = oauth2\n mechanisms = oauthbearer xoauth2\n \
         args = {here}/oauth2.conf\n}}\n\
         passdb {{\n driver = passwd-file\n args = scheme=plain {here}/users\n}}\n\
         userdb {{\n driver = static\n args = uid={NOBODY} gid={NOBODY} home={here}\n}}\n\
         service pop3-login {{\n process_limit = 1000\n \
         inet_listener pop3 {{\n  port = {clear}\n }}\n \
         inet_listener pop3s {{\n  port = {tls}\n  ssl = yes\n }}\n}}\n"
    )
}
