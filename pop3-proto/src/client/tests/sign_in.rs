//! The strongest way to log in that both sides have (RFC 5034, section 4).

use core::task::Poll;

use super::*;
use crate::auth::sasl::{NONCE, ScramHash, ScramKeys, ServerMechanism, ServerSetup, Step, base64};
use crate::client::exchange::{Account, Exchange, Method, SignIn};
use crate::command::Mechanism;
use crate::state::State;
use crate::types::UserName;
use crate::{Secret, Text};

const PLAIN: &str = "AUTH PLAIN AG1hcmsAc3dvcmRmaXNo";
const CAPA: (&str, &str) = ("CAPA", "-ERR\r\n");
const NO: &str = "-ERR [AUTH] no\r\n";

fn mark() -> Account {
    let password = Secret::new("swordfish").unwrap();
    Account::Password { user: UserName::new("mark").unwrap(), password }
}

fn sign_in(account: Account) -> SignIn {
    let mut sign_in = SignIn::new(account, [7; 32]);
    sign_in.allow_cleartext(true);
    sign_in
}

fn offering(capabilities: &str) -> Scene {
    Scene::new().offering(capabilities)
}

#[track_caller]
fn logs_in(account: Account, capabilities: &str, dialogue: &[(&str, &str)]) -> Method {
    let mut scene = offering(capabilities);
    let (method, _) = scene.drive(sign_in(account), dialogue).unwrap();
    assert_eq!(scene.connection.state(), State::Transaction);
    method
}

#[test]
fn plain_goes_along_with_the_command() {
    let method = logs_in(mark(), "SASL LOGIN PLAIN,USER", &[(PLAIN, "+OK\r\n"), CAPA]);
    assert_eq!(method, Method::Plain);
}

#[test]
fn login_answers_two_questions() {
    let dialogue = [
        ("AUTH LOGIN", "+ VXNlcm5hbWU6\r\n"),
        ("bWFyaw==", "+ UGFzc3dvcmQ6\r\n"),
        ("c3dvcmRmaXNo", "+OK\r\n"),
        CAPA,
    ];
    assert_eq!(logs_in(mark(), "SASL LOGIN", &dialogue), Method::Login);
}

/// RFC 5034, section 3: without SASL in CAPA, no AUTH.
#[test]
fn a_server_that_lists_nothing_is_spoken_to_by_user_and_pass() {
    let dialogue = [("USER mark", "+OK\r\n"), ("PASS swordfish", "+OK\r\n"), CAPA];
    assert_eq!(logs_in(mark(), "TOP", &dialogue), Method::User);
    let mut scene = Scene::new();
    assert_eq!(scene.drive(sign_in(mark()), &dialogue).unwrap().0, Method::User);
}

#[cfg(feature = "apop")]
#[test]
fn a_timestamp_is_used_before_the_password_is_sent() {
    let mut scene = Scene::ungreeted(Config::default());
    scene.says("+OK <1896.697170952@dbc.mtview.ca.us>\r\n");
    let mut scene = scene.offering("USER");
    let mut asked = sign_in(mark());
    assert!(asked.poll(&mut scene.connection).is_pending());
    assert!(scene.said().starts_with("APOP mark "));
    assert_eq!(asked.method(), Some(Method::Apop));
}

#[test]
fn no_secret_goes_in_clear_text_unless_that_is_allowed() {
    for capabilities in ["SASL PLAIN LOGIN", "USER"] {
        let mut scene = offering(capabilities);
        let refused = scene.drive(SignIn::new(mark(), [7; 32]), &[]).unwrap_err();
        assert_eq!(refused, Error::SecretInClearText);
        assert!(refused.leaves_session_usable());
        scene.connection.already_in_tls(Channel::default());
        assert!(SignIn::new(mark(), [7; 32]).poll(&mut scene.connection).is_pending());
        assert!(!scene.said().is_empty());
    }
    let mut scene = offering("SASL CRAM-MD5");
    assert!(SignIn::new(mark(), [7; 32]).poll(&mut scene.connection).is_pending());
    assert_eq!(scene.said(), "AUTH CRAM-MD5\r\n");
}

