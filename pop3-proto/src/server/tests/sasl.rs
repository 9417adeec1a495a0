//! AUTH (RFC 5034): the frame, whatever the mechanism.

use super::*;
use crate::capability::Capability;
use crate::state::State;

const RIGHT: &str = "AG1hcmsAc3dvcmRmaXNo";
const WRONG: &str = "AG1hcmsAd3Jvbmc=";

fn offering(mechanisms: &str) -> Config {
    let mut config = Config::default();
    config.capabilities.set(Capability::parse(alloc::format!("SASL {mechanisms}").as_bytes()));
    config
}

fn session() -> Session {
    Session::with(offering("PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS EXTERNAL"), &[])
}

fn in_tls(mut config: Config) -> Session {
    config.cleartext_logins = false;
    let mut connection = Connection::new(config, None);
    connection.already_in_tls(Channel::default());
    let mut session = Session::ungreeted(connection, &[]);
    session.run();
    session
}

#[test]
fn an_initial_response_logs_in() {
    let mut session = session();
    assert!(session.asks(&alloc::format!("auth plain {RIGHT}")).starts_with("+OK maildrop"));
    assert_eq!(session.connection.state(), State::Transaction);
    session.is_refused("AUTH PLAIN");
    assert!(session.asks("CAPA").contains("\r\nSASL PLAIN SCRAM-SHA-256\r\n"), "it stays");
}

#[test]
fn without_one_the_server_asks_by_an_empty_challenge() {
    let mut session = session();
    assert_eq!(session.asks("AUTH PLAIN"), "+ \r\n");
    assert!(session.asks(RIGHT).starts_with("+OK"));
}

#[test]
fn an_equals_sign_is_an_initial_response_that_is_empty() {
    let mut session = session();
    session.idle_host = true;
    session.asks("AUTH SCRAM-SHA-256 =");
    let Some(Action::Sasl { mechanism, begins: true, response: Some(response), .. }) =
        session.asked.pop()
    else {
        panic!()
    };
    assert_eq!((mechanism.as_str(), response.expose()), ("SCRAM-SHA-256", &b""[..]));
}

#[test]
fn challenges_and_responses_go_on_until_the_host_has_enough() {
    let mut session = session();
    assert_eq!(session.asks("AUTH PLAIN YQ=="), "+ YWE=\r\n");
    assert_eq!(session.asks("YmI="), "+ YmJiYg==\r\n");
    assert_eq!(session.asks(""), "+ \r\n", "an empty response is one");
    assert!(session.asks(RIGHT).starts_with("+OK"));
}

#[test]
fn a_failed_exchange_is_as_if_it_had_never_been() {
    let mut session = session();
    for (begin, response) in [
        ("AUTH PLAIN", "*"),
        ("AUTH PLAIN", "AG1hcm"),
        ("AUTH PLAIN", "A*=="),
        ("AUTH PLAIN", "CAPA now"),
    ] {
        session.asks(begin);
        session.is_refused(response);
        assert_eq!(session.connection.state(), State::Authorization);
    }
    session.is_refused("AUTH PLAIN AG1=hcms");
    assert!(session.asks(&alloc::format!("AUTH PLAIN {WRONG}")).starts_with("-ERR [AUTH]"));
    assert_eq!(session.waits.len(), 1, "wrong credentials are answered late");
    session.log_in();
}

#[test]
fn failed_exchanges_are_counted_as_failed_logins() {
    let mut session = session();
    for _ in 0..3 {
        session.asks("AUTH PLAIN");
        session.asks(WRONG);
    }
    assert_eq!(session.ending, Some(Ending::FailedLogins));
}

#[test]
fn a_response_may_be_long_but_not_endless() {
    let mut session = session();
    session.asks("AUTH PLAIN");
    let long = "YWFh".repeat(2_000);
    assert!(session.asks(&long).starts_with("+ YWFhYWFhYWFh"));
    session.is_refused(&"YWFh".repeat(4_000));
    assert!(session.asks("CAPA").starts_with("+OK"), "the session goes on");
    let too_long_for_a_command = alloc::format!("auth PLAIN {long}");
    assert!(session.asks(&too_long_for_a_command).starts_with("+ "), "clients do so");
    session.is_refused("*");
    assert!(session.connection.forgiven() > 0);
    session.is_refused(&alloc::format!("AUTH PLAIN {}", "YWFh".repeat(4_000)));
    session.is_refused(&alloc::format!("STAT {}", "1".repeat(300)));
    let mut config = offering("PLAIN");
    config.tolerance = Tolerance::STRICT;
    let mut strict = Session::with(config, &[]);
    strict.is_refused(&too_long_for_a_command);
}

#[test]
fn responses_may_be_cut_anywhere() {
    let mut session = session();
    let answer: String =
        alloc::format!("AUTH PLAIN\r\n{RIGHT}\r\n").bytes().map(|o| session.says([o])).collect();
    assert!(answer.starts_with("+ \r\n+OK maildrop"), "{answer}");
}

