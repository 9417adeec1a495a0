//! How sessions end, and what is said about it.

use core::time::Duration;

use super::*;

fn eof(scene: &mut Scene) -> String {
    let told = scene.closes();
    let [only] = told.as_slice() else { panic!("{told:?}") };
    only.strip_prefix("closed: the server closed the connection while ").unwrap().into()
}

#[test]
fn the_end_of_the_stream_names_what_was_due() {
    let mut scene = Scene::ungreeted(Config::default());
    scene.says("+OK re");
    assert_eq!(eof(&mut scene), "its greeting was due");

    let mut scene = Scene::new();
    scene.send("PASS swordfish");
    scene.says("+O");
    assert_eq!(eof(&mut scene), "the reply to PASS was due");

    let mut scene = Scene::new().logged_in();
    scene.send("QUIT");
    assert_eq!(eof(&mut scene), "the reply to QUIT was due");

    let mut scene = Scene::new().logged_in();
    scene.send("LIST");
    scene.says("+OK\r\n1 10\r\n2 2");
    assert_eq!(eof(&mut scene), "the answer to LIST was unfinished");

    assert_eq!(eof(&mut Scene::new().logged_in()), "the session was open");
}

#[test]
fn eof_mid_body_is_an_error_not_a_spin() {
    for body in ["", "text", "text\r", "text\r\n", "text\r\n.", "text\r\n.\r", "text\r\n.\n"] {
        let mut scene = Scene::new().logged_in();
        scene.send("RETR 1");
        scene.says(alloc::format!("+OK\r\n{body}"));
        assert_eq!(eof(&mut scene), "the answer to RETR was unfinished", "{body:?}");
        assert!(scene.connection.poll().is_none());
    }
}

#[test]
fn a_session_that_has_failed_says_why() {
    let mut scene = Scene::new();
    assert_eq!(scene.connection.error(), None);
    let shown = alloc::format!("{:?}", scene.connection);
    assert_eq!(shown, "Connection { state: Authorization, pending: 0, outcome: None, .. }");
    scene.closes();
    assert!(matches!(scene.connection.error(), Some(Error::Eof(Unfinished::Session))));
}

#[test]
fn what_came_before_the_end_of_the_stream_is_told() {
    let mut scene = Scene::new().logged_in();
    scene.send("QUIT");
    scene.connection.receive(b"+OK bye\r\n");
    assert_eq!(scene.closes(), ["2 +OK bye", "2 done", "closed"]);
}

#[test]
fn a_refused_quit_is_an_error() {
    let mut scene = Scene::new().logged_in();
    scene.send("QUIT");
    let told = scene.says("-ERR some deleted messages not removed\r\n");
    let refused = "closed: QUIT was refused: -ERR some deleted messages not removed";
    assert_eq!(told[2], refused);
}

#[test]
fn silences_are_limited_while_something_is_due() {
    let (two, ten) = (Duration::from_secs(120), Duration::from_secs(600));
    let mut scene = Scene::ungreeted(Config::default());
    assert_eq!(scene.connection.idle_limit(), Some(two));
    scene.says("+OK\r\n");
    assert_eq!(scene.connection.idle_limit(), None);
    scene.send("CAPA");
    assert_eq!(scene.connection.idle_limit(), Some(two));
    scene.says("+OK\r\n");
    assert_eq!(scene.connection.idle_limit(), Some(two));
    scene.says(".\r\n");
    scene.send("QUIT");
    assert_eq!(scene.connection.idle_limit(), Some(ten));
    scene.says("+OK\r\n");
    assert_eq!(scene.connection.idle_limit(), None);
}

#[test]
fn a_timeout_names_what_was_due() {
    let mut scene = Scene::new().logged_in();
    scene.send("RETR 1");
    scene.says("+OK\r\ntext");
    scene.connection.timed_out();
    let told = scene.says("");
    let expected =
        "closed: the server was silent for too long while the answer to RETR was unfinished";
    assert_eq!(told, [expected]);
}

#[test]
fn after_closed_nothing_changes() {
    let mut scene = Scene::new().logged_in().offering("PIPELINING");
    scene.send("RETR 1");
    scene.says("+OK\r\ntext");
    scene.closes();
    let error = scene.connection.error().cloned();
    scene.connection.timed_out();
    scene.connection.closed();
    scene.connection.abandon_body();
    scene.connection.tls_started(Channel::default());
    scene.connection.filled(1_000);
    assert_eq!(scene.connection.receive(b"\r\n.\r\n"), 0);
    assert!(scene.connection.read_buffer().is_empty());
    assert!(scene.connection.send(Command::Noop).is_err());
    assert!(scene.connection.respond(b"").is_err());
    assert_eq!((scene.says(""), scene.said()), (Vec::new(), String::new()));
    assert_eq!(scene.connection.error().cloned(), error);
    assert!(scene.connection.is_over() && scene.connection.idle_limit().is_none());
    assert_eq!(scene.connection.pending(), 0);
}

#[test]
fn what_was_not_sent_is_not_sent_after_the_end() {
    let mut scene = Scene::new();
    scene.send("PASS swordfish");
    scene.connection.timed_out();
    assert_eq!(scene.said(), "");
    assert!(!scene.connection.wants_write());
}

#[test]
fn quirks_are_remembered() {
    let mut scene = Scene::new().logged_in();
    scene.send("NOOP");
    scene.says("+OK\n");
    assert_eq!(scene.connection.quirks().collect::<Vec<_>>(), [Quirk::BareLf]);
}

#[test]
fn connections_may_move_between_threads() {
    fn assert_send<T: Send>() {}
    assert_send::<Connection>();
    assert_send::<Event>();
}

#[test]
fn answers_and_512_octets_are_progress_and_less_is_not() {
    let mut scene = Scene::ungreeted(Config::default());
    let changes = |scene: &mut Scene, octets: &[u8]| {
        let before = scene.connection.progress();
        scene.says(octets);
        scene.connection.progress() != before
    };
    assert!(!changes(&mut scene, b"+OK"));
    assert!(changes(&mut scene, b"\r\n"));
    let mut scene = scene.logged_in();
    let before = scene.connection.progress();
    scene.send("RETR 1");
    scene.said();
    assert_ne!(scene.connection.progress(), before, "something new is due");
    assert!(changes(&mut scene, b"+OK\r\n"));
    assert!(!changes(&mut scene, &[b'x'; 511]));
    assert!(changes(&mut scene, b"x"));
    assert!(!changes(&mut scene, b"\r\n.\r"));
    assert!(changes(&mut scene, b"\n"));
}