#[test]
fn methods_that_were_chosen_are_the_only_ones() {
    let mut scene = offering("SASL PLAIN CRAM-MD5,USER");
    let mut chosen = sign_in(mark());
    chosen.set_methods([Method::User]);
    let dialogue = [("USER mark", "+OK\r\n"), ("PASS swordfish", "+OK\r\n"), CAPA];
    assert_eq!(scene.drive(chosen, &dialogue).unwrap().0, Method::User);

    let mut scene = offering("SASL PLAIN,USER");
    let mut chosen = sign_in(mark());
    chosen.set_methods([Method::CramMd5]);
    let refused = scene.drive(chosen, &[]).unwrap_err();
    assert!(matches!(refused, Error::NoMethod { wanted: Some("CRAM-MD5") }), "{refused}");
}

#[test]
fn nothing_in_common_is_told() {
    let mut scene = offering("SASL GSSAPI NTLM");
    assert_eq!(scene.drive(sign_in(mark()), &[]).unwrap_err(), Error::NoMethod { wanted: None });
    let anonymous = Account::Anonymous { trace: Text::literal("me") };
    assert_eq!(
        offering("USER").drive(sign_in(anonymous), &[]).unwrap_err(),
        Error::NoMethod { wanted: None }
    );
}

#[test]
fn a_method_that_is_refused_is_followed_by_the_next_one() {
    let dialogue = [
        ("AUTH CRAM-MD5", "-ERR not for you\r\n"),
        ("AUTH LOGIN", "-ERR not now\r\n"),
        ("USER mark", "+OK\r\n"),
        ("PASS swordfish", "+OK\r\n"),
        CAPA,
    ];
    assert_eq!(logs_in(mark(), "SASL LOGIN CRAM-MD5,USER", &dialogue), Method::User);
}

/// The same password once more would be guessing, and servers lock accounts for that.
#[test]
fn what_was_refused_is_not_shown_again_by_another_name() {
    let mut scene = offering("SASL PLAIN LOGIN CRAM-MD5,USER");
    let mut asked = sign_in(mark());
    let mut said = Vec::new();
    let answers = ["+ PGFAYj4=\r\n", "-ERR first\r\n", "-ERR second\r\n"];
    let mut answers = answers.iter();
    let error = loop {
        match asked.poll(&mut scene.connection) {
            Poll::Ready(result) => break result.unwrap_err(),
            Poll::Pending => {
                said.push(scene.said());
                scene.connection.receive(answers.next().unwrap().as_bytes());
            }
        }
    };
    assert_eq!(error.to_string(), "AUTH was refused: -ERR first");
    assert!(said[0] == "AUTH CRAM-MD5\r\n" && said[2].starts_with(PLAIN), "{said:?}");
    assert_eq!(said.len(), 3, "neither LOGIN nor USER: {said:?}");
}

/// RFC 2449, section 8.1; RFC 3206: no other method helps against these.
#[test]
fn a_refusal_about_something_else_ends_the_search() {
    for code in ["IN-USE", "LOGIN-DELAY", "SYS/TEMP", "SYS/PERM"] {
        let refusal = alloc::format!("-ERR [{code}] no\r\n");
        for (methods, said) in [("PLAIN LOGIN", PLAIN), ("CRAM-MD5 PLAIN", "AUTH CRAM-MD5")] {
            let capabilities = alloc::format!("SASL {methods},USER,RESP-CODES,AUTH-RESP-CODE");
            let mut scene = offering(&capabilities);
            let error = scene.drive(sign_in(mark()), &[(said, &*refusal)]).unwrap_err();
            assert!(matches!(error, Error::Refused { .. }), "{code}: {error}");
        }
    }
}

#[test]
fn a_server_that_closes_after_a_refusal_is_asked_again_by_the_next_method() {
    let mut scene = offering("SASL PLAIN CRAM-MD5");
    let mut asked = sign_in(mark());
    assert!(asked.poll(&mut scene.connection).is_pending());
    scene.connection.receive(NO.as_bytes());
    scene.connection.closed();
    let Poll::Ready(Err(Error::Eof(_))) = asked.poll(&mut scene.connection) else { panic!() };
    assert!(asked.wants_to_go_on());
    let dialogue = [(PLAIN, "+OK\r\n"), CAPA];
    let (method, _) = offering("SASL PLAIN CRAM-MD5").drive(&mut asked, &dialogue).unwrap();
    assert_eq!(method, Method::Plain);
}

