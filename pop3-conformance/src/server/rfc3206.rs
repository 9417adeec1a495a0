//! RFC 3206, and what IANA has registered for POP3.

use base64ct::{Base64, Encoding};

use super::bench::{Bench, Halt, expect, is_barred, skip};
use super::case::{Case, Watched};
use super::exchange::Exchange;
use super::peer::Reply;
use super::rfc2449::{KNOWN, parameters, right_if};
use super::survey::Offers;
use super::wire::shown;

/// The commands that log in.
const LOGINS: [&str; 3] = ["PASS", "APOP", "AUTH"];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::watch(
            "3206-4/sys-has-two-kinds",
            "Where a refusal says SYS it is SYS/TEMP or SYS/PERM.",
            &["3206-4-sys-second-level"],
            |exchange, _| match exchange.code() {
                Some(code) if code == "SYS" || code.starts_with("SYS/") => {
                    // There may be further levels (RFC 2449, section 8).
                    let known = matches!(code.split('/').nth(1), Some("TEMP" | "PERM"));
                    right_if(known, &exchange.status, "SYS/TEMP or SYS/PERM")
                }
                _ if exchange.status.starts_with(b"-ERR") => Watched::Right,
                _ => Watched::Unconcerned,
            },
        ),
        Case::watch(
            "3206-4/sys-is-the-system",
            "SYS is not said of what the client has done wrong.",
            &["3206-4-sys-meaning"],
            |exchange, _| match exchange.command.as_deref() {
                // Nothing fails in the system when there is no such command or no such letter.
                Some(b"XYZZ" | b"RETR 99999" | b"LIST 99999") => {
                    let sys = exchange.code().is_some_and(|code| code.starts_with("SYS"));
                    right_if(!sys, &exchange.status, "no SYS")
                }
                _ => Watched::Unconcerned,
            },
        ),
        Case::watch(
            "3206-5/auth-where",
            "AUTH is said with -ERR to commands that log in.",
            &["3206-5-auth-where"],
            |exchange, _| match exchange.code() {
                Some(code) if code == "AUTH" => {
                    let keyword = exchange.keyword();
                    let logs_in = LOGINS.contains(&keyword.as_str()) || keyword == "USER";
                    let right = logs_in && !exchange.is_positive();
                    right_if(right, &exchange.status, "AUTH with -ERR to USER, PASS, APOP, AUTH")
                }
                _ => Watched::Unconcerned,
            },
        ),
        Case::watch(
            "3206-5/auth-not-to-user",
            "AUTH is not said to USER, since it would tell who is a user.",
            &["3206-5-auth-not-user"],
            |exchange, _| match exchange.keyword().as_str() {
                "USER" => {
                    let auth = exchange.code().is_some_and(|code| code == "AUTH");
                    right_if(!auth, &exchange.status, "no AUTH to USER")
                }
                _ => Watched::Unconcerned,
            },
        ),
        Case::code(
            "3206-5/wrong-password-is-auth",
            "A wrong password is a matter of AUTH, if of any code.",
            &["3206-5-auth-meaning"],
            "needs: RESP-CODES, USER; maildrop",
            |bench| {
                let reply = wrong_password(bench)?;
                let right = code(&reply).is_none_or(|code| code == "AUTH");
                expect(right, &reply.status, "AUTH, or no code")
            },
        ),
        Case::code(
            "3206-5/auth-is-announced",
            "Whoever says AUTH of a wrong password lists AUTH-RESP-CODE.",
            &["3206-5-auth-capa"],
            "needs: USER; maildrop",
            |bench| {
                let reply = wrong_password(bench)?;
                match code(&reply).as_deref() {
                    Some("AUTH") => {
                        let listed = bench.offers().has("AUTH-RESP-CODE");
                        expect(listed, &reply.status, "AUTH-RESP-CODE in CAPA")
                    }
                    _ => skip("a wrong password is refused without AUTH"),
                }
            },
        ),
        Case::code(
            "3206-6/auth-of-a-wrong-password",
            "With AUTH-RESP-CODE every refusal of a password says AUTH.",
            &["3206-6-auth-resp-code"],
            "needs: AUTH-RESP-CODE; maildrop",
            auth_of_a_wrong_password,
        ),
        Case::code(
            "3206-6/auth-resp-code-in-both-states",
            "AUTH-RESP-CODE has no argument, and is listed in both states.",
            &["3206-6-auth-resp-code-both"],
            "needs: AUTH-RESP-CODE",
            |bench| {
                let offers = bench.offers();
                for (when, list) in [("before", &offers.before), ("after", &offers.after)] {
                    let words = list.as_ref().and_then(|list| list.get("AUTH-RESP-CODE"));
                    let came = format!("{when} login {words:?}");
                    let right = words.is_some_and(String::is_empty);
                    expect(right, came.as_bytes(), "AUTH-RESP-CODE alone")?;
                }
                Ok(())
            },
        ),
        Case::watch(
            "iana/capability-forms",
            "A registered capability has the arguments that its registration gives it.",
            &CAPABILITIES,
            capability_forms,
        ),
        Case::watch(
            "iana/response-codes-where-they-belong",
            "A registered response code is said with -ERR, to the commands that it belongs to.",
            &CODES,
            codes_where_they_belong,
        ),
        Case::watch(
            "2449-8.1.1/login-delay-where",
            "LOGIN-DELAY and IN-USE are said with -ERR to commands that log in.",
            &["2449-8.1.1-login-delay-where", "2449-8.1.2-in-use-where"],
            |exchange, _| match exchange.code().as_deref() {
                Some(code @ ("LOGIN-DELAY" | "IN-USE")) => {
                    let keyword = exchange.keyword();
                    let to_user = code == "LOGIN-DELAY" && keyword == "USER";
                    let right = LOGINS.contains(&keyword.as_str()) || to_user;
                    right_if(right && !exchange.is_positive(), &exchange.status, "-ERR to a login")
                }
                _ => Watched::Unconcerned,
            },
        ),
        Case::watch(
            "2449-8.1.1/login-delay-not-to-user",
            "LOGIN-DELAY is not said to USER, since it would tell who is a user.",
            &["2449-8.1.1-login-delay-not-user"],
            |exchange, _| match exchange.keyword().as_str() {
                "USER" => {
                    let delay = exchange.code().is_some_and(|code| code == "LOGIN-DELAY");
                    right_if(!delay, &exchange.status, "no LOGIN-DELAY to USER")
                }
                _ => Watched::Unconcerned,
            },
        ),
    ]
}

