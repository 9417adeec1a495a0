//! TLS, and what it takes to log in.

use std::fs;

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::office::Office;

const LETTER: &[u8] = b"Subject: secret\n\nhello\n";

fn encrypted(arguments: &[&str]) -> Office {
    let tls = ["--listen-tls", "127.0.0.1:0", "--self-signed=ca.pem"];
    let office = Office::open_with(&[&tls, arguments].concat());
    office.deliver(LETTER);
    office
}

impl Office {
    fn urls(&self) -> [String; 2] {
        let port = |address: &str| address.rsplit(':').next().unwrap().to_owned();
        let stls = port(&self.address);
        let implicit = port(self.tls_address.as_ref().unwrap());
        [format!("pop3://mark@localhost:{stls}"), format!("pop3s://mark@localhost:{implicit}")]
    }
}

#[test]
fn mail_is_listed_and_fetched_in_tls() {
    let office = encrypted(&[]);
    for (url, to) in office.urls().iter().zip(["by-stls", "implicit"]) {
        let list = office.client_at(url, "list", &["--ca", "ca.pem", "--log", "info"]);
        let outcome = list.run();
        assert_eq!((outcome.code, outcome.out.contains("secret")), (Some(0), true), "{outcome:?}");
        assert!(outcome.err.contains("SCRAM-SHA-512-PLUS"), "{outcome:?}");
        assert!(outcome.err.contains("in TLS"), "{outcome:?}");
        office.client_at(url, "fetch", &["--ca", "ca.pem", "--to", to]).run().ok();
        assert_eq!(office.files(&format!("{to}/new"))[0].1, LETTER);
    }
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_with_advice() {
    let office = encrypted(&[]);
    for url in office.urls() {
        let error = office.client_at(&url, "list", &[]).run().fails(3);
        assert!(
            error.contains("signed by nobody who is trusted") && error.contains("--ca"),
            "{error}"
        );
    }
    let wrong_name = office.urls()[0].replace("localhost", "127.0.0.2");
    let error = office.client_at(&wrong_name, "list", &["--ca", "ca.pem"]).run().fails(3);
    assert!(!error.is_empty());
}

#[test]
fn a_server_without_tls_is_an_error_where_tls_was_asked_for() {
    let office = Office::open();
    let error = office.client("list", &["--tls", "starttls"]).run().fails(3);
    assert!(error.contains("STLS") && error.contains("--tls none"), "{error}");
    let error = office.client("list", &["--tls", "implicit"]).run().fails(3);
    assert!(error.contains("clear text"), "{error}");
    office.client("list", &["--tls", "none"]).run().ok();
    office.client("list", &[]).run().ok();
}

#[test]
fn each_mechanism_logs_in_and_only_where_it_may() {
    let office = encrypted(&["--apop", "--sasl", "SCRAM-SHA-256,CRAM-MD5"]);
    let [stls, _] = office.urls();
    for auth in ["scram-sha-256-plus", "SCRAM-SHA-256", "CRAM-MD5", "APOP"] {
        office.client_at(&stls, "list", &["--ca", "ca.pem", "--auth", auth]).run().ok();
    }
    for auth in ["PLAIN", "EXTERNAL", "SCRAM-SHA-1"] {
        let run = office.client_at(&stls, "list", &["--ca", "ca.pem", "--auth", auth]).run();
        assert!(run.fails(4).contains(auth), "{auth}");
    }
    let office = encrypted(&["--sasl", "none"]);
    let [stls, _] = office.urls();
    office.client_at(&stls, "list", &["--ca", "ca.pem", "--auth", "user"]).run().ok();
}

#[test]
fn guests_come_in_by_anonymous_if_they_are_wanted() {
    let office = Office::open_with(&["--anonymous", "mark"]);
    office.deliver(LETTER);
    let url = format!("pop://;AUTH=ANONYMOUS@{}", office.address);
    let listed = office.pop3(&["list", &url]).run();
    assert!(listed.code == Some(2), "a URL without a user has no parameter: {listed:?}");
    let url = format!("pop3://{}", office.address);
    let listed = office.pop3(&["list", &url, "--auth", "anonymous"]).run().ok();
    assert!(listed.contains("secret"), "{listed}");
    let closed = Office::open();
    let url = format!("pop3://{}", closed.address);
    closed.pop3(&["list", &url, "--auth", "anonymous"]).run().fails(4);
}

/// A certificate authority, and what it has signed.
struct Authority(Certificate, Issuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        Self(certificate, Issuer::new(parameters, key))
    }

    /// Certificate and key, in files of these names.
    fn sign(&self, office: &Office, name: &str, common_name: &str) {
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, common_name);
        let key = KeyPair::generate().unwrap();
        let signed = parameters.signed_by(&key, &self.1).unwrap();
        fs::write(office.path(&format!("{name}.pem")), signed.pem()).unwrap();
        fs::write(office.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

#[test]
fn a_certificate_of_a_client_is_enough_to_log_in() {
    let authority = Authority::new();
    let directory = tempfile::tempdir().unwrap();
    let roots = directory.path().join("clients.pem");
    fs::write(&roots, authority.0.pem()).unwrap();
    let office = encrypted(&["--client-ca", roots.to_str().unwrap()]);
    authority.sign(&office, "mark", "mark");
    authority.sign(&office, "mary", "mary");
    let [_, url] = office.urls();
    let list = |name: &str| {
        let (certificate, key) = (format!("{name}.pem"), format!("{name}.key"));
        let shown = ["--client-cert", &certificate, "--client-key", &key, "--auth", "EXTERNAL"];
        office.pop3(&[&["list", &url, "--ca", "ca.pem"][..], &shown].concat()).run()
    };
    assert!(list("mark").ok().contains("secret"));
    list("mary").fails(4);
    let without = ["list", &url, "--ca", "ca.pem", "--auth", "EXTERNAL"];
    office.pop3(&without).run().fails(4);
}

#[test]
fn talk_goes_over_to_tls_as_it_is_told() {
    let office = encrypted(&[]);
    let [stls, implicit] = office.urls();
    let said = office
        .client_at(&stls, "talk", &["--ca", "ca.pem", "--tls", "starttls"])
        .input("stat\nquit\n")
        .ok();
    assert!(said.contains("STLS\n+OK begin TLS now\nUSER mark\n"), "{said}");
    assert!(said.contains("+OK 1 "), "{said}");
    let typed = "capa\nstls\nuser mark\npass open sesame\nstat\nquit\n";
    let by_hand = stls.replace("mark@", "");
    let said = office.pop3(&["talk", &by_hand, "--ca", "ca.pem"]).input(typed).ok();
    assert!(said.contains("+OK 1 "), "{said}");
    let said = office.client_at(&implicit, "talk", &["--ca", "ca.pem"]).input("quit\n").ok();
    assert!(said.contains("goodbye"), "{said}");
    let error = office.client_at(&implicit, "talk", &[]).input("quit\n").fails(3);
    assert!(error.contains("trusted"), "{error}");
}

#[test]
fn what_makes_no_sense_is_said_before_anything_is_served() {
    let office = Office::open();
    let serve = ["serve", "--mail", "mail", "--users", "users"];
    for (arguments, about) in [
        (&["--listen-tls", "127.0.0.1:0"][..], "--cert"),
        (&["--cert", "none.pem", "--key", "none.key"], "none.pem"),
        (&["--client-ca", "none.pem"], "--cert"),
        (&["--listen", "0.0.0.0:0"], "--allow-cleartext"),
        (&["--trust", "all"], "all"),
    ] {
        let outcome = office.pop3(&[&serve, arguments].concat()).run();
        assert!(outcome.code.is_some_and(|code| code > 0), "{outcome:?}");
        assert!(outcome.err.contains(about), "{about}: {outcome:?}");
    }
}

#[test]
fn capabilities_are_switched_off_one_by_one() {
    let office = Office::open_with(&["--without", "TOP", "--without", "pipelining", "--utf8"]);
    let url = format!("pop3://{}", office.address);
    let said = office.pop3(&["talk", &url]).input("capa\nquit\n").ok();
    assert!(!said.contains("TOP\n") && !said.contains("PIPELINING\n"), "{said}");
    assert!(said.contains("UIDL\n") && said.contains("UTF8 USER\n"), "{said}");
}
