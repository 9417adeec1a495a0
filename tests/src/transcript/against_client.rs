//! A transcript played as the server, against our client on a socket.

use std::fmt::Display;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use pop3_blocking::{Client, Error, Session};
use pop3_conformance::script;
use pop3_conformance::script::text::{NoNames, matches, octets};
use pop3_proto::MessageNumber;
use pop3_proto::adapter::account;
use pop3_proto::client::exchange::Method;
use pop3_proto::command::{Extension, LanguageRange};
use pop3_proto::state::Shape;

use super::{Departure, Step, Transcript};

const PATIENCE: Duration = Duration::from_secs(20);

/// Plays a transcript against our client, which must say what is written, and make of the answers
/// what is written.
///
/// # Errors
/// Where it departs from the transcript.
///
/// # Panics
/// When no socket can be had.
pub fn play_server(transcript: &Transcript) -> Result<(), Departure> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (calls, lines): (Vec<_>, Vec<_>) =
        transcript.steps.iter().cloned().partition(|(_, step)| !matches!(step, Step::Said(_)));
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().map_err(|error| Departure::new(0, error))?;
        serve(stream, &lines)
    });
    let called = call_all(address, &calls);
    // A client that went wrong may not have connected at all.
    let _ = TcpStream::connect_timeout(&address, PATIENCE);
    let served = server.join().expect("the scripted server does not panic");
    match (called, served) {
        (Ok(()), served) => served,
        (Err(departure), Ok(())) => Err(departure),
        // What the client said comes before what it made of the answer.
        (Err(called), Err(served)) => {
            Err(Departure::new(served.line, format!("{}\n  and {called}", served.what)))
        }
    }
}

/// Says the lines of the server, and compares what the client says.
fn serve(stream: TcpStream, steps: &[(usize, Step)]) -> Result<(), Departure> {
    stream.set_read_timeout(Some(PATIENCE)).map_err(|error| Departure::new(0, error))?;
    let mut stream = BufReader::new(stream);
    let mut to_send = Vec::new();
    for (number, step) in steps {
        let departure = |what: String| Departure::new(*number, what);
        match step {
            Step::Said(script::Step::Server(said)) => {
                to_send.extend(octets(said, &NoNames).map_err(departure)?);
                to_send.extend_from_slice(b"\r\n");
            }
            Step::Said(script::Step::Client(expected)) => {
                let expected = octets(expected, &NoNames).map_err(departure)?;
                send(&mut stream, &mut to_send).map_err(|error| departure(error.to_string()))?;
                let mut said = Vec::new();
                stream.read_until(b'\n', &mut said).map_err(|e| departure(e.to_string()))?;
                if said != expected {
                    let (expected, said) = (expected.escape_ascii(), said.escape_ascii());
                    return Err(departure(format!("expected \"{expected}\", got \"{said}\"")));
                }
            }
            other => return Err(departure(format!("{other:?} is for servers"))),
        }
    }
    let last = steps.last().map_or(0, |(line, _)| *line);
    send(&mut stream, &mut to_send).map_err(|error| Departure::new(last, error))?;
    // From here on the client may only go.
    let _ = stream.get_mut().shutdown(std::net::Shutdown::Write);
    let mut more = Vec::new();
    match stream.read_to_end(&mut more) {
        Ok(0) | Err(_) => Ok(()),
        Ok(_) => Err(Departure::new(last, format!("then \"{}\"", more.escape_ascii()))),
    }
}

fn send(stream: &mut BufReader<TcpStream>, octets: &mut Vec<u8>) -> std::io::Result<()> {
    stream.get_mut().write_all(&std::mem::take(octets))
}

/// Where our client stands between two calls.
enum Caller {
    Nowhere(SocketAddr),
    Before(Box<Client>),
    Inside(Box<Session>),
    Over,
}

fn call_all(address: SocketAddr, steps: &[(usize, Step)]) -> Result<(), Departure> {
    let mut caller = Caller::Nowhere(address);
    let mut given: Vec<Step> = Vec::new();
    let mut line = 0;
    for (number, step) in steps {
        match step {
            Step::Call(call) => {
                nothing_left(line, &given)?;
                line = *number;
                let result;
                (caller, result) = caller.call(call);
                given = match result {
                    Ok(lines) => lines.into_iter().map(Step::Gives).rev().collect(),
                    Err(failure) => vec![Step::Fails(failure)],
                };
            }
            expected => {
                let actual = given.pop();
                if !actual.as_ref().is_some_and(|actual| alike(expected, actual)) {
                    return Err(Departure::new(
                        *number,
                        format!("expected {expected:?}, got {actual:?}"),
                    ));
                }
            }
        }
    }
    nothing_left(line, &given)
}

fn nothing_left(line: usize, given: &[Step]) -> Result<(), Departure> {
    if given.is_empty() {
        return Ok(());
    }
    Err(Departure::new(line, format!("the call gives more: {given:?}")))
}

fn alike(expected: &Step, actual: &Step) -> bool {
    match (expected, actual) {
        (Step::Gives(expected), Step::Gives(actual))
        | (Step::Fails(expected), Step::Fails(actual)) => {
            // Results are shown escaped, and written so.
            matches(&expected.replace('\\', "\\\\"), actual.as_bytes(), &NoNames).unwrap_or(false)
        }
        _ => false,
    }
}

type Lines = Result<Vec<String>, String>;