#[test]
fn a_server_that_always_closes_is_left_with_its_reason() {
    let mut asked = sign_in(mark());
    let mut closes = |capabilities: &str, answers: &[&str]| {
        let mut scene = offering(capabilities);
        for answer in answers {
            assert!(asked.poll(&mut scene.connection).is_pending());
            scene.connection.receive(answer.as_bytes());
        }
        scene.connection.closed();
        let Poll::Ready(Err(error)) = asked.poll(&mut scene.connection) else { panic!() };
        (error.to_string(), asked.wants_to_go_on())
    };
    assert!(!closes("SASL PLAIN", &[]).1, "nothing was refused yet");
    let (error, again) = closes("SASL PLAIN LOGIN", &[NO]);
    assert!(!again, "neither shows anything new");
    assert_eq!(error, "AUTH was refused: -ERR [AUTH] no");
}

#[test]
fn another_connection_is_wanted_for_what_may_help_alone() {
    assert!(!sign_in(mark()).wants_to_go_on(), "nothing was tried");

    let refuse = |asked: &mut SignIn, refusals: &[&str]| {
        let mut scene = offering("SASL PLAIN CRAM-MD5");
        assert!(asked.poll(&mut scene.connection).is_pending());
        for refusal in refusals {
            scene.connection.receive(refusal.as_bytes());
        }
        scene.connection.closed();
        assert!(matches!(asked.poll(&mut scene.connection), Poll::Ready(Err(_))));
        asked.wants_to_go_on()
    };
    let mut only = sign_in(mark());
    only.set_methods([Method::CramMd5]);
    assert!(!refuse(&mut only, &[NO]), "there is no other method");

    let mut busy = sign_in(mark());
    let mut scene = offering("SASL LOGIN CRAM-MD5");
    let dialogue = [("AUTH CRAM-MD5", "-ERR no\r\n"), ("AUTH LOGIN", "-ERR [IN-USE] no\r\n")];
    assert!(scene.drive(&mut busy, &dialogue).is_err());
    assert!(!busy.wants_to_go_on(), "no other method helps");

    let mut several = sign_in(mark());
    assert!(refuse(&mut several, &[NO]), "PLAIN is left");
    assert!(!refuse(&mut several, &[]), "the second connection has brought nothing");
}

#[test]
fn a_long_initial_response_waits_to_be_asked_for() {
    let password = Secret::new("x".repeat(250)).unwrap();
    let account = Account::Password { user: UserName::new("mark").unwrap(), password };
    let response = base64::encode(alloc::format!("\0mark\0{}", "x".repeat(250)).as_bytes());
    let dialogue = [("AUTH PLAIN", "+ \r\n"), (&**response, "+OK\r\n"), CAPA];
    assert_eq!(logs_in(account.clone(), "SASL PLAIN", &dialogue), Method::Plain);
    // Some servers say something instead of nothing.
    let odd = [("AUTH PLAIN", "+ go ahead\r\n"), (&**response, "+OK\r\n"), CAPA];
    assert_eq!(logs_in(account.clone(), "SASL PLAIN", &odd), Method::Plain);
    let mut strict = Scene::strict().offering("SASL PLAIN");
    let cancelled = [("AUTH PLAIN", "+ go ahead\r\n"), ("*", "-ERR cancelled\r\n")];
    let error = strict.drive(sign_in(account), &cancelled).unwrap_err();
    assert_eq!(error.to_string(), "PLAIN failed: a challenge is not Base64");
}

#[test]
fn tokens_certificates_and_nobody_have_methods_of_their_own() {
    let user = UserName::new("mark").unwrap();
    let token = Secret::new("t0k3n").unwrap();
    let server = ("pop.example.org".into(), 995);
    let account = Account::Token { user: user.clone(), token, server };
    for (listed, said) in [("XOAUTH2", "AUTH XOAUTH2 "), ("OAUTHBEARER", "AUTH OAUTHBEARER ")] {
        let mut scene = offering(&alloc::format!("SASL PLAIN {listed}"));
        assert!(sign_in(account.clone()).poll(&mut scene.connection).is_pending());
        assert!(scene.said().starts_with(said), "{listed}");
    }
    let dialogue = [("AUTH EXTERNAL bWFyaw==", "+OK\r\n"), CAPA];
    let account = Account::Certificate { user: Some(user) };
    assert_eq!(logs_in(account, "SASL EXTERNAL", &dialogue), Method::External);
    let dialogue = [("AUTH EXTERNAL =", "+OK\r\n"), CAPA];
    let account = Account::Certificate { user: None };
    assert_eq!(logs_in(account, "SASL EXTERNAL", &dialogue), Method::External);
    let dialogue = [("AUTH ANONYMOUS bWU=", "+OK\r\n"), CAPA];
    let account = Account::Anonymous { trace: Text::literal("me") };
    assert_eq!(logs_in(account, "SASL ANONYMOUS", &dialogue), Method::Anonymous);
}

