//! Messages with UTF-8 in their headers, for clients without UTF8 (RFC 6856, sections 2.1 and 5).

use super::*;
use crate::capability::Capability;

const LETTER: &str = "Subject: grün\r\nX: y\r\n\r\neins, zwölf\r\n.\r\n";
const ASCII: &str = "Subject: x\r\n\r\nzwölf\r\n";

fn config(utf8_headers: Utf8Headers) -> Config {
    let mut config = Config::default();
    config.capabilities.set(Capability::Utf8 { user: false });
    config.utf8_headers = utf8_headers;
    config
}

fn with(utf8_headers: Utf8Headers) -> Session {
    let mut session = Session::with(config(utf8_headers), &[LETTER, ASCII]);
    session.log_in();
    session
}

/// A fetch by a host that hands over octet by octet.
fn in_single_octets(config: Config, letter: &str, command: &str) -> String {
    let mut session = Session::with(config, &[letter]);
    session.log_in();
    session.idle_host = true;
    let mut wire = session.asks(command).into_bytes();
    let Some(Action::Fetch { ticket, .. }) = session.asked.pop() else { panic!("no fetch") };
    for octet in letter.as_bytes() {
        let taken = session.connection.message(&ticket, &[*octet]).unwrap();
        assert_eq!(taken.octets, 1);
        session.flush(&mut wire);
        if taken.enough {
            break;
        }
    }
    session.connection.message_complete(ticket).unwrap();
    session.flush(&mut wire);
    String::from_utf8(wire).unwrap()
}

#[test]
fn in_utf8_mode_and_where_utf8_is_not_offered_messages_go_out_as_they_are() {
    let whole = "+OK 49 octets\r\nSubject: grün\r\nX: y\r\n\r\neins, zwölf\r\n..\r\n.\r\n";
    for policy in [Utf8Headers::Downgrade, Utf8Headers::Refuse] {
        let mut session = Session::with(config(policy), &[LETTER]);
        session.asks("UTF8");
        session.log_in();
        assert!(session.asks("RETR 1").ends_with(&whole[13..]));

        let mut config = config(policy);
        config.capabilities.remove("UTF8");
        let mut session = Session::with(config, &[LETTER]);
        session.log_in();
        assert!(session.asks("RETR 1").ends_with(&whole[13..]));
    }
    assert!(with(Utf8Headers::AsIs).asks("RETR 1").ends_with(&whole[13..]));
}

#[test]
fn a_header_is_downgraded_and_the_body_stays() {
    let mut session = with(Utf8Headers::Downgrade);
    let header = "Subject: =?UTF-8?B?Z3LDvG4=?=\r\nX: y\r\n\r\n";
    assert_eq!(
        session.asks("RETR 1").split_once("\r\n").unwrap().1,
        alloc::format!("{header}eins, zwölf\r\n..\r\n.\r\n")
    );
    assert_eq!(
        session.asks("TOP 1 1").split_once("\r\n").unwrap().1,
        alloc::format!("{header}eins, zwölf\r\n.\r\n")
    );
    assert_eq!(
        session.asks("TOP 1 0").split_once("\r\n").unwrap().1,
        alloc::format!("{header}.\r\n")
    );
}

#[test]
fn a_message_with_utf8_in_its_header_is_refused_with_its_code() {
    let mut session = with(Utf8Headers::Refuse);
    for line in ["RETR 1", "TOP 1 0", "TOP 1 1"] {
        assert_eq!(
            session.asks(line),
            "-ERR [UTF8] the message needs UTF8 before login\r\n",
            "{line}"
        );
    }
    assert!(session.asks("NOOP").starts_with("+OK"), "the session goes on");
    session.asks("LANG de");
    assert!(session.asks("RETR 1").starts_with("-ERR [UTF8] die Nachricht"));
}

#[test]
fn a_message_with_a_header_in_ascii_goes_out_as_it_is() {
    let mut as_it_is = with(Utf8Headers::AsIs);
    for policy in [Utf8Headers::Downgrade, Utf8Headers::Refuse] {
        for line in ["RETR 2", "TOP 2 0", "TOP 2 1"] {
            assert_eq!(with(policy).asks(line), as_it_is.asks(line));
        }
    }
}

#[test]
fn it_does_not_matter_how_a_message_is_cut() {
    for policy in [Utf8Headers::AsIs, Utf8Headers::Downgrade, Utf8Headers::Refuse] {
        for letter in [LETTER, ASCII, "Subject: no blank line", "Subject: grün", ""] {
            for line in ["RETR 1", "TOP 1 0", "TOP 1 1"] {
                let mut session = Session::with(config(policy), &[letter]);
                session.log_in();
                let whole = session.asks(line);
                assert_eq!(in_single_octets(config(policy), letter, line), whole, "{policy:?}");
            }
        }
    }
}

#[test]
fn a_header_that_is_too_long_to_be_held_is_downgraded() {
    let mut config = config(Utf8Headers::Refuse);
    config.high_water = 40.try_into().unwrap();
    let letter = alloc::format!("X-A: {}\r\nSubject: ä\r\n\r\nä\r\n", "x".repeat(60));
    let mut session = Session::with(config, &[&letter]);
    session.log_in();
    let sent = session.asks("RETR 1");
    let expected = letter.replacen('ä', "=?UTF-8?B?w6Q=?=", 1) + ".\r\n";
    assert_eq!(sent.split_once("\r\n").unwrap().1, expected);
}

#[test]
fn no_more_of_a_field_is_held_than_high_water() {
    let mut config = config(Utf8Headers::Downgrade);
    config.high_water = 40.try_into().unwrap();
    let letter = alloc::format!("Subject: ä{}\r\n\r\n", "x".repeat(60));
    let mut session = Session::with(config, &[&letter]);
    session.log_in();
    let sent = session.asks("RETR 1");
    assert_eq!(sent.split_once("\r\n").unwrap().1, letter.replacen('ä', "??", 1) + ".\r\n");
}

#[test]
fn a_message_that_fails_while_its_header_is_held_is_refused_and_nothing_is_cut() {
    let mut session = with(Utf8Headers::Refuse);
    session.broken_after = Some(9);
    assert_eq!(session.asks("RETR 2"), "-ERR [SYS/TEMP] disk on fire\r\n");
    assert_eq!(session.ending, None);
}

#[test]
fn the_host_is_told_when_no_more_of_a_message_is_needed() {
    for (letter, command) in [(LETTER, "RETR 1"), (LETTER, "TOP 1 0"), (ASCII, "TOP 1 0")] {
        let mut session = Session::with(config(Utf8Headers::Refuse), &[letter]);
        session.log_in();
        session.idle_host = true;
        session.asks(command);
        let Some(Action::Fetch { ticket, .. }) = session.asked.pop() else { panic!("no fetch") };
        let taken = session.connection.message(&ticket, letter.as_bytes()).unwrap();
        assert!(taken.enough, "{command}");
        assert_eq!(taken.octets, letter.len());
    }
}
