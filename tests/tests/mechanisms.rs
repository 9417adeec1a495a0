//! Each mechanism logs our client in to our server, in TLS, and nobody who cannot prove it.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use pop3_blocking::{Client, Endpoint, Options, Server, Stop};
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::{Authenticator, Certificates, Door, Guests, LoginRefused, Service};
use pop3_proto::auth::Credentials;
use pop3_proto::auth::sasl::{ScramHash, ScramKeys};
use pop3_proto::client::exchange::{Account, Method};
use pop3_proto::tls::{ClientTls, ServerTls};
use pop3_proto::{Secret, Text, UserName};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

const PASSWORD: &str = "swordfish";
const TOKEN: &str = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

fn mark() -> UserName {
    UserName::new("mark").unwrap()
}

/// Knows one token, and lets everybody else in as the memory store does.
struct Tokens(Arc<MemoryMaildrops>);

impl Authenticator for Tokens {
    fn authenticate(&self, credentials: &Credentials) -> Result<UserName, LoginRefused> {
        match credentials {
            Credentials::Token { user, token, .. } => {
                let right = token.expose() == TOKEN.as_bytes() && *user == Some(mark());
                right.then(mark).ok_or(LoginRefused::Credentials)
            }
            others => self.0.authenticate(others),
        }
    }

    fn mechanisms(&self) -> Vec<&'static str> {
        let mut mechanisms = self.0.mechanisms();
        mechanisms.extend(["OAUTHBEARER", "XOAUTH2"]);
        mechanisms
    }

    fn scram_keys(
        &self,
        user: &UserName,
        hash: ScramHash,
    ) -> Result<Option<ScramKeys>, LoginRefused> {
        self.0.scram_keys(user, hash)
    }
}

/// A server in TLS with one letter for mark, that takes every mechanism.
struct Office {
    endpoint: Endpoint,
    options: Options,
    stop: Stop,
    running: Option<JoinHandle<std::io::Result<()>>>,
}

impl Office {
    /// Clients show a certificate for this name.
    fn open(shown: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = parameters.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(parameters, key);
        let signed = |name: &str| {
            let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            parameters.distinguished_name.push(DnType::CommonName, name);
            let key = KeyPair::generate().unwrap();
            (parameters.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
        };

        let letters = Arc::new(MemoryMaildrops::new());
        letters.add_user(mark(), Secret::new(PASSWORD).unwrap());
        letters.deliver(&mark(), "Subject: one\n\n").unwrap();
        let users = Guests::new(Certificates::new(Tokens(letters.clone())), mark());
        let mut service = Service::new(Arc::new(users), letters);
        service.config_mut().failed_login_delay = Duration::from_millis(1);
        let (certificate, key) = signed("localhost");
        let tls = ServerTls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        service.set_tls(tls.with_client_roots_pem(authority.as_bytes()).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut server = Server::with_listeners(vec![], service).unwrap();
        server.add_listener(listener, Door::PLAIN).unwrap();
        let stop = server.stop();
        let running = Some(std::thread::spawn(|| server.run()));

        let (certificate, key) = signed(shown);
        let tls = ClientTls::with_roots_pem(authority.as_bytes()).unwrap();
        let tls = tls.with_client_certificate(certificate.as_bytes(), key.as_bytes()).unwrap();
        let mut options = Options::default();
        options.tls = Some(tls);
        Self { endpoint: Endpoint::new("localhost", port).unwrap(), options, stop, running }
    }

    fn client(&self) -> Client {
        let client = Client::connect_with(self.endpoint.clone(), &self.options).unwrap();
        assert!(client.is_in_tls());
        client
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.stop.stop();
        self.stop.cut();
        if let Some(running) = self.running.take() {
            let ended = running.join().is_ok_and(|ended| ended.is_ok());
            assert!(ended || std::thread::panicking());
        }
    }
}

/// The account that a method is for, with this secret.
fn account(method: Method, secret: &str) -> Account {
    let (user, secret) = (mark(), Secret::new(secret).unwrap());
    match method {
        Method::OAuthBearer | Method::XOAuth2 => {
            Account::Token { user, token: secret, server: ("localhost".to_owned(), 110) }
        }
        Method::External => Account::Certificate { user: None },
        Method::Anonymous => Account::Anonymous { trace: Text::literal("guest@example.org") },
        _ => Account::Password { user, password: secret },
    }
}

/// By this method and by no other: in where the secret is the right one, and in no other case.
fn logs_in(method: Method) {
    let office = Office::open("mark");
    let secret = match method {
        Method::OAuthBearer | Method::XOAuth2 => TOKEN,
        _ => PASSWORD,
    };
    let client = office.client();
    let listed = client.capabilities().unwrap().sasl_mechanisms().any(|name| name == method.name());
    assert!(listed, "{method} is not offered");
    let mut session = client.login_by(account(method, secret), &[method]).unwrap();
    assert_eq!(session.method(), method);
    assert_eq!(session.stat().unwrap().messages, 1);
    session.quit().unwrap();

    let refused = match method {
        Method::Anonymous => return,
        Method::External => {
            let office = Office::open("nobody");
            office.client().login_by(account(method, secret), &[method]).map(drop)
        }
        _ => office.client().login_by(account(method, "wrong"), &[method]).map(drop),
    };
    let refused = refused.unwrap_err();
    assert!(refused.error.refusal().is_some(), "{method}: {refused:?}");
}

#[test]
fn plain_logs_in() {
    logs_in(Method::Plain);
}

#[test]
fn login_logs_in() {
    logs_in(Method::Login);
}

#[test]
fn cram_md5_logs_in() {
    logs_in(Method::CramMd5);
}

#[test]
fn scram_sha_1_logs_in() {
    logs_in(Method::Scram(ScramHash::Sha1));
}

#[test]
fn scram_sha_256_logs_in() {
    logs_in(Method::Scram(ScramHash::Sha256));
}

#[test]
fn scram_sha_512_logs_in() {
    logs_in(Method::Scram(ScramHash::Sha512));
}

#[test]
fn scram_sha_1_plus_logs_in() {
    logs_in(Method::ScramPlus(ScramHash::Sha1));
}

#[test]
fn scram_sha_256_plus_logs_in() {
    logs_in(Method::ScramPlus(ScramHash::Sha256));
}

#[test]
fn scram_sha_512_plus_logs_in() {
    logs_in(Method::ScramPlus(ScramHash::Sha512));
}

#[test]
fn oauthbearer_logs_in() {
    logs_in(Method::OAuthBearer);
}

#[test]
fn xoauth2_logs_in() {
    logs_in(Method::XOAuth2);
}

#[test]
fn external_logs_in() {
    logs_in(Method::External);
}

#[test]
fn anonymous_logs_in() {
    logs_in(Method::Anonymous);
}
