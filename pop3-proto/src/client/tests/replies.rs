//! Status lines (RFC 1939, section 3; RFC 2449, sections 6.4 and 8).

use super::*;
use crate::state::State;

#[test]
fn a_status_indicator_alone_is_an_answer_to_everything() {
    let mut scene = Scene::ungreeted(Config::default());
    scene.says("+OK\r\n");
    for line in ["USER mark", "PASS swordfish", "DELE 1", "NOOP", "RSET"] {
        let id = scene.send(line).0;
        let expected = [alloc::format!("{id} +OK"), alloc::format!("{id} done")];
        assert_eq!(scene.says("+OK\r\n"), expected, "{line}");
    }
    for line in ["CAPA", "LIST", "UIDL", "RETR 1", "TOP 1 0"] {
        let id = scene.send(line).0;
        let expected = [alloc::format!("{id} +OK"), alloc::format!("{id} done")];
        assert_eq!(scene.says("+OK\r\n.\r\n"), expected, "{line}");
    }
    for line in ["LIST 1", "RETR 1", "QUIT"] {
        scene.send(line);
        assert!(scene.says("-ERR\r\n")[0].ends_with(" -ERR"), "{line}");
    }
}

#[test]
fn a_refused_multi_line_command_is_answered_by_one_line() {
    let mut scene = Scene::new().logged_in();
    for line in ["LIST", "UIDL", "RETR 1", "TOP 1 0", "CAPA"] {
        let id = scene.send(line).0;
        let told = scene.says("-ERR no\r\n");
        assert_eq!(told, [alloc::format!("{id} -ERR no"), alloc::format!("{id} done")]);
    }
}

#[test]
fn a_wrong_indicator_ends_the_session() {
    for line in ["+ERR no\r\n", "-OK\r\n", "+ok\r\n", "\r\n", "OK\r\n", "+ c29tZQ==\r\n"] {
        let mut scene = Scene::new().logged_in();
        scene.send("NOOP");
        let told = scene.says(line);
        let expected = "closed: a reply begins neither with +OK nor with -ERR (RFC 1939 section 3)";
        assert!(told.len() == 1 && told[0].starts_with(expected), "{told:?}");
    }
}

#[test]
fn a_reply_with_nul_ends_the_session() {
    let mut scene = Scene::new().logged_in();
    scene.send("NOOP");
    assert!(scene.says("+OK \0\r\n")[0].starts_with("closed: a reply holds NUL"));
}

#[test]
fn an_unasked_goodbye_is_told_as_what_it_is() {
    let mut scene = Scene::new().logged_in();
    let told = scene.says("-ERR idle for too long\r\n");
    assert_eq!(told, ["closed: the server refused service: -ERR idle for too long"]);
}

#[test]
fn an_unasked_line_breaks_the_protocol() {
    let mut scene = Scene::new().logged_in();
    assert!(scene.says("+OK\r\n")[0].starts_with("closed: the server spoke unasked"));
}

#[test]
fn a_reply_that_is_too_long_ends_the_session() {
    let mut scene = Scene::new().logged_in();
    scene.send("NOOP");
    let told = scene.says(alloc::format!("+OK {}\r\n", "x".repeat(4_091)));
    assert!(told[0].starts_with("closed: a reply line is too long"), "{}", told[0]);

    let mut scene = Scene::new().logged_in();
    scene.send("NOOP");
    let told = scene.says(alloc::format!("+OK {}\r\n", "x".repeat(4_090)));
    assert_eq!((told.len(), told[0].as_str()), (3, "quirk LongReply"));
}

#[test]
fn a_reply_has_512_octets_with_its_line_end() {
    for (octets, is_odd) in [(512, false), (513, true)] {
        let mut scene = Scene::new().logged_in();
        scene.send("NOOP");
        let told = scene.says(alloc::format!("+OK {}\r\n", "x".repeat(octets - 6)));
        assert_eq!(told[0] == "quirk LongReply", is_odd, "{octets}");
    }
}

