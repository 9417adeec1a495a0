//! Dovecot and our client, which is allowed one method and no other.

use std::sync::Arc;

use libtest_mimic::Trial;
use pop3_proto::adapter::{self, Endpoint, Error, Options};
use pop3_proto::client::exchange::{Account, Method};
use pop3_proto::reply::ResponseCode;
use pop3_proto::tls::ClientTls;
use pop3_proto::{Secret, Text, UserName};
use pop3_tests::compare::{LineEnds, compare};
use pop3_tests::letters::Set;
use pop3_tests::peers::authority::{Authority, pem};
use pop3_tests::peers::dovecot::METHODS;
use pop3_tests::peers::login::{Login, Security, long_token, secret};
use pop3_tests::peers::ours::{Collected, Runtime};
use pop3_tests::peers::servers::DOVECOT;
use pop3_tests::peers::{expected, trial_unless};

use super::Shared;
use super::text;

pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for runtime in Runtime::ALL {
        for &method in METHODS {
            trials.extend(
                Security::of(method).map(|security| we_come_in(shared, runtime, method, security)),
            );
            if !secret(method).is_empty() {
                trials.push(we_are_refused(shared, runtime, method));
            }
            if matches!(method, Method::OAuthBearer | Method::XOAuth2) {
                trials.push(we_have_a_long_token(shared, runtime, method));
            }
        }
        for security in [Security::Stls, Security::Implicit] {
            trials.push(we_trust_no_stranger(shared, runtime, security));
        }
        trials.push(we_choose(shared, runtime));
    }
    trials
}

fn we_come_in(shared: &Arc<Shared>, runtime: Runtime, method: Method, security: Security) -> Trial {
    let name = format!("{runtime}: we log in to dovecot by {} {security}", method.name());
    let shared = shared.clone();
    trial_unless(DOVECOT.missing(), name, move || {
        let authority = shared.authority()?;
        let collected = collect(&shared, runtime, Login::by(method, security, &authority))?;
        whole(&collected.map_err(text)?, method, security)
    })
}

fn we_have_a_long_token(shared: &Arc<Shared>, runtime: Runtime, method: Method) -> Trial {
    let name = format!("{runtime}: we log in to dovecot by {} with a long token", method.name());
    let shared = shared.clone();
    trial_unless(DOVECOT.missing(), name, move || {
        let (authority, security) = (shared.authority()?, Security::Implicit);
        let login = Login::by(method, security, &authority);
        let login = Login { secret: long_token(), ..login };
        whole(&collect(&shared, runtime, login)?.map_err(text)?, method, security)
    })
}

/// The exchange comes to its end, too, when the secret is wrong.
fn we_are_refused(shared: &Arc<Shared>, runtime: Runtime, method: Method) -> Trial {
    let name = format!("{runtime}: we are refused by dovecot with a wrong {}", method.name());
    let shared = shared.clone();
    trial_unless(DOVECOT.missing(), name, move || {
        let authority = shared.authority()?;
        let login = Login::by(method, Security::Implicit, &authority);
        let refused = collect(&shared, runtime, Login { secret: "squid", ..login })?;
        let reply = refused.as_ref().err().and_then(Error::refusal);
        match reply.and_then(|reply| reply.code.as_ref()) {
            Some(code) if *code == ResponseCode::AUTH => Ok(()),
            _ => Err(format!("{refused:?}")),
        }
    })
}

