//! No sequence of calls makes a server's connection panic, grow, or speak after its end.

use bytes::Buf;
use pop3_proto::auth::Channel;
use pop3_proto::server::{
    Action, Config, Connection, ExtensionCommand, Refusal, Removal, Tolerance, Utf8Headers,
};
use pop3_proto::state::State;
use pop3_proto::{Capability, Reply, Text, UserName};
use proptest::prelude::*;

use crate::office::Office;
use crate::wire::{from_client, letter};

#[derive(Clone, Debug)]
enum Call {
    Receive(Vec<u8>),
    Fill(Vec<u8>, usize),
    Closed,
    TimedOut,
    HungUp,
    TlsStarted,
    AlreadyInTls,
    Transmit(usize),
    Poll,
    /// Answers an open action, whosever it is.
    Answer(usize, Vec<u8>),
}

fn call() -> impl Strategy<Value = Call> {
    let stls = Just(b"STLS\r\n".to_vec());
    let extension = Just(b"XFOO bar\r\n".to_vec());
    let auth = proptest::sample::select(vec![
        "AUTH PLAIN\r\n",
        "AUTH PLAIN YWFh\r\n",
        "YWFh\r\n",
        "*\r\n",
    ]);
    prop_oneof![
        8 => prop_oneof![
            4 => from_client(),
            1 => stls,
            1 => extension,
            2 => auth.prop_map(|line| line.as_bytes().to_vec()),
        ].prop_map(Call::Receive),
        2 => (from_client(), any::<usize>()).prop_map(|(octets, n)| Call::Fill(octets, n)),
        9 => Just(Call::Poll),
        9 => (any::<usize>(), letter()).prop_map(|(index, piece)| Call::Answer(index, piece)),
        9 => any::<usize>().prop_map(Call::Transmit),
        1 => Just(Call::TlsStarted),
        1 => prop_oneof![
            5 => Just(Call::AlreadyInTls),
            1 => Just(Call::Closed),
            1 => Just(Call::TimedOut),
            1 => Just(Call::HungUp),
        ],
    ]
}

const BUFFER: usize = 100;
const HIGH_WATER: usize = 120;

fn config(strict: bool, utf8_headers: Utf8Headers) -> Config {
    let mut config = Config::default();
    config.read_buffer = BUFFER.try_into().unwrap();
    config.command_line = 40.try_into().unwrap();
    config.high_water = HIGH_WATER.try_into().unwrap();
    config.bad_commands = 10.try_into().unwrap();
    config.sasl_response = 60.try_into().unwrap();
    config.utf8_headers = utf8_headers;
    config.capabilities.set(Capability::Stls);
    config.capabilities.set(Capability::parse(b"SASL PLAIN"));
    config.capabilities.set(Capability::Utf8 { user: strict });
    config.extensions = vec![ExtensionCommand::new("XFOO", &[State::Authorization])];
    if strict {
        config.tolerance = Tolerance::STRICT;
    }
    config
}

fn policy() -> impl Strategy<Value = Utf8Headers> {
    prop_oneof![Just(Utf8Headers::AsIs), Just(Utf8Headers::Refuse), Just(Utf8Headers::Downgrade)]
}

