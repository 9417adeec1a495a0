//! UTF8 and LANG (RFC 6856).

use super::*;
use crate::capability::Capability;

fn offering_utf8(user: bool) -> Session {
    let mut config = Config::default();
    config.capabilities.set(Capability::Utf8 { user });
    config.capabilities.set(Capability::Stls);
    Session::with(config, &["Subject: x\r\n\r\nx\r\n"])
}

#[test]
fn utf8_is_taken_before_login_and_without_argument_where_it_is_offered() {
    Session::new().is_refused("UTF8");
    let mut session = offering_utf8(false);
    assert!(session.asks("CAPA").contains("\r\nUTF8\r\n"));
    session.is_refused("UTF8 x");
    assert!(!session.connection.is_utf8());
    for _ in 0..2 {
        assert!(session.asks("UTF8").starts_with("+OK"));
        assert!(session.connection.is_utf8());
    }
    session.log_in();
    assert!(session.connection.is_utf8());
    assert!(session.asks("CAPA").contains("\r\nUTF8\r\n"), "listed in both states");

    let mut session = offering_utf8(false);
    session.log_in();
    session.is_refused("UTF8");
    assert!(!session.connection.is_utf8());
}

#[test]
fn utf8_changes_nothing_for_a_message_in_ascii() {
    let (mut one, mut two) = (offering_utf8(false), offering_utf8(false));
    two.asks("UTF8");
    for session in [&mut one, &mut two] {
        session.log_in();
    }
    for line in ["STAT", "LIST", "RETR 1", "TOP 1 0"] {
        assert_eq!(one.asks(line), two.asks(line));
    }
}

/// RFC 6856, section 2.2.
#[test]
fn names_and_passwords_are_utf8_even_before_the_command_when_the_argument_says_so() {
    let mut session = offering_utf8(true);
    assert!(session.asks("CAPA").contains("\r\nUTF8 USER\r\n"));
    assert!(session.asks("USER jürgen").starts_with("+OK"));
    assert!(session.says(b"PASS \xff\xfe\r\n").starts_with("-ERR "));
    assert_eq!(session.waits.len(), 0, "nobody was asked whether it is right");
    assert!(session.asks("USER jürgen").starts_with("+OK"));
    assert!(session.asks("PASS straße").starts_with("-ERR [AUTH]"));
    for odd in [&b"USER \xc0\xaf\r\n"[..], b"USER \xed\xa0\x80\r\n", b"USER \xff\r\n"] {
        assert!(session.says(odd).starts_with("-ERR "), "{odd:?}");
    }
}

/// RFC 6856, section 2.2.
#[cfg(feature = "saslprep")]
#[test]
fn names_are_prepared_and_those_that_cannot_be_are_refused() {
    let mut session = offering_utf8(true);
    let full_width = "\u{ff4d}\u{ff41}\u{ff52}\u{ff4b}";
    assert!(session.asks(&format!("USER {full_width}")).starts_with("+OK"));
    assert!(session.asks("PASS swordfish").starts_with("+OK"), "mark is in");
    let mut session = offering_utf8(true);
    for prohibited in ["mark\u{e000}", "mark\u{fffd}", "\u{ad}"] {
        assert!(session.asks(&format!("USER {prohibited}")).starts_with("-ERR "));
        assert!(session.asks("PASS swordfish").starts_with("-ERR "), "no name holds");
    }
}

#[test]
fn languages_are_listed_by_tag_and_by_the_name_that_they_have_in_themselves() {
    let mut session = Session::new();
    let listing = "+OK languages follow\r\nen English\r\nde Deutsch\r\ni-default English\r\n.\r\n";
    assert_eq!(session.asks("LANG"), listing);
    session.log_in();
    assert_eq!(session.asks("LANG"), listing, "lawful in both states");
}