/// Where Dovecot's certificate is another's, we do not come in: so elsewhere we have looked.
fn we_trust_no_stranger(shared: &Arc<Shared>, runtime: Runtime, security: Security) -> Trial {
    let name = format!("{runtime}: we do not trust a dovecot that is a stranger {security}");
    let shared = shared.clone();
    trial_unless(DOVECOT.missing(), name, move || {
        let elsewhere = tempfile::tempdir().map_err(text)?;
        let other = Authority::found(elsewhere.path())?;
        let collected = collect(&shared, runtime, Login::by(METHODS[0], security, &other))?;
        match collected {
            Err(Error::Tls(_)) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
}

/// Where everything is allowed, it is the strongest; and what is tried here is all there is.
fn we_choose(shared: &Arc<Shared>, runtime: Runtime) -> Trial {
    let name = format!("{runtime}: we use the strongest that dovecot has, and have tried all");
    let shared = shared.clone();
    trial_unless(DOVECOT.missing(), name, move || {
        let (authority, security) = (shared.authority()?, Security::Implicit);
        let any = Login { method: None, ..Login::by(METHODS[0], security, &authority) };
        let collected = collect(&shared, runtime, any)?.map_err(text)?;
        whole(&collected, METHODS[0], security)?;
        let commands = [Method::Apop, Method::User];
        let sasl = METHODS.iter().filter(|method| !commands.contains(method));
        let mut tried: Vec<_> = sasl.map(|method| method.name().to_owned()).collect();
        let mut offered = collected.offered;
        offered.sort();
        tried.sort();
        if offered == tried {
            Ok(())
        } else {
            Err(format!("{offered:?} are offered, {tried:?} are tried"))
        }
    })
}

/// Everything has arrived, in that way.
fn whole(collected: &Collected, method: Method, security: Security) -> Result<(), String> {
    if collected.method != method {
        return Err(format!("logged in by {}", collected.method));
    }
    if collected.in_tls != (security != Security::Clear) {
        return Err(format!("asked for {security}, but in TLS: {}", collected.in_tls));
    }
    let (_, expected) = expected(&DOVECOT.peer, LineEnds::Wire, Set::Hard.letters());
    compare(&expected, &collected.letters)
}

fn collect(
    shared: &Shared,
    runtime: Runtime,
    login: Login<'_>,
) -> Result<Result<Collected, Error>, String> {
    let (dovecot, _) = shared.dovecot()?;
    let (address, security) = match login.security {
        Security::Clear => (dovecot.clear, adapter::Security::None),
        Security::Stls => (dovecot.clear, adapter::Security::StartTls),
        Security::Implicit => {
            (dovecot.implicit_tls.ok_or("no port in TLS")?, adapter::Security::Implicit)
        }
    };
    let mut options = Options::default();
    options.security = security;
    options.tls = login.trusted().map(|authority| tls(authority, login.method)).transpose()?;
    let endpoint = Endpoint::new("localhost", address.port()).map_err(text)?;
    let account = account(login, &endpoint)?;
    let method = login.method.as_ref().map(std::slice::from_ref);
    Ok(runtime.collect(&endpoint, &options, account, method.unwrap_or(Method::ALL)))
}

/// Trusts the authority. Its certificate for `mark` is shown only for EXTERNAL: Dovecot takes the
/// name from it whatever the mechanism is, and then what LOGIN says first for the password.
fn tls(authority: &Authority, method: Option<Method>) -> Result<ClientTls, String> {
    let tls = ClientTls::with_roots_pem(&pem(&authority.root)?).map_err(text)?;
    if method != Some(Method::External) {
        return Ok(tls);
    }
    tls.with_client_certificate(&pem(&authority.client)?, &pem(&authority.client_key)?)
        .map_err(text)
}

/// What user `mark` logs in with.
fn account(login: Login<'_>, endpoint: &Endpoint) -> Result<Account, String> {
    let user = UserName::new("mark").map_err(text)?;
    let secret = || Secret::new(login.secret).map_err(text);
    Ok(match login.method {
        Some(Method::OAuthBearer | Method::XOAuth2) => Account::Token {
            user,
            token: secret()?,
            server: (endpoint.host().to_owned(), endpoint.port()),
        },
        Some(Method::External) => Account::Certificate { user: None },
        Some(Method::Anonymous) => Account::Anonymous { trace: Text::literal("somebody") },
        _ => Account::Password { user, password: secret()? },
    })
}