impl Caller {
    /// Makes one call. The names are those of the methods of `Client` and `Session`.
    fn call(self, call: &str) -> (Self, Lines) {
        let mut words = call.split(' ');
        let name = words.next().unwrap_or_default();
        let words: Vec<&str> = words.collect();
        match (self, name, &words[..]) {
            (Self::Nowhere(address), "connect", []) => match Client::connect(address) {
                Ok(client) => {
                    let greeting = vec![client.greeting().reply.text.to_string()];
                    (Self::Before(Box::new(client)), Ok(greeting))
                }
                Err(error) => (Self::Over, Err(error.to_string())),
            },
            (Self::Before(client), "login" | "login_apop", [user, password]) => {
                let methods = match name {
                    "login" => Method::ALL,
                    _ => &[Method::Apop],
                };
                let login = account(user, password.as_bytes()).map_err(|error| error.to_string());
                let login = match login {
                    Ok(account) => client.login_by(account, methods),
                    Err(error) => return (Self::Before(client), Err(error)),
                };
                match login {
                    Ok(session) => {
                        let reply = vec![session.login_reply().text.to_string()];
                        (Self::Inside(Box::new(session)), Ok(reply))
                    }
                    Err(failed) => {
                        let after = failed.client.map_or(Self::Over, Self::Before);
                        (after, Err(failed.error.to_string()))
                    }
                }
            }
            (Self::Before(mut client), "utf8" | "languages" | "language", words) => {
                let lines = before(&mut client, name, words);
                (Self::Before(client), lines)
            }
            (Self::Before(client), "quit", []) => {
                (Self::Over, shown(client.quit().map(|reply| [reply.text])))
            }
            (Self::Inside(session), "quit", []) => {
                (Self::Over, shown(session.quit().map(|reply| [reply.text])))
            }
            (Self::Inside(_), "drop", []) => (Self::Over, Ok(vec![])),
            (Self::Inside(mut session), name, words) => {
                let lines = inside(&mut session, name, words);
                (Self::Inside(session), lines)
            }
            (before, ..) => (before, Err(format!("{call:?} cannot be called here"))),
        }
    }
}

/// What is agreed on before login.
fn before(client: &mut Client, name: &str, words: &[&str]) -> Lines {
    match (name, words) {
        ("utf8", []) => shown(client.utf8().map(|reply| [reply.text])),
        ("languages", []) => shown(client.languages().map(|all| {
            all.into_iter().map(|one| format!("{} {}", one.tag, one.name.unwrap_or_default()))
        })),
        ("language", [range]) => {
            let range = LanguageRange::new(range).map_err(|error| error.to_string())?;
            shown(client.language(range).map(|(tag, text)| [format!("{tag}: {text}")]))
        }
        _ => Err(format!("there is no call {name:?} with {} arguments", words.len())),
    }
}

/// The calls of a session that leave it open.
fn inside(session: &mut Session, name: &str, words: &[&str]) -> Lines {
    let number = |word: &str| {
        word.parse().ok().and_then(MessageNumber::new).ok_or_else(|| format!("no number: {word:?}"))
    };
    match (name, words) {
        ("stat", []) => {
            shown(session.stat().map(|all| [format!("{} {}", all.messages, all.octets)]))
        }
        ("list", []) => shown(
            session
                .list()
                .map(|all| all.into_iter().map(|one| format!("{} {}", one.number, one.octets))),
        ),
        ("list_one", [n]) => shown(
            session.list_one(number(n)?).map(|one| [format!("{} {}", one.number, one.octets)]),
        ),
        ("unique_ids", []) => shown(
            session
                .unique_ids()
                .map(|all| all.into_iter().map(|one| format!("{} {}", one.number, one.unique_id))),
        ),
        ("unique_id", [n]) => shown(session.unique_id(number(n)?).map(|id| [id])),
        ("retrieve", [n]) => match session.retrieve(number(n)?) {
            Ok(letter) => content(letter).map(|content| vec![content]),
            Err(error) => Err(error.to_string()),
        },
        ("top", [n, lines]) => {
            let lines = lines.parse().map_err(|_| "not a number of lines")?;
            match session.top(number(n)?, lines) {
                Ok(letter) => content(letter).map(|content| vec![content]),
                Err(error) => Err(error.to_string()),
            }
        }
        ("retrieve_all", numbers) => {
            let numbers = numbers.iter().map(|n| number(n)).collect::<Result<Vec<_>, _>>()?;
            let mut lines = Vec::new();
            let mut letters = session.retrieve_all(numbers);
            while let Some((number, letter)) = letters.next_letter().map_err(|e| e.to_string())? {
                let shown = match letter {
                    Ok(letter) => content(letter)?,
                    Err(refused) => refused.to_string(),
                };
                lines.push(format!("{number}: {shown}"));
            }
            Ok(lines)
        }
        ("delete", [n]) => shown(session.delete(number(n)?).map(|reply| [reply.text])),
        ("reset", []) => shown(session.reset().map(|reply| [reply.text])),
        ("no_operation", []) => shown(session.no_operation().map(|reply| [reply.text])),
        ("extension", [shape @ ("line" | "message"), keyword]) => {
            let shape = if *shape == "line" { Shape::Line } else { Shape::Message };
            let command = Extension::new(keyword, "", shape).map_err(|error| error.to_string())?;
            let answer = session.extension(command);
            shown(answer.map(|(reply, content)| [format!("{reply}"), escaped(&content)]))
        }
        _ => Err(format!("there is no call {name:?} with {} arguments", words.len())),
    }
}

fn shown<T: Display>(result: Result<impl IntoIterator<Item = T>, Error>) -> Lines {
    match result {
        Ok(lines) => Ok(lines.into_iter().map(|line| line.to_string()).collect()),
        Err(error) => Err(error.to_string()),
    }
}

fn content(mut letter: impl Read) -> Result<String, String> {
    let mut octets = Vec::new();
    letter.read_to_end(&mut octets).map_err(|error| error.to_string())?;
    Ok(escaped(&octets))
}

fn escaped(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}
