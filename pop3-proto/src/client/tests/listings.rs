//! CAPA, LIST, UIDL (RFC 1939, sections 5 and 7; RFC 2449, section 5).

use super::*;
use crate::capability::Capability;

fn listed(scene: Scene, command: &str, lines: &str) -> Vec<String> {
    let mut scene = scene.logged_in();
    scene.send(command);
    let mut told = scene.says(alloc::format!("+OK\r\n{lines}"));
    assert_eq!(told.remove(0), "2 +OK");
    told
}

#[test]
fn empty_listing_ends() {
    for command in ["LIST", "UIDL", "CAPA"] {
        assert_eq!(listed(Scene::strict(), command, ".\r\n"), ["2 done"]);
    }
}

#[test]
fn lines_are_items() {
    let told = listed(Scene::strict(), "LIST", "1 120\r\n2 200 octets\r\n.\r\n");
    assert_eq!(told, ["2 1 octets 120", "2 2 octets 200", "2 done"]);
    let told = listed(Scene::strict(), "UIDL", "1 whqtsw\r\n2 ..b\r\n.\r\n");
    assert_eq!(told, ["2 1 id whqtsw", "2 2 id ..b", "2 done"]);
}

#[test]
fn number_gaps_after_dele_are_fine() {
    let told = listed(Scene::strict(), "LIST", "2 20\r\n7 70\r\n5 50\r\n.\r\n");
    assert_eq!(told, ["2 2 octets 20", "2 7 octets 70", "2 5 octets 50", "2 done"]);
}

#[test]
fn a_line_that_begins_with_a_dot_does_not_end_a_listing() {
    let told = listed(Scene::strict(), "CAPA", "..X-DOT\r\n.X-ODD\r\nTOP\r\n.\r\n");
    assert_eq!(told, ["2 can .X-DOT", "2 can X-ODD", "2 can TOP", "2 done"]);
}

#[test]
fn blank_lines_are_forgiven_and_told() {
    let told = listed(Scene::new(), "UIDL", "\r\n1 a\r\n\r\n.\r\n");
    assert_eq!(told, ["quirk BlankLine", "2 1 id a", "2 done"]);
    let told = listed(Scene::strict(), "UIDL", "\r\n1 a\r\n");
    assert!(told.len() == 1 && told[0].starts_with("closed: a line of a listing is malformed"));
}

#[test]
fn malformed_lines_are_forgiven_and_told() {
    for line in ["x", "0 12", "-1 12", "4294967297 12", "3", "3 x", "3 -1", "1x 4"] {
        let told = listed(Scene::new(), "LIST", &alloc::format!("{line}\r\n2 20\r\n.\r\n"));
        assert_eq!(told, ["quirk MalformedListing", "2 2 octets 20", "2 done"], "{line}");
        let told = listed(Scene::strict(), "LIST", &alloc::format!("{line}\r\n"));
        assert!(told[0].starts_with("closed: a line of a listing is malformed"), "{line}");
    }
    let told = listed(Scene::new(), "UIDL", "1\r\n2 \r\n3 c\r\n.\r\n");
    assert_eq!(told, ["quirk MalformedListing", "2 3 id c", "2 done"]);
}

#[test]
fn odd_unique_ids_are_forgiven_and_told() {
    let long = "x".repeat(71);
    for id in ["two words", "\u{e9}", long.as_str()] {
        let lines = alloc::format!("1   {id}\r\n.\r\n");
        let told = listed(Scene::new(), "UIDL", &lines);
        assert_eq!((told.len(), told[0].as_str()), (3, "quirk OddUniqueId"), "{id}");
        let told = listed(Scene::strict(), "UIDL", &lines);
        assert!(told[0].starts_with("closed: a line of a listing is malformed"), "{id}");
    }
}

#[test]
fn an_endless_listing_is_cut() {
    let mut config = Config::default();
    config.listing_lines = 3.try_into().unwrap();
    let told = listed(Scene::with(config.clone()), "LIST", "1 1\r\n2 2\r\n3 3\r\n.\r\n");
    assert_eq!(told.len(), 4);
    let told = listed(Scene::with(config.clone()), "LIST", "1 1\r\n2 2\r\n3 3\r\n4 4\r\n");
    assert!(told[3].starts_with("closed: a listing has too many lines"), "{told:?}");
    // Lines that are left out count, too.
    let told = listed(Scene::with(config), "LIST", "\r\n\r\n\r\n\r\n");
    assert!(told[1].starts_with("closed: a listing has too many lines"), "{told:?}");
}