/// What the server's half answers; `None` for the last `+OK`.
fn scram(mechanism: &mut ServerMechanism, line: &str) -> String {
    let keys = |password: &str, hash| {
        ScramKeys::derive(hash, &Secret::new(password).unwrap(), b"salt and more", 4_096).unwrap()
    };
    let response = line.rsplit(' ').next().and_then(|last| base64::decode(last.as_bytes()));
    let mut step = mechanism.step(response.as_ref().map(|octets| octets.as_slice()));
    if let Step::ScramKeys { hash, .. } = step {
        step = mechanism.scram_keys(Some(keys("swordfish", hash)));
    }
    match step {
        Step::Challenge(challenge) => alloc::format!("+ {}\r\n", *base64::encode(&challenge)),
        Step::Proven(_) => "+OK\r\n".into(),
        other => alloc::format!("-ERR {other:?}\r\n"),
    }
}

fn scram_session(scene: &mut Scene, channel: Option<&Channel>) -> Result<Method, Error> {
    let mut server = None;
    let mut asked = SignIn::new(mark(), [7; 32]);
    loop {
        if let Poll::Ready(result) = asked.poll(&mut scene.connection) {
            return result.map(|(method, _)| method);
        }
        let said = scene.said();
        let line = said.trim_end_matches("\r\n");
        let answer = if line == "CAPA" {
            "-ERR\r\n".into()
        } else {
            if let Some(rest) = line.strip_prefix("AUTH ") {
                let name = Mechanism::new(rest.split(' ').next().unwrap()).unwrap();
                assert_eq!(asked.method().unwrap().name(), name.as_str());
                let setup = ServerSetup::new([9; NONCE], "host", [1; 32]);
                let setup = channel.map_or(setup.clone(), |channel| setup.within(channel));
                server = ServerMechanism::new(&name, setup);
            }
            scram(server.as_mut().unwrap(), line)
        };
        scene.connection.receive(answer.as_bytes());
    }
}

#[test]
fn scram_is_preferred_and_proves_both_sides() {
    let mut scene = offering("SASL PLAIN SCRAM-SHA-1 SCRAM-SHA-256,USER");
    let method = scram_session(&mut scene, None).unwrap();
    assert_eq!(method, Method::Scram(ScramHash::Sha256));
}

#[test]
fn in_tls_the_channel_is_bound() {
    let mut channel = Channel::default();
    channel.exporter = Some(alloc::vec![5; 32].into());
    channel.server_end_point = Some(alloc::vec![6; 32]);
    let mut scene = offering("SASL SCRAM-SHA-256 SCRAM-SHA-256-PLUS");
    scene.connection.already_in_tls(channel.clone());
    let method = scram_session(&mut scene, Some(&channel)).unwrap();
    assert_eq!(method, Method::ScramPlus(ScramHash::Sha256));
}

/// A peer that cannot have the best binding may have the other one.
#[test]
fn another_binding_is_tried_where_the_first_is_refused() {
    let mut channel = Channel::default();
    channel.exporter = Some(alloc::vec![5; 32].into());
    channel.server_end_point = Some(alloc::vec![6; 32]);
    let mut scene = offering("SASL SCRAM-SHA-256-PLUS");
    scene.connection.already_in_tls(channel.clone());
    channel.exporter = None;
    let method = scram_session(&mut scene, Some(&channel)).unwrap();
    assert_eq!(method, Method::ScramPlus(ScramHash::Sha256));
}

#[test]
fn a_server_that_agrees_without_proof_is_not_believed() {
    let mut scene = offering("SASL SCRAM-SHA-256");
    let mut asked = sign_in(mark());
    assert!(asked.poll(&mut scene.connection).is_pending());
    scene.connection.receive(b"+OK welcome\r\n");
    let Poll::Ready(Err(error)) = asked.poll(&mut scene.connection) else { panic!() };
    assert!(matches!(error, Error::Mechanism { .. }), "{error}");
    assert!(!error.leaves_session_usable());
}

#[test]
fn nothing_of_the_account_is_shown() {
    let shown = alloc::format!("{:?}", sign_in(mark()));
    assert!(shown.contains("mark") && !shown.contains("swordfish"), "{shown}");
}