/// Answers an action with the means of a connection that need not be its own. An action that is
/// not over yet comes back.
fn answer(
    connection: &mut Connection,
    action: Action,
    seed: usize,
    piece: &[u8],
) -> Option<Action> {
    let refuse = seed.is_multiple_of(3);
    let refusal = || Refusal::Temporary(Text::literal("later"));
    let _ = match action {
        Action::Authenticate { ticket, .. } => {
            let user = UserName::new("mark").unwrap();
            let verdict = if refuse { Err(Refusal::Credentials) } else { Ok(user) };
            connection.authenticated(ticket, verdict)
        }
        Action::Sasl { ticket, .. } => match seed % 4 {
            0 => connection.challenge(ticket, b"go on"),
            3 => connection.refused_because(ticket, b"no"),
            1 => connection.authenticated(ticket, Err(Refusal::Credentials)),
            _ => connection.authenticated(ticket, Ok(UserName::new("mark").unwrap())),
        },
        Action::Open { ticket, .. } => {
            let messages = (0..seed % 20).map(|index| Office::info(index, piece)).collect();
            connection.opened(ticket, if refuse { Err(refusal()) } else { Ok(messages) })
        }
        Action::Fetch { number, part, ticket } => match seed % 5 {
            0 => connection.message_failed(ticket, refusal()),
            1 | 2 => connection.message_complete(ticket),
            _ => {
                let taken = connection.message(&ticket, piece);
                assert!(taken.is_err() || taken.unwrap().octets <= piece.len());
                return Some(Action::Fetch { number, part, ticket });
            }
        },
        Action::Commit { ticket, .. } => connection.committed(ticket, &[Removal::Gone]),
        Action::Wait { ticket, .. } => connection.waited(ticket),
        Action::Extension { ticket, .. } => {
            connection.extension_answered(ticket, Reply::ok(Text::EMPTY), None)
        }
        _ => Ok(()),
    };
    None
}

/// What can be asked of a connection, in one value.
fn answers(connection: &Connection) -> String {
    format!(
        "{connection:?} {} {} {} {:?} {:?} {:?}",
        connection.wants_read(),
        connection.wants_write(),
        connection.wants_message(),
        connection.idle_limit(),
        connection.login_limit(),
        connection.state(),
    )
}

proptest! {
    #[test]
    fn a_server_never_panics_never_grows_and_ends_once(
        calls in proptest::collection::vec((0..2_usize, call()), 0..120),
        strict in any::<bool>(),
        utf8_headers in policy(),
    ) {
        let mut connections = [0, 1].map(|_| Connection::new(config(strict, utf8_headers), None));
        connections[0].allow_xclient();
        let mut last_answers = [None, None];
        let mut open = Vec::new();
        for (which, call) in calls {
            let connection = &mut connections[which];
            match call {
                Call::Receive(octets) => {
                    let taken = connection.receive(&octets);
                    prop_assert!(taken <= BUFFER);
                }
                Call::Fill(octets, n) => {
                    let room = connection.read_buffer();
                    let fits = room.len().min(octets.len());
                    room[..fits].copy_from_slice(&octets[..fits]);
                    connection.filled(if n % 2 == 0 { fits } else { n });
                }
                Call::Closed => connection.closed(),
                Call::TimedOut => connection.timed_out(),
                Call::HungUp => connection.hung_up(),
                Call::TlsStarted => connection.tls_started(Channel::default()),
                Call::AlreadyInTls => connection.already_in_tls(Channel::default()),
                Call::Transmit(n) => {
                    let mut transmit = connection.transmit();
                    let octets = n % (transmit.remaining() + 1);
                    transmit.advance(octets);
                }
                Call::Poll => match connection.poll() {
                    Some(Action::Close(_)) => {
                        prop_assert!(last_answers[which].is_none(), "closed twice");
                        last_answers[which] = Some(answers(connection));
                    }
                    Some(action) => {
                        prop_assert!(last_answers[which].is_none(), "{action:?}");
                        open.push(action);
                    }
                    None => {}
                },
                Call::Answer(seed, piece) => {
                    if !open.is_empty() {
                        let action = open.swap_remove(seed % open.len());
                        open.extend(answer(connection, action, seed, &piece));
                    }
                }
            }
            // One piece beyond the mark: twice a piece of a message, a list of capabilities, a field
            // that was made longer.
            prop_assert!(connection.transmit().remaining() <= 3 * HIGH_WATER + 2_048);
            prop_assert!(connection.read_buffer().len() <= BUFFER);
            if let Some(last) = &last_answers[which] {
                prop_assert_eq!(&answers(connection), last);
            }
        }
    }
}
