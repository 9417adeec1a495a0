//! No sequence of calls makes a client's connection panic, grow, or speak after its end.

use bytes::Buf;
use pop3_proto::Command;
use pop3_proto::auth::Channel;
use pop3_proto::client::{Config, Connection, Event, Tolerance};
use proptest::prelude::*;

use crate::wire::from_server;

#[derive(Clone, Debug)]
enum Call {
    Receive(Vec<u8>),
    Fill(Vec<u8>, usize),
    Closed,
    TimedOut,
    TlsStarted,
    Transmit(usize),
    Poll(usize),
    Send(&'static str),
    Respond(&'static [u8]),
    AbandonBody,
}

fn call() -> impl Strategy<Value = Call> {
    let lines = [
        "CAPA",
        "USER mark",
        "PASS swordfish",
        "AUTH PLAIN",
        "STLS",
        "STAT",
        "LIST",
        "UIDL 2",
        "RETR 1",
        "TOP 1 0",
        "DELE 1",
        "QUIT",
        "XFOO bar",
    ];
    prop_oneof![
        8 => from_server().prop_map(Call::Receive),
        2 => (from_server(), any::<usize>()).prop_map(|(octets, n)| Call::Fill(octets, n)),
        8 => any::<usize>().prop_map(|polls| Call::Poll(polls % 10)),
        4 => any::<usize>().prop_map(Call::Transmit),
        8 => proptest::sample::select(lines.to_vec()).prop_map(Call::Send),
        2 => proptest::sample::select(vec![&b"YQ=="[..], b"*", b"", b"\r\n"]).prop_map(Call::Respond),
        1 => Just(Call::AbandonBody),
        1 => Just(Call::TlsStarted),
        1 => prop_oneof![5 => Just(Call::AbandonBody), 1 => Just(Call::Closed), 1 => Just(Call::TimedOut)],
    ]
}

const BUFFER: usize = 100;
const WINDOW: usize = 40;
const LINE: usize = 30;

fn config(strict: bool) -> Config {
    let mut config = Config::default();
    config.read_buffer = BUFFER.try_into().unwrap();
    config.reply_line = 60.try_into().unwrap();
    config.window = WINDOW.try_into().unwrap();
    config.command_line = LINE.try_into().unwrap();
    config.commands = 20.try_into().unwrap();
    if strict {
        config.tolerance = Tolerance::STRICT;
    }
    config
}

/// What can be asked of a connection, in one value.
fn answers(connection: &Connection) -> String {
    format!(
        "{connection:?} {} {} {:?} {:?} {:?} {} {:?} {} {} {:?}",
        connection.wants_read(),
        connection.wants_write(),
        connection.idle_limit(),
        connection.state(),
        connection.capabilities(),
        connection.is_over(),
        connection.error(),
        connection.pending(),
        connection.has_queue_room(),
        connection.quirks().collect::<Vec<_>>(),
    )
}

proptest! {
    #[test]
    fn a_client_never_panics_never_grows_and_ends_once(
        calls in proptest::collection::vec(call(), 0..60),
        strict in any::<bool>(),
    ) {
        let mut connection = Connection::new(config(strict));
        let mut last_answers = None;
        let mut unpolled = 0;
        for call in calls {
            match call {
                Call::Receive(octets) => unpolled += connection.receive(&octets),
                Call::Fill(octets, n) => {
                    let room = connection.read_buffer();
                    let fits = room.len().min(octets.len());
                    room[..fits].copy_from_slice(&octets[..fits]);
                    connection.filled(if n % 2 == 0 { fits } else { n });
                }
                Call::Closed => connection.closed(),
                Call::TimedOut => connection.timed_out(),
                Call::TlsStarted => connection.tls_started(Channel::default()),
                Call::Transmit(n) => {
                    let mut transmit = connection.transmit();
                    let octets = n % (transmit.remaining() + 1);
                    transmit.advance(octets);
                }
                Call::Poll(times) => {
                    for _ in 0..times {
                        match connection.poll() {
                            Some(Event::Closed(_)) => {
                                prop_assert!(last_answers.is_none(), "closed twice");
                                last_answers = Some(answers(&connection));
                            }
                            Some(event) => prop_assert!(last_answers.is_none(), "{event:?}"),
                            None => {}
                        }
                        unpolled = 0;
                    }
                }
                Call::Send(line) => {
                    let sent = connection.send(Command::parse(line.as_bytes()).unwrap());
                    prop_assert!(last_answers.is_none() || sent.is_err());
                }
                Call::Respond(response) => {
                    let _ = connection.respond(response);
                }
                Call::AbandonBody => connection.abandon_body(),
            }
            prop_assert!(unpolled <= BUFFER);
            prop_assert!(connection.read_buffer().len() <= BUFFER);
            prop_assert!(connection.transmit().remaining() <= WINDOW + LINE);
            if let Some(last) = &last_answers {
                prop_assert_eq!(&answers(&connection), last);
                prop_assert!(connection.read_buffer().is_empty());
            }
        }
    }
}
