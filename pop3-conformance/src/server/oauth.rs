//! OAUTHBEARER (RFC 7628) and XOAUTH2, for what a script cannot say.

use serde_json::{Map, Value};

use super::bench::{Bench, Halt, breach, expect, skip};
use super::case::Case;
use super::sasl::{bearer, carried, challenged, proven, refused, respond};
use super::survey::Offers;
use super::wire::shown;

/// A token that nobody has given out.
const FALSE_TOKEN: &str = "nobody-has-given-this-out";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::code(
            "7628-3/oauthbearer-in-tls-alone",
            "OAUTHBEARER is neither listed nor taken in clear text.",
            &["7628-3-tls"],
            "door: clear; needs: SASL OAUTHBEARER",
            |bench| in_tls_alone(bench, "OAUTHBEARER"),
        ),
        Case::code(
            "google-xoauth2/xoauth2-in-tls-alone",
            "XOAUTH2 is neither listed nor taken in clear text.",
            &["google-xoauth2-general-tls-only"],
            "door: clear; needs: SASL XOAUTH2",
            |bench| in_tls_alone(bench, "XOAUTH2"),
        ),
        Case::code(
            "7628-3.2.2/refusal-in-json",
            "The refusal of a token is explained by a JSON object with a status.",
            &["7628-3.2.2-error-json"],
            "needs: SASL OAUTHBEARER",
            |bench| {
                let explanation = explanation(bench, "OAUTHBEARER")?;
                texts(&explanation, &["status"], &["scope", "openid-configuration"])
            },
        ),
        Case::code(
            "7628-3.2.2/one-scope",
            "The scope that a refusal names is one, not several.",
            &["7628-3.2.2-one-scope"],
            "needs: SASL OAUTHBEARER",
            |bench| match explanation(bench, "OAUTHBEARER") {
                Ok(object) => match object.get("scope") {
                    Some(Value::String(scope)) => {
                        expect(!scope.trim().contains(' '), scope.as_bytes(), "one scope")
                    }
                    _ => skip("the server has no scope to name"),
                },
                Err(Halt::Breach(_)) => skip("the server has no explanation for a refusal"),
                Err(halt) => Err(halt),
            },
        ),
        Case::code(
            "google-xoauth2/refusal-in-json",
            "The refusal of a token is explained by a JSON object with status, schemes and scope.",
            &["google-xoauth2-error-json"],
            "needs: SASL XOAUTH2",
            |bench| {
                let explanation = explanation(bench, "XOAUTH2")?;
                texts(&explanation, &["status", "schemes", "scope"], &[])
            },
        ),
        Case::code(
            "google-xoauth2/token-of-another",
            "A token of one user does not open the maildrop of another.",
            &["google-xoauth2-error-json"],
            "needs: SASL XOAUTH2; token; second; maildrop",
            |bench| {
                proven(bench, "XOAUTH2")?;
                let token = bench.target().token.clone().unwrap_or_default();
                let second = bench.target().second.as_ref().map(|account| account.user.clone());
                let user = second.unwrap_or_default();
                let mut peer = challenged(bench, "XOAUTH2")?.0;
                let reply = respond(&mut peer, &bearer("XOAUTH2", &user, &token))?;
                expect(carried(&reply).is_some(), &reply.status, "a challenge that explains")?;
                refused(&peer.ask("")?)
            },
        ),
    ]
}

fn in_tls_alone(bench: &mut Bench<'_>, mechanism: &str) -> Result<(), Halt> {
    let Offers { clear, .. } = bench.offers();
    let words = clear.as_ref().and_then(|list| list.get("SASL")).cloned().unwrap_or_default();
    let is_listed = words.split(' ').any(|word| word.eq_ignore_ascii_case(mechanism));
    let came = format!("SASL {words}");
    expect(!is_listed, came.as_bytes(), format!("no {mechanism} in clear text"))?;
    let mut peer = bench.connect()?;
    bench.greet(&mut peer)?;
    refused(&peer.ask(&format!("AUTH {mechanism}"))?)
}

/// What the server says to a false token.
fn explanation(bench: &mut Bench<'_>, mechanism: &str) -> Result<Map<String, Value>, Halt> {
    let message = bearer(mechanism, &bench.target().account.user, FALSE_TOKEN);
    let mut peer = challenged(bench, mechanism)?.0;
    let reply = respond(&mut peer, &message)?;
    if reply.status.starts_with(b"-ERR [SYS/") {
        return skip(format!(
            "the server has nobody to ask about tokens: {}",
            shown(&reply.status)
        ));
    }
    let Some(explanation) = carried(&reply) else {
        return breach(shown(&reply.status), "a challenge that explains");
    };
    match serde_json::from_slice(&explanation) {
        Ok(Value::Object(object)) => Ok(object),
        _ => breach(shown(&explanation), "a JSON object"),
    }
}

/// These must be there as texts; and those, if they are.
fn texts(object: &Map<String, Value>, all: &[&str], any: &[&str]) -> Result<(), Halt> {
    let is_text = |name: &str| object.get(name).is_some_and(Value::is_string);
    let mut wrong = all.iter().filter(|name| !is_text(name));
    let mut odd = any.iter().filter(|name| object.contains_key(**name) && !is_text(name));
    match wrong.next().or(odd.next()) {
        Some(name) => {
            let came = serde_json::to_vec(object).unwrap_or_default();
            breach(shown(&came), format!("{name} as a text"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_has_its_texts() {
        let judge = |text: &str| {
            let Ok(Value::Object(object)) = serde_json::from_str(text) else { return false };
            texts(&object, &["status"], &["scope"]).is_ok()
        };
        assert!(judge(r#"{"status":"401"}"#) && judge(r#"{"status":"401","scope":"mail"}"#));
        for odd in [r#"{}"#, r#"{"status":401}"#, r#"{"status":"401","scope":["mail"]}"#] {
            assert!(!judge(odd), "{odd}");
        }
    }
}
