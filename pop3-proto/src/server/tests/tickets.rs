//! Tickets: an answer reaches the connection that asked, for what it asked, once.

use super::*;
use crate::ApiMisuse;
use crate::state::State;

/// What has to be said so that the host is asked: by a host that answers, then by one that waits.
const ASKING: [(&str, &str); 7] = [
    ("USER mark", "PASS swordfish"),
    ("CAPA", "AUTH PLAIN AG1hcms="),
    ("LOGIN", "RETR 1"),
    ("LOGIN", "DELE 1\r\nQUIT"),
    ("LOGIN", "XECHO"),
    ("USER mark", "(open)"),
    ("USER mark", "(wait)"),
];

/// A session whose host has been asked for something, and that.
fn asking((before, then): (&str, &str)) -> (Session, Action) {
    let mut config = Config::default();
    config.capabilities.set(crate::Capability::Sasl(alloc::vec!["PLAIN".into()]));
    config.extensions.push(ExtensionCommand::new("XECHO", &[State::Transaction]));
    let mut session = Session::with(config, &["a letter"]);
    match before {
        "LOGIN" => session.log_in(),
        line => drop(session.asks(line)),
    }
    session.idle_host = true;
    session.asks(if then.starts_with('(') { "PASS swordfish" } else { then });
    if let Some(verdict) = match then {
        "(open)" => Some(Ok(crate::UserName::new("mark").unwrap())),
        "(wait)" => Some(Err(Refusal::Credentials)),
        _ => None,
    } {
        let Some(Action::Authenticate { ticket, .. }) = session.asked.pop() else { panic!() };
        session.connection.authenticated(ticket, verdict).unwrap();
        session.run();
    }
    let action = session.asked.pop().unwrap();
    (session, action)
}

/// The lawful answer to an action.
fn answer(connection: &mut Connection, action: Action) -> Result<(), AnswerError> {
    match action {
        Action::Authenticate { ticket, .. } | Action::Sasl { ticket, .. } => {
            connection.authenticated(ticket, Err(Refusal::Credentials))
        }
        Action::Wait { ticket, .. } => connection.waited(ticket),
        Action::Open { ticket, .. } => connection.opened(ticket, Ok(Vec::new())),
        Action::Fetch { ticket, .. } => {
            connection.message(&ticket, b"a letter")?;
            connection.message_complete(ticket)
        }
        Action::Commit { ticket, .. } => connection.committed(ticket, &[Removal::Gone]),
        Action::Extension { ticket, .. } => {
            connection.extension_answered(ticket, Reply::ok(Text::literal("done")), None)
        }
        other => panic!("nobody answers {other:?}"),
    }
}

#[test]
fn a_ticket_fits_the_connection_that_gave_it_and_no_other() {
    for what in ASKING {
        let (mut one, ticket_of_one) = asking(what);
        let (mut two, ticket_of_two) = asking(what);
        let refused = answer(&mut two.connection, ticket_of_one);
        assert_eq!(refused, Err(ApiMisuse::ForeignTicket.into()), "{what:?}");
        assert_eq!(two.run(), "", "{what:?}");
        answer(&mut two.connection, ticket_of_two).unwrap();
        let went_on = two.run().len() + two.asked.len();
        assert!(went_on > 0, "{what:?}");
        assert_eq!(one.run(), "", "the ticket is spent, and one waits: {what:?}");
    }
}

#[test]
fn an_answer_after_the_end_is_an_error() {
    for what in ASKING {
        let (mut session, ticket) = asking(what);
        let state = session.connection.state();
        session.connection.timed_out();
        let refused = answer(&mut session.connection, ticket);
        assert_eq!(refused, Err(ApiMisuse::ForeignTicket.into()), "{what:?}");
        assert_eq!((session.run().as_str(), session.connection.state()), ("", state), "{what:?}");
    }
}

/// The one ticket that is only lent may outlast what it was for.
#[test]
fn a_message_is_handed_over_where_one_is_asked_for() {
    let (mut session, action) = asking(("LOGIN", "RETR 1"));
    let Action::Fetch { ticket, .. } = action else { panic!() };
    session.connection.message_failed(ticket, Refusal::MessageGone).unwrap();
    assert!(session.run().starts_with("-ERR"));
    let (mut other, action) = asking(("LOGIN", "RETR 1"));
    let Action::Fetch { ticket, .. } = action else { panic!() };
    assert!(session.connection.message(&ticket, b"mixed up").is_err());
    assert!(session.connection.message_failed(ticket, Refusal::MessageGone).is_err());
    assert_eq!((session.run().as_str(), other.run().as_str()), ("", ""));
}
