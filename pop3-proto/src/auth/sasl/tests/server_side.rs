//! What a server takes from a client, and what not.

use super::*;
use crate::auth::Credentials;

#[track_caller]
fn credentials(step: Step) -> Credentials {
    match step {
        Step::Check(credentials) => credentials,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_speaks_first() {
    for name in ["PLAIN", "SCRAM-SHA-1", "OAUTHBEARER", "XOAUTH2", "ANONYMOUS"] {
        assert_eq!(challenge(server(name).step(None)), "", "{name} waits for the client");
    }
    assert_eq!(challenge(server("LOGIN").step(None)), "Username:");
    let asked = challenge(server("CRAM-MD5").step(None));
    assert_eq!(asked, "<2020202020202020202020202020202@pop.example.org>");
    let refused = malformed(server("CRAM-MD5").step(Some(b"x")));
    assert_eq!(refused, SaslError::InitialResponse, "RFC 5034, section 4");
}

#[test]
fn mechanisms_that_cannot_work_here_are_not_there() {
    let new = |name: &str| ServerMechanism::new(&Mechanism::new(name).unwrap(), setup());
    for name in ["GSSAPI", "SCRAM-SHA-224", "SCRAM-SHA-256-PLUS", "PLAIN-PLUS", "EXTERNAL", "-PLUS"]
    {
        assert!(new(name).is_none(), "{name}");
    }
}

#[test]
fn plain_has_three_parts() {
    let plain = |message: &[u8]| server("PLAIN").step(Some(message));
    let long = "x".repeat(255);
    for (message, name, password) in [
        ("\0tim\0a b".into(), "tim", "a b"),
        ("tim\0tim\0x".into(), "tim", "x"),
        (alloc::format!("\0{long}\0{long}"), &*long, &*long),
    ] {
        let Credentials::Password { user, password: sent } = credentials(plain(message.as_bytes()))
        else {
            panic!()
        };
        assert_eq!((user.as_str(), sent.expose()), (name, password.as_bytes()));
    }
    for (message, error) in [
        (b"".as_slice(), SaslError::Malformed),
        (b"tim\0x", SaslError::Malformed),
        (b"\0tim\0x\0", SaslError::Malformed),
        (b"\0t\xff\0x", SaslError::Malformed),
        (b"\0\0x", SaslError::UserName),
        (b"\0t\n\0x", SaslError::UserName),
        (b"a b\0tim\0x", SaslError::UserName),
        (b"\0tim\0", SaslError::Password),
        (b"\0tim\0a\r\nb", SaslError::Password),
    ] {
        assert_eq!(malformed(plain(message)), error, "{}", message.escape_ascii());
    }
    assert!(matches!(plain(b"admin\0tim\0x"), Step::Refused), "nobody may be somebody else");
}

#[test]
fn login_takes_the_name_in_the_initial_response_too() {
    for initial in [None, Some(b"tim".as_slice())] {
        let mut server = server("LOGIN");
        if initial.is_none() {
            challenge(server.step(None));
        }
        assert_eq!(challenge(server.step(Some(b"tim"))), "Password:");
        let Credentials::Password { user, password } = credentials(server.step(Some(b"pw"))) else {
            panic!()
        };
        assert_eq!((user.as_str(), password.expose()), ("tim", b"pw".as_slice()));
        assert!(matches!(server.checked(true), Step::Accepted));
    }
    assert_eq!(malformed(server("LOGIN").step(Some(b""))), SaslError::UserName);
}

#[test]
fn cram_md5_is_checked_against_its_own_challenge() {
    let mut server = server("CRAM-MD5");
    let asked = challenge(server.step(None));
    let answer = client::cram_md5(&user("tim"), &secret("x")).respond(asked.as_bytes()).unwrap();
    let Credentials::CramMd5 { user, challenge, digest } = credentials(server.step(Some(&answer)))
    else {
        panic!()
    };
    assert_eq!(user.as_str(), "tim");
    assert!(digest.matches(challenge.as_str().as_bytes(), b"x"));
    assert!(!digest.matches(challenge.as_str().as_bytes(), b"y"));
    assert!(matches!(server.checked(false), Step::Refused));
    for wrong in ["", "tim", "tim xyz", "tim  ", " b913a602c7eda7a495b4e6e7334d3890"] {
        let mut server = self::server("CRAM-MD5");
        server.step(None);
        malformed(server.step(Some(wrong.as_bytes())));
    }
}

#[test]
fn tokens_are_read_by_the_letter() {
    let oauth = |message: &str| server("OAUTHBEARER").step(Some(message.as_bytes()));
    for (message, name) in [
        ("n,a=u,\x01host=h\x01port=995\x01auth=Bearer t.-~+/=\x01\x01", Some("u")),
        ("n,,\x01auth=bearer t.-~+/=\x01future=x=y\x01\x01", None),
        ("y,a=a=2Cb,\x01auth=BEARER  t.-~+/=\x01\x01", Some("a,b")),
    ] {
        let Credentials::Token { user, token, mechanism } = credentials(oauth(message)) else {
            panic!()
        };
        assert_eq!(user.as_ref().map(UserName::as_str), name);
        assert_eq!((token.expose(), mechanism.as_str()), (b"t.-~+/=".as_slice(), "OAUTHBEARER"));
    }
    for message in [
        "",
        "\x01",
        "\x01\x01",
        "n,,\x01\x01",
        "n,,\x01host=h\x01\x01",
        "n,,\x01auth=Bearer t\x01",
        "n,,\x01auth=Bearer t",
        "n,,\x01auth=Basic dDp0\x01\x01",
        "n,,\x01auth=Bearer \x01\x01",
        "n,,\x01auth=Bearer a b\x01\x01",
        "n,,\x01auth=Bearer t\x01auth=Bearer u\x01\x01",
        "n,,\x01auth=Bearer t\x01pair\x01\x01",
        "p=tls-exporter,,\x01auth=Bearer t\x01\x01",
        "n,a=a=b,\x01auth=Bearer t\x01\x01",
        "auth=Bearer t\x01\x01",
    ] {
        malformed(oauth(message));
    }
    let xoauth2 = |message: &str| server("XOAUTH2").step(Some(message.as_bytes()));
    credentials(xoauth2("user=u\x01auth=Bearer t\x01\x01"));
    for message in [
        "user=u\x01auth=Bearer t\x01",
        "user=\x01auth=Bearer t\x01\x01",
        "auth=Bearer t\x01user=u\x01\x01",
        "user=u\x01auth=Bearer t\x01x=y\x01\x01",
    ] {
        malformed(xoauth2(message));
    }
}

/// RFC 5034, section 4: a name in two spellings is one mailbox, whatever it is named in.
#[cfg(feature = "saslprep")]
#[test]
fn every_mechanism_prepares_the_name() {
    for (mechanism, message) in [
        ("PLAIN", "\0ba\u{308}r\u{ad}\0password"),
        ("CRAM-MD5", "ba\u{308}r\u{ad} b913a602c7eda7a495b4e6e7334d3890"),
        ("OAUTHBEARER", "n,a=ba\u{308}r\u{ad},\x01auth=Bearer t\x01\x01"),
        ("XOAUTH2", "user=ba\u{308}r\u{ad}\x01auth=Bearer t\x01\x01"),
    ] {
        let mut server = server(mechanism);
        if mechanism == "CRAM-MD5" {
            server.step(None);
        }
        let known = credentials(server.step(Some(message.as_bytes())));
        assert_eq!(known.user().map(UserName::as_str), Some("b\u{e4}r"), "{mechanism}");
    }
}

#[test]
fn a_tokens_refusal_is_explained_before_it_is_said() {
    for (name, message, told) in [
        ("OAUTHBEARER", "n,,\x01auth=Bearer t\x01\x01", r#"{"status":"invalid_token"}"#),
        (
            "XOAUTH2",
            "user=u\x01auth=Bearer t\x01\x01",
            r#"{"status":"401","schemes":"bearer","scope":""}"#,
        ),
    ] {
        for dummy in [b"".as_slice(), b"\x01", b"whatever"] {
            let mut server = server(name);
            credentials(server.step(Some(message.as_bytes())));
            assert_eq!(challenge(server.checked(false)), told);
            assert!(matches!(server.step(Some(dummy)), Step::Refused));
            assert_eq!(malformed(server.step(Some(dummy))), SaslError::Unexpected);
        }
        let mut server = server(name);
        credentials(server.step(Some(message.as_bytes())));
        assert!(matches!(server.checked(true), Step::Accepted));
    }
}

#[test]
fn external_hands_the_certificate_over() {
    for (response, name) in [(b"".as_slice(), None), (b"mark", Some("mark"))] {
        let mut setup = setup();
        setup.certificate = Some(b"DER".to_vec());
        let step = server_with("EXTERNAL", setup).step(Some(response));
        let Credentials::External { user, certificate } = credentials(step) else { panic!() };
        assert_eq!(user.as_ref().map(UserName::as_str), name);
        assert_eq!(certificate, b"DER");
    }
}

#[test]
fn a_guests_trace_is_one_line() {
    let Credentials::Anonymous { trace } =
        credentials(server("ANONYMOUS").step(Some(b"sirhc@example.org")))
    else {
        panic!()
    };
    assert_eq!(trace.to_string(), "sirhc@example.org");
    for wrong in [b"a\r\nb".as_slice(), b"\xff", &[b'a'; 256]] {
        assert_eq!(malformed(server("ANONYMOUS").step(Some(wrong))), SaslError::Trace);
    }
}

#[test]
fn a_first_message_of_scram_that_breaks_a_rule_fails() {
    for (first, error) in [
        ("", SaslError::Malformed),
        ("n,", SaslError::Malformed),
        ("n,,", SaslError::Malformed),
        ("x,,n=u,r=abc", SaslError::Malformed),
        ("N,,n=u,r=abc", SaslError::Malformed),
        ("n,u,n=u,r=abc", SaslError::Malformed),
        ("n,,r=abc,n=u", SaslError::Malformed),
        ("n,,n=u", SaslError::Malformed),
        ("n,,n=u,r=", SaslError::Malformed),
        ("n,,n=,r=abc", SaslError::Malformed),
        ("n,,n=u,r=abc,", SaslError::Malformed),
        ("n,,n=a=2cb,r=abc", SaslError::Malformed),
        ("n,,n=a=,r=abc", SaslError::Malformed),
        ("n,,n=a b,r=abc", SaslError::UserName),
        ("n,,n=u,r=a\x7fc", SaslError::Nonce),
        ("n,,m=x,n=u,r=abc", SaslError::Extension),
        ("n,,n=u,r=abc,m=x", SaslError::Extension),
        ("p=tls-exporter,,n=u,r=abc", SaslError::BindingUse),
    ] {
        let error_seen = malformed(server("SCRAM-SHA-1").step(Some(first.as_bytes())));
        assert_eq!(error_seen, error, "{first}");
    }
    let long = alloc::format!("n,,n=u,r={}", "x".repeat(ScramKeys::MAX_MESSAGE));
    assert_eq!(malformed(server("SCRAM-SHA-1").step(Some(long.as_bytes()))), SaslError::TooLong);
}

#[test]
fn the_name_of_the_mechanism_and_the_binding_agree() {
    let mut setup = setup();
    setup.bindings.push(ChannelBinding::tls_exporter(&[9; 32]));
    for (name, first, error) in [
        ("SCRAM-SHA-256-PLUS", "n,,n=u,r=abc", SaslError::BindingUse),
        ("SCRAM-SHA-256-PLUS", "y,,n=u,r=abc", SaslError::BindingUse),
        ("SCRAM-SHA-256-PLUS", "p=tls-unique,,n=u,r=abc", SaslError::BindingType),
        ("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=u,r=abc", SaslError::BindingType),
        ("SCRAM-SHA-256", "p=tls-exporter,,n=u,r=abc", SaslError::BindingUse),
        ("SCRAM-SHA-256", "y,,n=u,r=abc", SaslError::Downgraded),
    ] {
        let step = server_with(name, setup.clone()).step(Some(first.as_bytes()));
        assert_eq!(malformed(step), error, "{name} {first}");
    }
    let step = server("SCRAM-SHA-256").step(Some(b"y,,n=u,r=abc"));
    assert!(matches!(step, Step::ScramKeys { .. }), "no -PLUS is offered, so none was hidden");
}

#[test]
fn calls_out_of_turn_are_errors() {
    assert_eq!(malformed(server("PLAIN").checked(true)), SaslError::Unexpected);
    assert_eq!(malformed(server("PLAIN").scram_keys(None)), SaslError::Unexpected);
    assert_eq!(malformed(server("SCRAM-SHA-1").scram_keys(None)), SaslError::Unexpected);
    let mut scram = server("SCRAM-SHA-1");
    scram.step(Some(b"n,,n=u,r=abc"));
    assert_eq!(malformed(scram.step(Some(b"x"))), SaslError::Unexpected, "keys come first");
    assert_eq!(malformed(scram.scram_keys(None)), SaslError::Unexpected, "it is over");
}

#[test]
fn silence_is_an_answer_at_the_beginning_alone() {
    let mut asked = server("PLAIN");
    assert_eq!(challenge(asked.step(None)), "");
    assert_eq!(malformed(asked.step(None)), SaslError::Unexpected);
    let mut login = server("LOGIN");
    let _ = (login.step(None), login.step(Some(b"tim")), login.step(Some(b"pw")));
    assert_eq!(malformed(login.step(None)), SaslError::Unexpected, "the host is being asked");
    assert_eq!(malformed(login.checked(true)), SaslError::Unexpected, "it is over");
    assert_eq!(malformed(login.step(None)), SaslError::Unexpected, "and stays so");
}

#[test]
fn a_server_is_shown_by_whether_it_is_over() {
    let mut server = server("PLAIN");
    let before = alloc::format!("{server:?}");
    assert!(before.contains("under way"), "{before}");
    assert!(matches!(server.step(Some(b"no PLAIN")), Step::Malformed(_)));
    let after = alloc::format!("{server:?}");
    assert!(after.contains("over") && !after.contains("under way"), "{after}");
    let shown = alloc::format!("{:?}", setup());
    assert!(shown.starts_with("ServerSetup { host: \"pop.example.org\", bindings: ["), "{shown}");
}