#[test]
fn a_listing_of_long_lines_is_cut() {
    let mut config = Config::default();
    config.answer = "1 a2 bcd".len().try_into().unwrap();
    let told = listed(Scene::with(config.clone()), "UIDL", "1 a\r\n2 bcd\r\n.\r\n");
    assert_eq!(told.len(), 3, "{told:?}");
    let told = listed(Scene::with(config), "UIDL", "1 a\r\n2 bcd\r\n3 e\r\n");
    assert!(told[2].starts_with("closed: an answer is too long"), "{told:?}");
}

#[test]
fn an_endless_list_of_capabilities_is_cut() {
    let mut config = Config::default();
    config.capability_lines = 2.try_into().unwrap();
    let told = listed(Scene::with(config), "CAPA", "A\r\nB\r\nC\r\n");
    assert!(told[2].starts_with("closed: a listing has too many lines"), "{told:?}");
}

#[test]
fn a_line_that_is_too_long_ends_the_session() {
    let told = listed(Scene::new(), "CAPA", &"x".repeat(4_096));
    assert!(told[0].starts_with("closed: a reply line is too long"), "{told:?}");
}

#[test]
fn lf_dot_lf_is_not_the_end_where_lines_end_with_crlf() {
    let told = listed(Scene::new(), "CAPA", "TOP\n.\nUIDL\r\n.\r\n");
    let expected = ["quirk BareLf", "2 can TOP", "quirk BlankLine", "2 can UIDL", "2 done"];
    assert_eq!(told, expected);
}

#[test]
fn a_server_of_bare_lfs_is_understood() {
    let mut scene = Scene::new().logged_in();
    scene.send("LIST");
    let told = scene.says("+OK\n1 10\n.\n");
    assert_eq!(told, ["quirk BareLf", "2 +OK", "2 1 octets 10", "2 done"]);
}

#[test]
fn capa_with_unknown_tag_is_kept() {
    let mut scene = Scene::new();
    scene.send("CAPA");
    scene.says("+OK\r\nX-FOO 1 2\r\nTOP\r\nEXPIRENEVER\r\n.\r\n");
    let capabilities = scene.connection.capabilities().unwrap();
    let lines: Vec<String> = capabilities.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["X-FOO 1 2", "TOP", "EXPIRENEVER"]);
}

#[test]
fn capabilities_are_known_once_the_list_has_ended() {
    let mut scene = Scene::new();
    scene.send("CAPA");
    scene.says("+OK\r\nPIPELINING\r\n");
    assert!(scene.connection.capabilities().is_none());
    scene.says(".\r\n");
    assert!(scene.connection.capabilities().unwrap().has("pipelining"));
    scene.send("CAPA");
    scene.says("+OK\r\nTOP\r\n.\r\n");
    assert!(!scene.connection.capabilities().unwrap().has("PIPELINING"), "the last list counts");
}

#[test]
fn a_refused_capa_changes_nothing() {
    let mut scene = Scene::new();
    scene.send("CAPA");
    assert_eq!(scene.says("-ERR what?\r\n"), ["0 -ERR what?", "0 done"]);
    assert!(scene.connection.capabilities().is_none());
    let mut scene = scene.offering("TOP").logged_in();
    scene.send("CAPA");
    scene.says("-ERR not here\r\n");
    assert!(scene.connection.capabilities().unwrap().has("TOP"));
}

/// Those that are registered with IANA, with the parameters that they have.
#[test]
fn each_registered_capability_is_told_with_its_parameters() {
    let known = [
        ("TOP", Capability::Top),
        ("USER", Capability::User),
        ("UIDL", Capability::Uidl),
        ("SASL PLAIN X-NEW", Capability::Sasl(alloc::vec!["PLAIN".into(), "X-NEW".into()])),
        ("RESP-CODES", Capability::RespCodes),
        ("AUTH-RESP-CODE", Capability::AuthRespCode),
        ("LOGIN-DELAY 900 USER", Capability::LoginDelay { seconds: 900, by_user: true }),
        ("EXPIRE 60", Capability::Expire { days: Some(60), by_user: false }),
        ("PIPELINING", Capability::Pipelining),
        ("IMPLEMENTATION Shlemazle 1.0", Capability::Implementation("Shlemazle 1.0".into())),
        ("STLS", Capability::Stls),
        ("UTF8 USER", Capability::Utf8 { user: true }),
        ("LANG", Capability::Lang),
    ];
    let mut scene = Scene::new();
    scene.send("CAPA");
    let lines: String = known.iter().map(|(line, _)| alloc::format!("{line}\r\n")).collect();
    let told = scene.says(alloc::format!("+OK\r\n{lines}.\r\n"));
    let events = known.iter().map(|(line, _)| alloc::format!("0 can {line}"));
    assert!(told[1..].iter().eq(events.collect::<Vec<_>>().iter().chain([&"0 done".into()])));
    let listed = scene.connection.capabilities().unwrap();
    assert!(listed.iter().eq(known.iter().map(|(_, capability)| capability)));
}