#[test]
fn what_is_not_listed_is_refused() {
    let mut session = session();
    for line in ["AUTH", "AUTH LOGIN", "AUTH XOAUTH2 YQ==", "AUTH PLAIN a b", "AUTH PLAIN*"] {
        session.is_refused(line);
    }
    let mut without = Session::new();
    without.is_refused("AUTH PLAIN");
    assert!(!without.asks("CAPA").contains("SASL"));
}

/// RFC 5034, section 4: neither listed nor taken.
#[test]
fn no_secret_is_taken_in_clear_text_where_that_is_not_wanted() {
    let mut config = offering("PLAIN LOGIN XOAUTH2 SCRAM-SHA-256 X-NEW");
    config.cleartext_logins = false;
    let mut session = Session::with(config.clone(), &[]);
    let told = session.asks("CAPA");
    assert!(told.contains("\r\nSASL SCRAM-SHA-256\r\n") && !told.contains("USER"), "{told}");
    for line in ["USER mark", "PASS swordfish", "AUTH PLAIN", "AUTH LOGIN", "AUTH X-NEW"] {
        session.is_refused(line);
    }
    assert_eq!(session.asks("AUTH SCRAM-SHA-256"), "+ \r\n");
    let mut encrypted = in_tls(config);
    let told = encrypted.asks("CAPA");
    assert!(told.contains("SASL PLAIN LOGIN XOAUTH2 SCRAM-SHA-256 X-NEW"), "{told}");
    assert!(told.contains("\r\nUSER\r\n"));
    encrypted.log_in();
}

#[test]
fn only_tls_has_channels_to_bind_and_certificates() {
    let mut clear = session();
    for line in ["AUTH SCRAM-SHA-256-PLUS", "AUTH EXTERNAL ="] {
        clear.is_refused(line);
    }
    let mut encrypted = in_tls(offering("SCRAM-SHA-256-PLUS EXTERNAL"));
    assert!(encrypted.asks("CAPA").contains("SASL SCRAM-SHA-256-PLUS\r\n"), "no certificate");
    let mut channel = Channel::default();
    channel.peer_certificate = Some(b"mark".to_vec());
    encrypted.connection.already_in_tls(channel);
    assert!(encrypted.asks("CAPA").contains("SASL SCRAM-SHA-256-PLUS EXTERNAL"));
    assert_eq!(encrypted.asks("AUTH EXTERNAL"), "+ \r\n");
}

#[test]
fn a_challenge_that_nobody_asked_for_is_not_sent() {
    let mut session = session();
    session.idle_host = true;
    session.asks("USER mark");
    session.asks("PASS swordfish");
    let Some(Action::Authenticate { ticket, .. }) = session.asked.pop() else { panic!() };
    assert!(session.connection.challenge(ticket, b"?").is_err());
    assert_eq!(session.run(), "");
}

#[test]
fn a_client_that_leaves_within_the_exchange_has_hung_up() {
    let mut session = session();
    session.asks("AUTH PLAIN");
    session.says("AG1h");
    session.connection.closed();
    session.run();
    assert_eq!(session.ending, Some(Ending::Hangup));
}

/// Else whoever cancels there could guess tokens for ever.
#[test]
fn a_refusal_that_was_explained_counts_whatever_is_said_to_it() {
    let endless = "YWFh".repeat(4_000);
    for last in ["*", "", "AQ==", "not Base64", &endless] {
        let mut session = session();
        for _ in 0..3 {
            assert_eq!(session.asks("AUTH PLAIN YSBiYWQgdG9rZW4="), "+ aXQgaGFzIGV4cGlyZWQ=\r\n");
            let answer = session.asks(last);
            assert!(answer.starts_with("-ERR [AUTH] "), "{last}: {answer}");
        }
        assert_eq!(session.ending, Some(Ending::FailedLogins), "{last}");
        assert_eq!(session.waits.len(), 3, "{last}");
    }
}

#[test]
fn responses_may_end_with_a_bare_lf_unless_strict() {
    for (tolerance, end, forgiven, answer) in [
        (Tolerance::FORGIVING, "\r\n", Some(0), "+OK"),
        (Tolerance::FORGIVING, "\n", Some(1), "+OK"),
        (Tolerance::STRICT, "\r\n", Some(0), "+OK"),
        (Tolerance::STRICT, "\n", None, "-ERR a command line ends with CRLF"),
    ] {
        let mut config = offering("PLAIN");
        config.tolerance = tolerance;
        let mut session = Session::with(config, &[]);
        session.asks("AUTH PLAIN");
        let answered = session.says(alloc::format!("{RIGHT}{end}"));
        assert!(answered.starts_with(answer), "{tolerance:?} {end:?}: {answered}");
        assert_eq!(session.connection.forgiven(), forgiven.unwrap_or_default());
    }
}
