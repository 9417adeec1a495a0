//! The exchanges of a client by letters, all behind one face.

use std::task::{Poll, ready};

use pop3_proto::auth::sasl::ScramHash;
use pop3_proto::client::exchange::{
    self, Account, DeleteAll, Exchange, Method, Opening, Retrieve, SignIn, Stls,
};
use pop3_proto::client::{Connection, Error};
use pop3_proto::command::{Extension, LanguageRange};
use pop3_proto::state::Shape;
use pop3_proto::{Command, MessageNumber, Secret, Text};

use crate::office::user;

/// So much of a letter is kept.
const LETTER: usize = 1_000;

/// What an exchange has told its host.
#[derive(Debug, PartialEq)]
pub(crate) enum Told {
    /// Nothing that anybody counts on.
    Nothing,
    /// A letter to its end, or that there is none.
    Letter(u32, Option<Vec<u8>>),
    /// The sizes of all letters that are not marked.
    Sizes(Vec<(u32, u64)>),
    /// The unique-ids of those.
    UniqueIds(Vec<(u32, String)>),
    /// Letters, and whether each is marked now.
    Marked(Vec<(u32, bool)>),
    /// Nothing is marked any more.
    NothingMarked,
    /// The session is over, and what was marked is removed.
    Removed,
}

/// An exchange, to be polled until it is ready.
pub(crate) type Doing = Box<dyn FnMut(&mut Connection) -> Poll<Result<Told, Error>>>;

/// What a letter means, the password being what the client takes for it.
pub(crate) fn begin(letter: u8, password: &Secret) -> Option<Doing> {
    use Told::{Marked, Nothing, NothingMarked, Removed, Sizes, UniqueIds};
    let range = || LanguageRange::new("de").expect("a range");
    let extension = |keyword, arguments, shape| {
        exchange::extension(Extension::new(keyword, arguments, shape).expect("an extension"))
    };
    Some(match letter {
        b'o' => doing(Opening::new(), |_| Nothing),
        b'O' => doing(Opening::with_stls(Stls::IfOffered), |_| Nothing),
        b'i' => sign_in(&[], password),
        b'A'..=b'J' => {
            let method = METHODS.get(usize::from(letter - b'A'))?;
            sign_in(&[*method], password)
        }
        b'c' => doing(exchange::capabilities(), |_| Nothing),
        b's' => doing(exchange::stat(), |_| Nothing),
        b'l' => doing(exchange::list(), |list| {
            Sizes(list.iter().map(|one| (one.number.get(), one.octets.0)).collect())
        }),
        b'u' => doing(exchange::unique_ids(), |list| {
            let id = |id: &[u8]| String::from_utf8_lossy(id).into_owned();
            let pairs = list.iter().map(|one| (one.number.get(), id(one.unique_id.as_bytes())));
            UniqueIds(pairs.collect())
        }),
        b'L' => doing(exchange::list_one(number(1)), |_| Nothing),
        b'U' => doing(exchange::unique_id(number(2)), |_| Nothing),
        b'1'..=b'9' => retrieve(Command::Retr(number(u32::from(letter - b'0')))),
        b't' => ignore(retrieve(Command::Top { message: number(1), lines: 2 })),
        b'a' => ignore(retrieve_many()),
        b'd' => doing(exchange::delete(number(2)), |_| Marked(vec![(2, true)])),
        b'm' => doing(DeleteAll::new([3, 1, 2].map(number)), |outcomes| {
            let marked =
                outcomes.into_iter().map(|(number, outcome)| (number.get(), outcome.is_ok()));
            Marked(marked.collect())
        }),
        b'r' => doing(exchange::reset(), |_| NothingMarked),
        b'n' => doing(exchange::no_operation(), |_| Nothing),
        b'y' => doing(exchange::utf8(), |_| Nothing),
        b'g' => doing(exchange::languages(), |_| Nothing),
        b'h' => doing(exchange::language(range()), |_| Nothing),
        b'x' => doing(extension("XECHO", "a", Shape::Line), |_| Nothing),
        b'X' => doing(extension("XMANY", "", Shape::Message), |_| Nothing),
        b'q' => doing(exchange::quit(), |_| Removed),
        _ => return None,
    })
}

/// The methods that need no TLS, `A` being the first.
pub(crate) const METHODS: &[Method] = &[
    Method::User,
    Method::Apop,
    Method::Plain,
    Method::Login,
    Method::CramMd5,
    Method::OAuthBearer,
    Method::XOAuth2,
    Method::Anonymous,
    Method::Scram(ScramHash::Sha1),
    Method::Scram(ScramHash::Sha256),
];

fn doing<E: Exchange + 'static>(
    mut exchange: E,
    mut told: impl FnMut(E::Output) -> Told + 'static,
) -> Doing {
    Box::new(move |connection| exchange.poll(connection).map_ok(&mut told))
}

fn ignore(mut exchange: Doing) -> Doing {
    Box::new(move |connection| exchange(connection).map_ok(|_| Told::Nothing))
}

/// By these methods, or by the strongest there is if none is named.
fn sign_in(methods: &[Method], password: &Secret) -> Doing {
    let account = match methods {
        [Method::OAuthBearer | Method::XOAuth2] => {
            Account::Token { user: user(), token: password.clone(), server: ("host".into(), 110) }
        }
        [Method::Anonymous] => Account::Anonymous { trace: Text::literal("a guest") },
        _ => Account::Password { user: user(), password: password.clone() },
    };
    let mut exchange = SignIn::new(account, [4; 32]);
    exchange.allow_cleartext(true);
    if !methods.is_empty() {
        exchange.set_methods(methods.to_vec());
    }
    Box::new(move |connection| {
        let polled = exchange.poll(connection);
        assert!(!crate::secrets::shows_password(&format!("{exchange:?}")));
        polled.map_ok(|_| Told::Nothing)
    })
}

/// One letter, by RETR or TOP.
fn retrieve(command: Command) -> Doing {
    let mut exchange = Retrieve::new([command].into_iter());
    let mut letter: Option<(u32, Option<Vec<u8>>)> = None;
    Box::new(move |connection| {
        loop {
            match &mut letter {
                None => match ready!(exchange.poll_message(connection))? {
                    Some((number, Ok(_))) => letter = Some((number.get(), Some(Vec::new()))),
                    Some((number, Err(_))) => letter = Some((number.get(), None)),
                    None => panic!("one letter was asked for"),
                },
                Some((number, content)) => match ready!(exchange.poll_chunk(connection))? {
                    Some(chunk) => {
                        let content = content.as_mut().expect("no content of what was refused");
                        assert!(!chunk.is_empty());
                        // What a host keeps is its own affair.
                        let kept = chunk.len().min(LETTER.saturating_sub(content.len()));
                        content.extend_from_slice(&chunk[..kept]);
                    }
                    None => return Poll::Ready(Ok(Told::Letter(*number, content.take()))),
                },
            }
        }
    })
}

/// All letters, and a piece of each is enough.
fn retrieve_many() -> Doing {
    let mut exchange = Retrieve::new((1..=9).map(|index| Command::Retr(number(index))));
    let mut wants_chunk = false;
    Box::new(move |connection| {
        loop {
            if wants_chunk {
                ready!(exchange.poll_chunk(connection))?;
            }
            wants_chunk = match ready!(exchange.poll_message(connection))? {
                Some((_, reply)) => reply.is_ok(),
                None => return Poll::Ready(Ok(Told::Nothing)),
            };
        }
    })
}

fn number(number: u32) -> MessageNumber {
    MessageNumber::new(number).expect("a number from 1 on")
}
