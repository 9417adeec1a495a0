//! The adapters behind one face.

use std::convert::identity as now;
use std::net::TcpListener;
use std::sync::LazyLock;

use async_std::task::block_on;
use pop3_maildrop::{Door, Service};
use pop3_proto::MessageNumber;
use pop3_proto::adapter::{Endpoint, Options, account};
use pop3_proto::client::exchange::Method;
use pop3_proto::command::{Extension, LanguageRange};
use pop3_proto::state::Shape;
use tokio::runtime::Runtime;

/// The same calls for each adapter, whether they are awaited or not.
macro_rules! collect {
    ($adapter:ident, $wait:path, $endpoint:expr, $options:expr) => {{
        let mut told = Vec::new();
        let number = |n| MessageNumber::new(n).unwrap();
        let mut client = match $wait($adapter::Client::connect_with($endpoint.clone(), $options)) {
            Ok(client) => client,
            Err(error) => return vec![format!("connect: {error}")],
        };
        told.push(format!("greeting: {}, TLS: {}", client.greeting().reply, client.is_in_tls()));
        macro_rules! tell {
            ($name:literal, $call:expr) => {
                let result = $wait($call).map_err(|error| error.to_string());
                told.push(format!("{}: {result:?}", $name));
            };
        }
        tell!("utf8", client.utf8());
        tell!("languages", client.languages());
        tell!("language", client.language(LanguageRange::new("de").unwrap()));
        let mark = account("mark", b"swordfish").unwrap();
        let mut session = match $wait(client.login_by(mark, &[Method::User])) {
            Ok(session) => session,
            Err(failed) => {
                told.push(format!("login: {}", failed.error));
                if let Some(client) = failed.client {
                    told.push(format!(
                        "quit: {:?}",
                        $wait(client.quit()).map_err(|e| e.to_string())
                    ));
                }
                return told;
            }
        };
        told.push(format!("{} by {}", session.login_reply(), session.method()));
        tell!("stat", session.stat());
        tell!("list", session.list());
        tell!("unique ids", session.unique_ids());
        {
            let mut letters = session.retrieve_all([1, 2, 3].map(number));
            loop {
                match $wait(letters.next_letter()) {
                    Ok(Some((number, Ok(mut letter)))) => {
                        let mut content = Vec::new();
                        let end = loop {
                            match $wait(letter.next_chunk()) {
                                Ok(Some(chunk)) => content.extend_from_slice(&chunk),
                                Ok(None) => break "whole".to_owned(),
                                Err(error) => break error.to_string(),
                            }
                        };
                        let content = content.escape_ascii();
                        told.push(format!("letter {number}: {end}: {content}"));
                    }
                    Ok(Some((number, Err(error)))) => {
                        told.push(format!("letter {number}: {error}"))
                    }
                    Ok(None) => break,
                    Err(error) => {
                        told.push(format!("letters: {error}"));
                        break;
                    }
                }
            }
        }
        match $wait(session.top(number(2), 0)) {
            Ok(letter) => told.push(format!("top: {}", letter.reply())),
            Err(error) => told.push(format!("top: {error}")),
        }
        tell!("delete", session.delete(number(1)));
        tell!("reset", session.reset());
        tell!("delete all", session.delete_all([2, 3].map(number)));
        tell!("no operation", session.no_operation());
        let last = Extension::new("XLAST", "", Shape::Line).unwrap();
        tell!("extension", session.extension(last));
        let quirks: Vec<_> = session.quirks().collect();
        told.push(format!("quirks: {quirks:?}"));
        let capabilities = session.capabilities().map(|list| list.iter().count());
        told.push(format!("capabilities: {capabilities:?}"));
        tell!("quit", session.quit());
        told
    }};
}

/// An adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Adapter {
    /// `pop3-blocking`.
    Blocking,
    /// `pop3-tokio`.
    Tokio,
    /// `pop3-async-std`.
    AsyncStd,
}

fn tokio() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    &RUNTIME
}

/// Waits for a future on the runtime that all tests of the process have in common.
pub fn on_tokio<F: Future>(future: F) -> F::Output {
    tokio().block_on(future)
}

/// A server that runs until it is stopped.
pub struct Serving(Box<dyn FnOnce()>);

impl std::fmt::Debug for Serving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Serving")
    }
}

impl Serving {
    /// Stops it.
    ///
    /// # Panics
    /// When it has failed before.
    pub fn stop(self) {
        (self.0)();
    }
}

impl Adapter {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Blocking, Self::Tokio, Self::AsyncStd];

    /// Serves at these doors until it is stopped.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn serve(self, doors: Vec<(TcpListener, Door)>, service: Service) -> Serving {
        match self {
            Self::Blocking => {
                let mut server = pop3_blocking::Server::with_listeners(vec![], service).unwrap();
                for (listener, door) in doors {
                    server.add_listener(listener, door).unwrap();
                }
                let stop = server.stop();
                let running = std::thread::spawn(|| server.run());
                Serving(Box::new(move || {
                    stop.stop();
                    running.join().unwrap().unwrap();
                }))
            }
            Self::Tokio => {
                let mut server = pop3_tokio::Server::with_listeners(vec![], service).unwrap();
                for (listener, door) in doors {
                    listener.set_nonblocking(true).unwrap();
                    let listener = on_tokio(async { tokio::net::TcpListener::from_std(listener) });
                    server.add_listener(listener.unwrap(), door).unwrap();
                }
                let stop = server.stop();
                let running = tokio().spawn(server.run());
                Serving(Box::new(move || {
                    stop.stop();
                    on_tokio(running).unwrap().unwrap();
                }))
            }
            Self::AsyncStd => {
                let mut server = pop3_async_std::Server::with_listeners(vec![], service).unwrap();
                for (listener, door) in doors {
                    server.add_listener(listener.into(), door).unwrap();
                }
                let stop = server.stop();
                let running = async_std::task::spawn(server.run());
                Serving(Box::new(move || {
                    stop.stop();
                    block_on(running).unwrap();
                }))
            }
        }
    }

    /// A whole session of a client: what each call has told.
    #[must_use]
    pub fn collect(self, endpoint: &Endpoint, options: &Options) -> Vec<String> {
        match self {
            Self::Blocking => collect!(pop3_blocking, now, endpoint, options),
            Self::Tokio => collect!(pop3_tokio, on_tokio, endpoint, options),
            Self::AsyncStd => collect!(pop3_async_std, block_on, endpoint, options),
        }
    }
}