#[test]
fn a_language_that_is_chosen_is_spoken_at_once() {
    let mut session = Session::new();
    assert_eq!(session.connection.language().as_str(), "i-default");
    assert_eq!(session.asks("LANG de"), "+OK de ab jetzt auf Deutsch\r\n");
    assert_eq!(session.asks("USER mark"), "+OK nun bitte das Passwort\r\n");
    assert_eq!(
        session.asks("PASS wrong"),
        "-ERR [AUTH] Name und Passwort passen nicht zusammen\r\n"
    );
    session.locked = Some(Refusal::InUse);
    session.asks("USER mark");
    assert_eq!(
        session.asks("PASS swordfish"),
        "-ERR [IN-USE] das Postfach ist in einer anderen Sitzung geöffnet\r\n"
    );
    session.log_in();
    assert_eq!(session.asks("STAT"), "+OK 0 0\r\n", "data is the same in any language");
    assert_eq!(session.asks("LANG en"), "+OK en remarks are in English now\r\n");
    assert_eq!(session.asks("RETR 1"), "-ERR no such message\r\n");
    assert_eq!(session.asks("LANG de-CH"), "+OK de ab jetzt auf Deutsch\r\n");
    assert_eq!(session.asks("RETR"), "-ERR RETR verlangt ein Argument\r\n");
    assert_eq!(session.asks("LANG *"), "+OK en remarks are in English now\r\n");
    assert!(session.asks("LANG i-default").starts_with("+OK i-default "));
}

#[test]
fn a_language_that_there_is_not_changes_nothing() {
    let mut session = Session::new();
    session.is_refused("LANG tlh");
    session.asks("LANG de");
    assert_eq!(session.asks("LANG tlh"), "-ERR diese Sprache gibt es hier nicht\r\n");
    session.is_refused("LANG d\u{e9}");
    session.is_refused("LANG de en");
    assert_eq!(session.connection.language().as_str(), "de");
}

#[test]
fn where_there_is_no_choice_there_is_no_lang() {
    let mut alone = Config::default();
    alone.languages.truncate(1);
    let mut off = Config::default();
    off.capabilities.remove("LANG");
    for config in [alone, off] {
        let mut session = Session::with(config, &[]);
        assert!(!session.asks("CAPA").contains("LANG"));
        session.is_refused("LANG");
        session.is_refused("LANG en");
    }
    let mut session = Session::new();
    assert!(session.asks("CAPA").contains("\r\nLANG\r\n"));
    session.log_in();
    assert!(session.asks("CAPA").contains("\r\nLANG\r\n"));
}

#[test]
fn remarks_are_english_until_a_language_is_chosen_whatever_is_preferred() {
    let mut config = Config::default();
    config.languages.reverse();
    let mut session = Session::with(config, &[]);
    assert_eq!(session.asks("USER mark"), "+OK now the password, please\r\n");
    assert!(session.asks("LANG *").starts_with("+OK de "));
}

#[test]
fn a_language_of_ones_own_is_spoken_with_its_values_in_place() {
    let texts = RemarkName::ALL.iter().map(|name| match name {
        RemarkName::MaildropReady => (*name, "{octets} in {messages}"),
        _ => (*name, "[ja]"),
    });
    let mut config = Config::default();
    config.languages = alloc::vec![Language::english(), Language::new("nl", "", texts).unwrap()];
    let mut session = Session::with(config, &["Subject: x\r\n\r\nx\r\n"]);
    session.asks("LANG NL");
    assert_eq!(session.asks("NOPE"), "-ERR (ja]\r\n", "no text becomes a response code");
    session.asks("USER mark");
    assert_eq!(session.asks("PASS swordfish"), "+OK 17 in 1\r\n");
}

#[test]
fn what_was_agreed_in_clear_text_is_forgotten_in_tls() {
    let mut session = offering_utf8(false);
    session.says("LANG de\r\nUTF8\r\n");
    assert_eq!(session.asks("STLS"), "+OK jetzt TLS beginnen\r\n", "nobody is kept in clear text");
    session.connection.tls_started(Channel::default());
    assert!(!session.connection.is_utf8());
    assert_eq!(session.asks("USER mark"), "+OK now the password, please\r\n");
}

#[test]
fn a_password_that_is_no_utf8_is_the_hosts_to_judge_unless_names_are_utf8() {
    for (user, tried) in [(false, 1), (true, 0)] {
        let mut session = offering_utf8(user);
        session.asks("USER mark");
        assert!(session.says(b"PASS \xff\r\n").starts_with("-ERR"));
        assert_eq!(session.waits.len(), tried, "the answer to a wrong password is held back");
    }
}
