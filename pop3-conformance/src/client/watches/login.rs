//! How a client logs in.

use super::{Watch, decoded, each, each_command, initial_response, lists, response_to};
use crate::client::server::{digest, hmac};

pub(super) const WATCHES: &[Watch] = &[
    Watch {
        id: "login/apop",
        title: "APOP's digest is MD5 over timestamp and password, in lower-case hexadecimal digits.",
        proves: &[
            "1939-7-apop-digest",
            "1939-7-apop-hex-lower",
            "1939-7-apop-client-verbatim",
            "2449-6-apop-detect",
        ],
        look: |facts| {
            each_command(facts, |line, keyword| {
                let timestamp = facts.seen.timestamp.as_deref().unwrap_or_default();
                (keyword == "APOP").then(|| {
                    let right = digest(timestamp, facts.password());
                    line.arguments() == format!("{} {right}", facts.check.user).as_bytes()
                })
            })
        },
    },
    Watch {
        id: "login/cram-md5",
        title: "CRAM-MD5 is answered by name, space and digest.",
        proves: &["2195-2-response", "2195-2-digest", "2195-2-hex-lower"],
        look: |facts| {
            each(facts, |line| {
                let challenge = response_to(line, "CRAM-MD5")?;
                let response = decoded(&line.octets)?;
                let right = hmac(&challenge, facts.password());
                Some(response == format!("{} {right}", facts.check.user).as_bytes())
            })
        },
    },
    Watch {
        id: "login/cram-md5-waits",
        title: "CRAM-MD5 has no initial response.",
        proves: &["2195-2-server-first"],
        look: |facts| {
            each_command(facts, |line, keyword| {
                let words: Vec<_> = line.arguments().split(|octet| *octet == b' ').collect();
                let is_it = keyword == "AUTH" && words[0].eq_ignore_ascii_case(b"CRAM-MD5");
                is_it.then_some(words.len() == 1)
            })
        },
    },
    Watch {
        id: "login/plain",
        title: "PLAIN is one message of authorization name, NUL, name, NUL, password.",
        proves: &["4616-2-single-message", "4616-2-no-authzid"],
        look: |facts| {
            let right = format!("\0{}\0{}", facts.check.user, facts.password());
            each(facts, |line| {
                let response = match &line.within_auth {
                    Some(_) => response_to(line, "PLAIN").map(|_| &line.octets[..])?,
                    None => initial_response(line).filter(|(name, _)| name == "PLAIN")?.1,
                };
                Some(decoded(response)? == right.as_bytes())
            })
        },
    },
    Watch {
        id: "login/base64",
        title: "Responses within AUTH are Base64, or * alone.",
        proves: &["5034-5-grammar", "5034-4-ir-base64"],
        look: |facts| {
            each(facts, |line| match &line.within_auth {
                Some(_) => Some(line.octets == b"*" || decoded(&line.octets).is_some()),
                None => initial_response(line)
                    .map(|(_, response)| response == b"=" || decoded(response).is_some()),
            })
        },
    },
    Watch {
        id: "login/auth-only-if-listed",
        title: "AUTH is tried only where CAPA listed SASL.",
        proves: &["5034-3-no-auth-unlisted"],
        look: |facts| {
            each_command(facts, |line, keyword| (keyword == "AUTH").then(|| lists(line, "SASL")))
        },
    },
    Watch {
        id: "login/initial-response-only-if-listed",
        title: "An initial response is given only where CAPA listed SASL.",
        proves: &["5034-3-no-ir-unlisted"],
        look: |facts| each(facts, |line| initial_response(line).map(|_| lists(line, "SASL"))),
    },
    Watch {
        id: "login/user-only-if-listed",
        title: "USER is not tried where CAPA listed SASL and no USER.",
        proves: &["2449-6.2-user-unlisted"],
        look: |facts| {
            each_command(facts, |line, keyword| {
                // A list without any way to log in says nothing of them.
                let knows = lists(line, "USER") || lists(line, "SASL");
                (keyword == "USER" && knows).then(|| lists(line, "USER"))
            })
        },
    },
];
