//! Somebody else's client and our server, which takes one method and no other.

use std::path::PathBuf;
use std::sync::Arc;

use libtest_mimic::Trial;
use pop3_proto::client::exchange::Method;
use pop3_tests::compare::{Expected, compare};
use pop3_tests::letters::{Set, collect, lay_out};
use pop3_tests::peers::authority::Authority;
use pop3_tests::peers::clients::{CLIENTS, CURL_AT_ONCE, Client, Errand};
use pop3_tests::peers::embedded::Embedded;
use pop3_tests::peers::expected;
use pop3_tests::peers::login::{Login, Security, long_token, secret};
use tempfile::TempDir;

use super::Shared;
use super::text;

pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for client in CLIENTS.iter().chain([&CURL_AT_ONCE]) {
        for &method in client.methods {
            trials.extend(
                Security::of(method).map(|security| comes_in(shared, client, method, security)),
            );
            if !secret(method).is_empty() {
                trials.push(is_refused(shared, client, method));
            }
            if matches!(method, Method::OAuthBearer | Method::XOAuth2) {
                trials.push(has_a_long_token(shared, client, method));
            }
        }
        for security in [Security::Stls, Security::Implicit] {
            trials.push(trusts_no_stranger(shared, client, security));
        }
        trials.push(is_obstinate(shared, client));
    }
    trials
}

fn comes_in(
    shared: &Arc<Shared>,
    client: &'static Client,
    method: Method,
    security: Security,
) -> Trial {
    let name = format!("{} logs in to us by {} {security}", client.called, method.name());
    let shared = shared.clone();
    client.peer.trial(name, move || {
        let authority = shared.authority()?;
        let login = Login::by(method, security, &authority);
        visit(client, login, method, &authority)?.has_collected()
    })
}

fn has_a_long_token(shared: &Arc<Shared>, client: &'static Client, method: Method) -> Trial {
    let name = format!("{} logs in to us by {} with a long token", client.called, method.name());
    let shared = shared.clone();
    client.peer.trial(name, move || {
        let authority = shared.authority()?;
        let login = Login::by(method, Security::Implicit, &authority);
        let login = Login { secret: long_token(), ..login };
        visit(client, login, method, &authority)?.has_collected()
    })
}

/// The exchange comes to its end, too, when the secret is wrong.
fn is_refused(shared: &Arc<Shared>, client: &'static Client, method: Method) -> Trial {
    let name = format!("{} is refused by us with a wrong {}", client.called, method.name());
    let shared = shared.clone();
    client.peer.trial(name, move || {
        let authority = shared.authority()?;
        let login = Login::by(method, Security::Implicit, &authority);
        let login = Login { secret: "squid", ..login };
        visit(client, login, method, &authority)?.has_stayed_out()
    })
}

/// A client that trusts somebody else does not come in: so the others have looked.
fn trusts_no_stranger(shared: &Arc<Shared>, client: &'static Client, security: Security) -> Trial {
    let name = format!("{} does not trust a stranger {security}", client.called);
    let shared = shared.clone();
    client.peer.trial(name, move || {
        let authority = shared.authority()?;
        let elsewhere = tempfile::tempdir().map_err(text)?;
        let other = Authority::found(elsewhere.path())?;
        let method = client.methods[0];
        let login = Login::by(method, security, &other);
        visit(client, login, method, &authority)?.has_stayed_out()
    })
}

/// A client that was told one method and offered another stays out: so the others have used what
/// they were told.
fn is_obstinate(shared: &Arc<Shared>, client: &'static Client) -> Trial {
    let method = client.methods[0];
    let name = format!("{} comes by {} or not at all", client.called, method.name());
    let shared = shared.clone();
    client.peer.trial(name, move || {
        let authority = shared.authority()?;
        let login = Login::by(method, Security::Implicit, &authority);
        visit(client, login, Method::User, &authority)?.has_stayed_out()
    })
}

/// What came of a client.
struct Visit {
    outcome: Result<(), String>,
    expected: Vec<Expected>,
    inbox: PathBuf,
    _directory: TempDir,
}

/// Sends a client to our server, which has a certificate of that authority and takes this method.
fn visit(
    client: &Client,
    login: Login<'_>,
    method: Method,
    authority: &Authority,
) -> Result<Visit, String> {
    let (letters, expected) = expected(&client.peer, client.line_ends, Set::Hard.letters());
    let directory = tempfile::tempdir().map_err(text)?;
    let inbox = directory.path().join("inbox");
    lay_out(&inbox, &[]).map_err(text)?;
    let server = Embedded::start(&letters, method, login.security, authority)?;
    let outcome = (client.collect)(&Errand {
        server: server.address,
        login,
        letters: letters.len(),
        maildir: &inbox,
        scratch: directory.path(),
    });
    server.stop()?;
    Ok(Visit { outcome, expected, inbox, _directory: directory })
}

impl Visit {
    fn has_collected(self) -> Result<(), String> {
        self.outcome?;
        compare(&self.expected, &collect(&self.inbox).map_err(text)?)
    }

    fn has_stayed_out(self) -> Result<(), String> {
        let arrived = collect(&self.inbox).map_err(text)?.len();
        match self.outcome {
            Err(why) if arrived == 0 && !why.contains("not within") => Ok(()),
            outcome => Err(format!("{arrived} letters have arrived: {outcome:?}")),
        }
    }
}