#[test]
fn a_bare_lf_ends_a_reply_unless_strict() {
    let mut scene = Scene::new().logged_in();
    scene.send("NOOP");
    assert_eq!(scene.says("+OK\n"), ["quirk BareLf", "2 +OK", "2 done"]);
    scene.send("NOOP");
    assert_eq!(scene.says("+OK\n"), ["3 +OK", "3 done"], "told once");

    let mut scene = Scene::strict();
    scene.send("CAPA");
    assert!(scene.says("+OK\n")[0].starts_with("closed: a line does not end with CRLF"));
}

#[test]
fn codes_without_resp_codes_are_text_unless_registered() {
    let mut scene = Scene::new().offering("TOP");
    scene.send("USER mark");
    assert_eq!(scene.says("-ERR [hello] \x07x\r\n"), ["1 -ERR [hello] \\u{7}x", "1 done"]);
    scene.send("USER mark");
    let told = scene.says("-ERR [in-use] x\r\n");
    assert_eq!(told, ["quirk UnannouncedCode", "2 -ERR [in-use] x", "2 done"]);
}

#[test]
fn text_with_an_unpromised_bracket_is_kept_octet_for_octet() {
    let mut scene = Scene::strict().offering("TOP");
    scene.connection.send(Command::parse(b"USER mark").unwrap()).unwrap();
    scene.connection.receive(b"-ERR [IN-USE]\x07\xff  y \r\n");
    let Some(Event::Reply { reply, .. }) = scene.connection.poll() else { panic!() };
    assert_eq!(reply.code, None);
    assert_eq!(reply.text.as_bytes(), b"[IN-USE]\x07\xff  y ");
}

#[test]
fn malformed_data_ends_a_strict_session_and_nothing_comes_behind() {
    let mut scene = Scene::strict().logged_in();
    scene.send("STAT");
    let told = scene.says("+OK many\r\n");
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], "2 +OK many");
    assert!(told[1].starts_with("closed: a line of a listing is malformed"), "{}", told[1]);
}

#[test]
fn malformed_data_is_left_out_when_forgiving() {
    for text in ["", " many", " 3", " -1 -1", " 3 %!d(float64=2)"] {
        let mut scene = Scene::new().logged_in();
        scene.send("STAT");
        let told = scene.says(alloc::format!("+OK{text}\r\n"));
        assert_eq!(
            (told.len(), told[1].as_str(), told[2].as_str()),
            (3, "quirk MalformedListing", "2 done")
        );
    }
}

#[test]
fn data_may_have_more_behind_it() {
    let mut scene = Scene::strict().logged_in();
    scene.send("STAT");
    assert_eq!(scene.says("+OK 2 320 octets\r\n")[1], "2 2 messages 320");
    scene.send("LIST 2");
    assert_eq!(scene.says("+OK 2 200 octets\r\n")[1], "3 2 octets 200");
    scene.send("UIDL 2");
    assert_eq!(scene.says("+OK 2 abc\r\n")[1], "4 2 id abc");
}

#[test]
fn the_state_follows_the_replies() {
    let mut scene = Scene::new();
    scene.send("PASS x");
    scene.says("-ERR no\r\n");
    assert_eq!(scene.connection.state(), State::Authorization);
    let mut scene = scene.logged_in();
    assert_eq!(scene.connection.state(), State::Transaction);
    scene.send("QUIT");
    assert_eq!(scene.says("+OK\r\n"), ["3 +OK", "3 done", "closed"]);
    assert_eq!(scene.connection.state(), State::Update);
}

#[test]
fn quit_before_login_enters_no_update() {
    let mut scene = Scene::new();
    scene.send("QUIT");
    assert_eq!(scene.says("+OK\r\n"), ["0 +OK", "0 done", "closed"]);
    assert_eq!(scene.connection.state(), State::Authorization);
}
