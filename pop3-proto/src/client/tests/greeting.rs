//! The server's first line (RFC 1939, sections 4 and 7).

use super::*;

fn greeted_by(line: &str) -> Vec<String> {
    Scene::ungreeted(Config::default()).says(line)
}

fn timestamp_in(line: &str) -> Option<String> {
    let mut connection = Connection::new(Config::default());
    connection.receive(line.as_bytes());
    match connection.poll() {
        Some(Event::Greeting(greeting)) => greeting.timestamp.map(|found| found.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_said_before_the_greeting() {
    let mut scene = Scene::ungreeted(Config::default());
    scene.send("CAPA");
    assert_eq!(scene.said(), "");
    scene.says("+OK re");
    assert_eq!(scene.said(), "");
    scene.says("ady\r\n");
    assert_eq!(scene.said(), "CAPA\r\n");
}

#[test]
fn a_greeting_needs_no_text() {
    assert_eq!(greeted_by("+OK\r\n"), ["greeting +OK"]);
    assert_eq!(greeted_by("+OK \r\n"), ["greeting +OK"]);
}

#[test]
fn a_greeting_may_have_a_response_code_before_capa_is_known() {
    assert_eq!(greeted_by("+OK [XCLIENT] hello\r\n"), ["greeting +OK [XCLIENT] hello"]);
    let told = greeted_by("-ERR [SYS/TEMP] later\r\n");
    assert_eq!(told[0], "greeting -ERR [SYS/TEMP] later", "and no quirk is told");
}

#[test]
fn a_refusal_is_told_and_ends_the_session() {
    let mut scene = Scene::ungreeted(Config::default());
    scene.send("CAPA");
    let told = scene.says("-ERR busy\r\n");
    assert_eq!(told, ["greeting -ERR busy", "closed: the server refused service: -ERR busy"]);
    assert_eq!(scene.said(), "");
}

#[test]
fn what_is_no_greeting_ends_the_session_and_is_shown() {
    for line in ["220 smtp.example.org ESMTP\r\n", "* OK IMAP4rev1\r\n", "+OKAY\r\n", "\r\n"] {
        let told = greeted_by(line);
        let [only] = told.as_slice() else { panic!("{told:?}") };
        assert!(
            only.starts_with("closed: a reply begins neither with +OK nor with -ERR"),
            "{only}"
        );
        assert!(only.contains(line.trim_end()));
    }
}

#[test]
fn the_timestamp_may_stand_anywhere() {
    for line in ["+OK <1.2@h>\r\n", "+OK ready <1.2@h>\r\n", "+OK <1.2@h> ready\r\n"] {
        assert_eq!(timestamp_in(line).as_deref(), Some("<1.2@h>"));
    }
}

#[test]
fn what_is_no_msg_id_is_no_timestamp() {
    for line in ["+OK <pop.example.org>\r\n", "+OK ready\r\n", "-ERR <1.2@h>\r\n"] {
        assert_eq!(timestamp_in(line), None, "{line}");
    }
}

#[test]
fn a_greeting_that_does_not_end_is_too_long() {
    let mut scene = Scene::ungreeted(Config::default());
    let told = scene.says(alloc::format!("+OK {}", "x".repeat(5_000)));
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("closed: a reply line is too long"), "{}", told[0]);
}

#[test]
fn a_server_that_goes_on_unasked_breaks_the_protocol() {
    let told = greeted_by("+OK ready\r\n+OK again\r\n");
    assert_eq!(told[0], "greeting +OK ready");
    assert!(told[1].starts_with("closed: the server spoke unasked"), "{}", told[1]);
}
