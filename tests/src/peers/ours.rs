//! Our own clients, whatever they run on.

use std::convert::identity as now;
use std::fmt;
use std::sync::LazyLock;

use async_std::task::block_on;
use pop3_proto::MessageNumber;
use pop3_proto::adapter::{Endpoint, Error, Options};
use pop3_proto::client::exchange::{Account, Method};
use tokio::runtime::Runtime as Tokio;

/// What our clients run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Runtime {
    /// Threads.
    Blocking,
    /// tokio.
    Tokio,
    /// async-std.
    AsyncStd,
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blocking => "blocking",
            Self::Tokio => "tokio",
            Self::AsyncStd => "async-std",
        })
    }
}

/// What a session has seen.
#[derive(Debug)]
pub struct Collected {
    /// How the login was done.
    pub method: Method,
    /// Whether the session was in TLS.
    pub in_tls: bool,
    /// The SASL mechanisms that the server offered before login.
    pub offered: Vec<String>,
    /// The letters, as they came over the wire.
    pub letters: Vec<Vec<u8>>,
}

/// The same calls for each adapter, whether they are awaited or not.
macro_rules! collect {
    ($adapter:ident, $wait:path, $endpoint:expr, $options:expr, $account:expr, $methods:expr) => {{
        let client = $wait($adapter::Client::connect_with($endpoint.clone(), $options))?;
        let sasl = client.capabilities().into_iter().flat_map(|told| told.sasl_mechanisms());
        let offered = sasl.map(|name| name.to_string()).collect();
        let mut session = $wait(client.login_by($account, $methods)).map_err(Error::from)?;
        let (method, in_tls) = (session.method(), session.is_in_tls());
        let numbers: Vec<MessageNumber> =
            $wait(session.list())?.into_iter().map(|message| message.number).collect();
        let mut letters = Vec::new();
        let mut coming = session.retrieve_all(numbers);
        while let Some((_, letter)) = $wait(coming.next_letter())? {
            let (mut letter, mut content) = (letter?, Vec::new());
            while let Some(chunk) = $wait(letter.next_chunk())? {
                content.extend_from_slice(&chunk);
            }
            letters.push(content);
        }
        drop(coming);
        $wait(session.quit())?;
        Ok(Collected { method, in_tls, offered, letters })
    }};
}

fn on_tokio<F: Future>(future: F) -> F::Output {
    static TOKIO: LazyLock<Tokio> = LazyLock::new(|| Tokio::new().expect("tokio starts"));
    TOKIO.block_on(future)
}

impl Runtime {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Blocking, Self::Tokio, Self::AsyncStd];

    /// Collects all letters of an account, having logged in by one of these methods. Nothing is
    /// removed.
    ///
    /// # Errors
    /// When anything fails.
    pub fn collect(
        self,
        endpoint: &Endpoint,
        options: &Options,
        account: Account,
        methods: &[Method],
    ) -> Result<Collected, Error> {
        match self {
            Self::Blocking => collect!(pop3_blocking, now, endpoint, options, account, methods),
            Self::Tokio => collect!(pop3_tokio, on_tokio, endpoint, options, account, methods),
            Self::AsyncStd => {
                collect!(pop3_async_std, block_on, endpoint, options, account, methods)
            }
        }
    }
}
