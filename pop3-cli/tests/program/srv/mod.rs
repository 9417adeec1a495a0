//! The server of a mail domain, found by SRV records.

mod name_server;

use std::net::TcpListener;

use self::name_server::{Known, NameServer};
use crate::office::Office;
use crate::run::Outcome;

const URL: &str = "pop3://mark@example.org";

/// An office with a letter, whose certificate is for this name and for localhost.
fn office(name: &str) -> Office {
    let tls = ["--listen-tls", "127.0.0.1:0", "--self-signed=ca.pem", "--host", name];
    let office = Office::open_with(&tls);
    office.deliver(b"Subject: found\n\nhello\n");
    office
}

impl Office {
    fn ports(&self) -> (u16, u16) {
        let port = |address: &str| address.rsplit(':').next().unwrap().parse().unwrap();
        (port(self.tls_address.as_ref().unwrap()), port(&self.address))
    }

    /// Lists by what DNS says.
    fn found(&self, records: &[Known<'_>], arguments: &[&str]) -> Outcome {
        let dns = NameServer::knowing(records);
        let address = dns.address.to_string();
        let by_srv = ["--srv", "--dns", &address, "--ca", "ca.pem"];
        self.client_at(URL, "list", &[&by_srv, arguments].concat()).run()
    }
}

/// A port at which nobody listens.
fn closed() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn mail_is_listed_from_where_dns_says_on_each_runtime() {
    let office = office("example.org");
    let (tls, stls) = office.ports();
    for records in [&[("_pop3s", 0, "localhost.", tls)], &[("_pop3", 0, "localhost.", stls)]] {
        for runtime in ["tokio", "async-std", "blocking"] {
            let told = office.found(records, &["--runtime", runtime, "--log", "info"]);
            assert_eq!((told.code, told.out.contains("found")), (Some(0), true), "{told:?}");
            assert!(told.err.contains("in TLS"), "{told:?}");
        }
        assert!(office.found(records, &[]).ok().contains("found"));
    }
}

#[test]
fn tls_from_the_start_goes_before_stls_and_priority_before_both() {
    let office = office("example.org");
    let (tls, stls) = office.ports();
    for (stls_priority, port) in [(10, tls), (5, stls)] {
        let records =
            [("_pop3", stls_priority, "localhost.", stls), ("_pop3s", 10, "localhost.", tls)];
        let told = office.found(&records, &["--log", "info"]);
        let entered = told.err.lines().find(|line| line.contains("logged in")).unwrap();
        assert!(entered.contains(&format!("localhost:{port})")), "{told:?}");
    }
}

#[test]
fn a_server_that_is_down_is_passed_over_and_one_that_answers_is_not() {
    let office = office("example.org");
    let (tls, stls) = office.ports();
    let down = ("_pop3s", 0, "localhost.", closed());
    let listed = office.found(&[("_pop3s", 1, "localhost.", tls), down], &[]).ok();
    assert!(listed.contains("found"), "{listed}");
    office.found(&[down], &[]).fails(3);
    let wrong = ("_pop3s", 0, "localhost.", stls);
    office.found(&[wrong, ("_pop3s", 1, "localhost.", tls)], &[]).fails(3);
}

#[test]
fn a_domain_without_pop3_is_told_from_one_that_says_nothing() {
    let office = office("example.org");
    let (tls, _) = office.ports();
    let none = [("_pop3s", 0, ".", 0), ("_pop3", 0, ".", 0)];
    let error = office.found(&none, &[]).fails(3);
    assert!(error.contains("example.org says that it does not offer POP3"), "{error}");
    let error = office.found(&[], &[]).fails(3);
    assert!(error.contains("DNS does not tell") && error.contains("without --srv"), "{error}");
    let error = office.found(&none[..1], &["--tls", "implicit"]).fails(3);
    assert!(error.contains("in TLS from the start"), "{error}");
    let one = [("_pop3s", 0, "localhost.", tls), ("_pop3", 0, ".", 0)];
    office.found(&one, &[]).ok();
}

#[test]
fn a_server_elsewhere_needs_a_certificate_for_the_mail_domain() {
    let office = office("pop.example.net");
    let (tls, stls) = office.ports();
    for record in [("_pop3s", 0, "localhost.", tls), ("_pop3", 0, "localhost.", stls)] {
        let error = office.found(&[record], &[]).fails(3);
        assert!(error.contains("not for example.org but for"), "{error}");
        assert!(error.contains("without --srv"), "{error}");
    }
    assert!(!office.log().contains("mark"), "{}", office.log());
}

#[test]
fn a_server_that_was_looked_up_is_never_spoken_to_in_clear_text() {
    let office = Office::open();
    std::fs::write(office.path("ca.pem"), of_somebody_else()).unwrap();
    let port = office.address.rsplit(':').next().unwrap().parse().unwrap();
    let records = [("_pop3", 0, "localhost.", port)];
    for arguments in [&[][..], &["--allow-cleartext"]] {
        let error = office.found(&records, arguments).fails(3);
        assert!(error.contains("STLS") && !error.contains("--tls none"), "{error}");
    }
    let error = office.found(&records, &["--tls", "none"]).fails(2);
    assert!(error.contains("forged"), "{error}");
}

/// The certificate of somebody else.
fn of_somebody_else() -> String {
    rcgen::generate_simple_self_signed(["example.org".to_owned()]).unwrap().cert.pem()
}

#[test]
fn talk_goes_over_to_tls_by_itself() {
    let office = office("example.org");
    let dns = NameServer::knowing(&[("_pop3", 0, "localhost.", office.ports().1)]);
    let address = dns.address.to_string();
    let by_srv = ["--srv", "--dns", &address, "--ca", "ca.pem"];
    let said = office.client_at(URL, "talk", &by_srv).input("stat\nquit\n").ok();
    assert!(said.contains("STLS\n+OK") && said.contains("+OK 1 "), "{said}");
}

#[test]
fn what_is_no_mail_domain_is_refused_before_anybody_is_asked() {
    let office = Office::open();
    for (url, about) in [
        ("pop3://mark@example.org:110", "port"),
        ("pop3://mark@127.0.0.1", "no mail domain"),
        ("pop3://mark@[::1]", "no mail domain"),
        ("pop3://mark@.", "no mail domain"),
        ("pop3://mark@a..b", "no mail domain"),
    ] {
        let arguments = ["--srv", "--dns", "127.0.0.1:1"];
        let error = office.client_at(url, "list", &arguments).run().fails(2);
        assert!(error.contains(about), "{url}: {error}");
    }
    let run = office.client_at(URL, "list", &["--dns", "127.0.0.1:1"]).run();
    assert_eq!(run.code, Some(2), "--dns alone: {run:?}");
}

#[test]
fn a_name_server_that_fails_is_named_as_the_reason() {
    let office = Office::open();
    let dns = NameServer::failing();
    let address = dns.address.to_string();
    let error = office.client_at(URL, "list", &["--srv", "--dns", &address]).run().fails(3);
    assert!(error.contains("DNS: example.org"), "{error}");
}