const CAPABILITIES: [&str; 13] = [
    "iana-pop3-capabilities-top",
    "iana-pop3-capabilities-user",
    "iana-pop3-capabilities-sasl",
    "iana-pop3-capabilities-resp-codes",
    "iana-pop3-capabilities-login-delay",
    "iana-pop3-capabilities-pipelining",
    "iana-pop3-capabilities-expire",
    "iana-pop3-capabilities-uidl",
    "iana-pop3-capabilities-implementation",
    "iana-pop3-capabilities-stls",
    "iana-pop3-capabilities-auth-resp-code",
    "iana-pop3-capabilities-utf8",
    "iana-pop3-capabilities-lang",
];

const CODES: [&str; 6] = [
    "iana-pop3-response-codes-login-delay",
    "iana-pop3-response-codes-in-use",
    "iana-pop3-response-codes-sys-temp",
    "iana-pop3-response-codes-sys-perm",
    "iana-pop3-response-codes-auth",
    "iana-pop3-response-codes-utf8",
];

/// Which capabilities have no arguments.
const BARE: [&str; 8] =
    ["TOP", "USER", "RESP-CODES", "PIPELINING", "UIDL", "STLS", "AUTH-RESP-CODE", "LANG"];

fn capability_forms(exchange: &Exchange, _: &Offers) -> Watched {
    let mut seen = Watched::Unconcerned;
    for tag in BARE {
        let found = parameters(exchange, tag, "no arguments", |words: &[&str]| words.is_empty());
        seen = match found {
            Watched::Wrong { .. } => return found,
            Watched::Right => found,
            Watched::Unconcerned => seen,
        };
    }
    let utf8 = parameters(exchange, "UTF8", "USER or no arguments", |words| {
        matches!(words, [] | ["USER"])
    });
    if matches!(utf8, Watched::Wrong { .. }) {
        return utf8;
    }
    for tag in ["SASL", "IMPLEMENTATION", "LOGIN-DELAY", "EXPIRE"] {
        let found = parameters(exchange, tag, "arguments", |words: &[&str]| !words.is_empty());
        if matches!(found, Watched::Wrong { .. }) {
            return found;
        }
    }
    seen
}

