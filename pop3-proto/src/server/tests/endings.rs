//! How sessions end, and that nothing happens afterwards.

use super::*;

#[test]
fn a_timeout_is_silent_and_removes_nothing() {
    let mut session = Session::logged_in(&["a letter"]);
    session.asks("DELE 1");
    session.connection.timed_out();
    assert_eq!(session.run(), "");
    assert_eq!((session.ending, session.committed), (Some(Ending::TimedOut), None));
}

#[test]
fn a_transport_that_fails_removes_nothing() {
    let mut session = Session::logged_in(&["a letter"]);
    session.asks("DELE 1");
    session.connection.receive(b"QUIT\r\n");
    session.connection.hung_up();
    assert_eq!(session.run(), "");
    assert_eq!((session.ending, session.committed), (Some(Ending::Hangup), None));
}

#[test]
fn commands_that_came_whole_before_the_end_of_the_stream_are_answered() {
    let mut session = Session::logged_in(&["a letter"]);
    session.connection.receive(b"DELE 1\r\nRETR 1\r\nNOOP\r\nQUIT\r\n");
    session.connection.closed();
    let answer = session.run();
    assert!(answer.ends_with("+OK goodbye\r\n") && answer.lines().count() == 4, "{answer}");
    assert_eq!(session.committed, Some(alloc::vec![1]));
    assert_eq!(session.ending, Some(Ending::Quit));
}

#[test]
fn a_last_line_without_its_end_is_never_executed() {
    for last in ["QUIT", "QUIT\r", "QUI"] {
        let mut session = Session::logged_in(&["a letter"]);
        session.connection.receive(b"DELE 1\r\n");
        session.connection.receive(last.as_bytes());
        session.connection.closed();
        assert_eq!(session.run(), "+OK marked for removal\r\n");
        assert_eq!((session.ending, session.committed), (Some(Ending::Hangup), None), "{last}");
    }
}

#[test]
fn a_session_whose_last_words_nobody_reads_can_be_cut() {
    let cuts: [fn(&mut Connection); 2] = [Connection::timed_out, Connection::hung_up];
    for cut in cuts {
        let mut connection = Connection::new(Config::default(), None);
        connection.receive(b"QUIT\r\n");
        assert!(connection.poll().is_none(), "the goodbye is to be sent first");
        cut(&mut connection);
        assert!(matches!(connection.poll(), Some(Action::Close(Ending::Quit))));
        assert!(!connection.wants_write() && connection.poll().is_none());
    }
}

#[test]
fn close_comes_once_and_nothing_after_it() {
    let mut session = Session::new();
    session.asks("QUIT");
    let connection = &mut session.connection;
    connection.closed();
    connection.timed_out();
    connection.hung_up();
    connection.tls_started(Channel::default());
    connection.filled(9);
    assert_eq!(connection.receive(b"CAPA\r\n"), 0);
    assert!(connection.poll().is_none());
    assert!(!connection.wants_read() && !connection.wants_write());
    assert_eq!((connection.idle_limit(), connection.login_limit()), (None, None));
}

#[test]
fn lines_and_512_octets_are_progress_and_less_is_not() {
    let mut session = Session::logged_in(&[&"x".repeat(5_000)]);
    let mut changes = |octets: &[u8]| {
        let before = session.connection.progress();
        assert_eq!(session.connection.receive(octets), octets.len());
        while session.connection.poll().is_some() {}
        session.connection.progress() != before
    };
    assert!(!changes(b"NO"));
    assert!(!changes(b"OP\r"));
    assert!(changes(b"\n"));
    assert!(changes(&[b'x'; 300]), "a line that is too long");
    assert!(!changes(&[b'x'; 3_000]), "and all that follows of it");
    session.says("\r\n");

    session.idle_host = true;
    session.asks("RETR 1");
    let Some(Action::Fetch { ticket, .. }) = session.asked.pop() else { panic!("no fetch") };
    session.connection.message(&ticket, &[b'x'; 2_000]).unwrap();
    let mut takes = |octets| {
        let before = session.connection.progress();
        session.connection.transmit().advance(octets);
        session.connection.progress() != before
    };
    assert!(!takes(511));
    assert!(takes(1));
    assert!(!takes(100));
    assert!(takes(600));
    assert!(!takes(1));
    let rest = session.connection.transmit().remaining();
    let before = session.connection.progress();
    session.connection.transmit().advance(rest);
    assert_ne!(session.connection.progress(), before, "that is all");
}

#[test]
fn the_idle_limit_rests_while_the_host_is_asked() {
    let mut session = Session::with(Config::default(), &["a letter"]);
    assert_eq!(session.connection.idle_limit(), Some(Duration::from_secs(600)));
    session.log_in();
    session.idle_host = true;
    session.asks("RETR 1");
    assert_eq!(session.connection.idle_limit(), None, "it is not the client who is slow");
    let Some(Action::Fetch { ticket, .. }) = session.asked.pop() else { panic!() };
    session.connection.message(&ticket, b"text").unwrap();
    assert!(session.connection.idle_limit().is_some(), "now the client has something to read");
}

#[test]
fn the_login_limit_ends_with_the_login() {
    let mut session = Session::new();
    assert_eq!(session.connection.login_limit(), Some(Duration::from_secs(180)));
    session.log_in();
    assert_eq!(session.connection.login_limit(), None);
}

#[test]
fn connections_may_move_between_threads() {
    fn assert_send<T: Send>() {}
    assert_send::<Connection>();
    assert_send::<Action>();
}

#[test]
fn a_connection_is_shown_by_where_it_is() {
    let session = Session::logged_in(&["a letter"]);
    let shown = alloc::format!("{:?}", session.connection);
    assert_eq!(shown, "Connection { state: Transaction, ending: None, .. }");
}

#[test]
fn an_ending_is_told_in_words() {
    let endings = [
        (Ending::Quit, "quit"),
        (Ending::Hangup, "hung up"),
        (Ending::TimedOut, "timed out"),
        (Ending::Refused, "refused"),
        (Ending::FailedLogins, "too many failed logins"),
        (Ending::BadCommands, "too many bad commands"),
        (Ending::BrokenMessage, "a message could not be read"),
        (Ending::BehindStls, "octets behind STLS"),
    ];
    for (ending, words) in endings {
        assert_eq!(alloc::format!("{ending}"), words);
    }
}
