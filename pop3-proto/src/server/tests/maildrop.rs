//! STAT, LIST, UIDL, DELE, RSET and QUIT (RFC 1939, sections 5 to 7).

use super::*;
use crate::state::State;

/// Of 5, 6 and 7 octets with CRLF.
const THREE: &[&str] = &["one", "two\n\n", "three"];

#[test]
fn an_empty_maildrop_is_empty_everywhere() {
    let mut session = Session::logged_in(&[]);
    assert_eq!(session.asks("STAT"), "+OK 0 0\r\n");
    assert_eq!(session.asks("LIST"), "+OK 0 messages\r\n.\r\n");
    assert_eq!(session.asks("UIDL"), "+OK 0 messages\r\n.\r\n");
    session.is_refused("LIST 1");
    session.is_refused("UIDL 1");
}

#[test]
fn listings_have_numbers_from_1_and_sizes_with_crlf() {
    let mut session = Session::logged_in(THREE);
    assert_eq!(session.asks("STAT"), "+OK 3 19\r\n");
    assert_eq!(session.asks("LIST"), "+OK 3 messages\r\n1 5\r\n2 7\r\n3 7\r\n.\r\n");
    assert_eq!(session.asks("UIDL"), "+OK 3 messages\r\n1 id-1\r\n2 id-2\r\n3 id-3\r\n.\r\n");
    assert_eq!(session.asks("LIST 2"), "+OK 2 7\r\n");
    assert_eq!(session.asks("UIDL 2"), "+OK 2 id-2\r\n");
    assert_eq!(session.asks("LIST"), session.asks("LIST"), "sizes are settled");
}

#[test]
fn a_marked_message_is_gone_for_every_command_and_the_others_keep_their_numbers() {
    let mut session = Session::logged_in(THREE);
    assert!(session.asks("DELE 1").starts_with("+OK"));
    for line in ["DELE 1", "RETR 1", "TOP 1 0", "LIST 1", "UIDL 1"] {
        session.is_refused(line);
    }
    assert_eq!(session.asks("STAT"), "+OK 2 14\r\n");
    assert_eq!(session.asks("LIST"), "+OK 2 messages\r\n2 7\r\n3 7\r\n.\r\n");
    assert_eq!(session.asks("UIDL"), "+OK 2 messages\r\n2 id-2\r\n3 id-3\r\n.\r\n");
    assert_eq!(session.asks("LIST 2"), "+OK 2 7\r\n");
    assert!(session.asks("RETR 3").contains("\r\nthree\r\n.\r\n"));
}

#[test]
fn rset_clears_every_mark() {
    let mut session = Session::logged_in(THREE);
    let before = (session.asks("STAT"), session.asks("LIST"), session.asks("UIDL"));
    session.says("DELE 3\r\nDELE 1\r\nRSET\r\n");
    assert_eq!(before, (session.asks("STAT"), session.asks("LIST"), session.asks("UIDL")));
    session.asks("DELE 2");
    session.asks("QUIT");
    assert_eq!(session.committed, Some(alloc::vec![2]));
}

#[test]
fn numbers_outside_the_maildrop_are_refused() {
    let mut session = Session::logged_in(THREE);
    for number in ["0", "4", "4294967295"] {
        for keyword in ["LIST", "UIDL", "RETR", "DELE"] {
            session.is_refused(&alloc::format!("{keyword} {number}"));
        }
        session.is_refused(&alloc::format!("TOP {number} 1"));
    }
}

#[test]
fn quit_removes_what_is_marked_in_ascending_order_and_nothing_else() {
    let mut session = Session::logged_in(THREE);
    session.says("DELE 3\r\nDELE 1\r\n");
    assert_eq!(session.committed, None, "DELE only marks");
    assert_eq!(session.asks("QUIT"), "+OK goodbye\r\n");
    assert_eq!(session.committed, Some(alloc::vec![1, 3]));
    assert_eq!(session.ending, Some(Ending::Quit));
}

#[test]
fn quit_is_answered_after_the_removal() {
    let mut session = Session::logged_in(THREE);
    session.idle_host = true;
    session.asks("DELE 1");
    assert_eq!(session.asks("QUIT"), "");
    assert_eq!(session.connection.state(), State::Update);
    let Some(Action::Commit { ticket, .. }) = session.asked.pop() else { panic!() };
    session.connection.committed(ticket, &[Removal::Gone]).unwrap();
    assert_eq!(session.run(), "+OK goodbye\r\n");
}

#[test]
fn quit_says_how_much_was_removed_when_it_was_not_all() {
    for (removable, remark) in [(1, "1 of 3 removed"), (0, "0 of 3 removed")] {
        let mut session = Session::logged_in(THREE);
        session.removable = removable;
        session.says("DELE 1\r\nDELE 2\r\nDELE 3\r\n");
        assert_eq!(session.asks("QUIT"), alloc::format!("-ERR [SYS/TEMP] {remark}\r\n"));
        assert_eq!(session.ending, Some(Ending::Quit), "the session ends all the same");
    }
}

#[test]
fn quit_without_marks_commits_nothing() {
    let mut session = Session::logged_in(THREE);
    assert_eq!(session.asks("QUIT"), "+OK goodbye\r\n");
    assert_eq!(session.committed, Some(alloc::vec![]));
}

#[test]
fn quit_before_login_enters_no_update() {
    let mut session = Session::new();
    assert_eq!(session.asks("QUIT"), "+OK goodbye\r\n");
    assert_eq!((session.committed, session.ending), (None, Some(Ending::Quit)));
    assert_eq!(session.connection.state(), State::Authorization);
}

#[test]
fn nothing_behind_quit_is_answered() {
    let mut session = Session::logged_in(THREE);
    assert_eq!(session.says("QUIT\r\nSTAT\r\nDELE 1\r\n"), "+OK goodbye\r\n");
    assert_eq!(session.asks("NOOP"), "");
}

#[test]
fn totals_do_not_wrap_at_4_gib() {
    let mut session = Session::with(Config::default(), &[]);
    session.idle_host = true;
    session.asks("USER mark\r\nPASS swordfish");
    let Some(Action::Authenticate { ticket, credentials }) = session.asked.pop() else { panic!() };
    session.connection.authenticated(ticket, Ok(credentials.user().unwrap().clone())).unwrap();
    session.run();
    let Some(Action::Open { ticket, .. }) = session.asked.pop() else { panic!() };
    let giant = |id: &str| MessageInfo {
        octets: crate::Octets(u64::from(u32::MAX)),
        unique_id: UniqueId::new(id).unwrap(),
    };
    session.connection.opened(ticket, Ok(alloc::vec![giant("a"), giant("b")])).unwrap();
    session.run();
    assert_eq!(session.asks("STAT"), "+OK 2 8589934590\r\n");
}