fn codes_where_they_belong(exchange: &Exchange, _: &Offers) -> Watched {
    let Some(code) = exchange.code() else { return Watched::Unconcerned };
    if !KNOWN.contains(&code.as_str()) {
        return Watched::Unconcerned;
    }
    let keyword = exchange.keyword();
    let belongs = match code.as_str() {
        "IN-USE" => LOGINS.contains(&keyword.as_str()),
        "LOGIN-DELAY" | "AUTH" => LOGINS.contains(&keyword.as_str()) || keyword == "USER",
        "UTF8" => ["LIST", "TOP", "RETR"].contains(&keyword.as_str()),
        // SYS goes with any command, and with a greeting that is none.
        _ => true,
    };
    right_if(belongs && !exchange.is_positive(), &exchange.status, "-ERR to where it belongs")
}

/// The reply to a wrong password.
fn wrong_password(bench: &mut Bench<'_>) -> Result<Reply, Halt> {
    let mut peer = bench.connect()?;
    bench.greet(&mut peer)?;
    peer.send(&[b"USER ", &bench.target().account.user[..], b"\r\n"].concat())?;
    let name = peer.reply()?;
    if !name.is_positive() {
        return skip("USER is refused");
    }
    let reply = peer.ask("PASS certainly-not-the-password")?;
    unless_barred(bench, &reply)?;
    Ok(reply)
}

/// A server that takes no logins for a while, after so many that failed, says nothing of passwords.
fn unless_barred(bench: &mut Bench<'_>, reply: &Reply) -> Result<(), Halt> {
    if is_barred(reply) {
        let mut peer = bench.connect()?;
        if is_barred(&bench.try_login(&mut peer, bench.offers().way)?) {
            return skip(format!("the server takes no logins now: {}", shown(&reply.status)));
        }
    }
    Ok(())
}

fn auth_of_a_wrong_password(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let offers = bench.offers();
    let is_auth = |reply: &Reply| {
        let right = !reply.is_positive() && code(reply).as_deref() == Some("AUTH");
        expect(right, &reply.status, "-ERR [AUTH]")
    };
    let mut tried = 0;
    if offers.has("USER") {
        is_auth(&wrong_password(bench)?)?;
        tried += 1;
    }
    let user = String::from_utf8_lossy(&bench.target().account.user).into_owned();
    if offers.has("APOP") {
        let mut peer = bench.connect()?;
        bench.greet(&mut peer)?;
        let reply = peer.ask(&format!("APOP {user} {}", "0".repeat(32)))?;
        unless_barred(bench, &reply)?;
        is_auth(&reply)?;
        tried += 1;
    }
    if offers.has("SASL PLAIN") {
        let mut peer = bench.connect()?;
        bench.greet(&mut peer)?;
        let reply =
            peer.ask(&format!("AUTH PLAIN {}", Base64::encode_string(b"\0nobody\0wrong")))?;
        // In clear text it may not be there.
        if peer.tls().is_some() {
            unless_barred(bench, &reply)?;
            is_auth(&reply)?;
            tried += 1;
        }
    }
    if tried == 0 { skip("there is no way in that a password could be wrong for") } else { Ok(()) }
}

fn code(reply: &Reply) -> Option<String> {
    let exchange = Exchange { status: reply.status.clone(), ..Exchange::default() };
    exchange.code()
}
