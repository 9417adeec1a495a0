//! What comes before TLS, and how it ends.

use super::{Look, Watch, each, each_command, look};
use crate::client::Security;

pub(super) const WATCHES: &[Watch] = &[
    Watch {
        id: "tls/no-login-in-clear",
        title: "Where TLS is demanded, no login is tried without it.",
        proves: &[
            "2595-9-strip-attack",
            "2595-2.3-refuse-cleartext",
            "8314-5-min-confidentiality",
            "8314-5.1-no-credential-probe",
        ],
        look: |facts| {
            let demanded = facts.check.tls != Security::None;
            each(facts, |line| {
                let is_login = line.is_secret() || line.keyword() == "USER";
                demanded.then_some(line.in_tls || !is_login)
            })
        },
    },
    Watch {
        id: "tls/only-capa-and-stls-in-clear",
        title: "Where TLS is demanded, nothing but CAPA, STLS and QUIT is said without it.",
        proves: &["8314-5.2-only-capa-stls"],
        look: |facts| {
            let demanded = facts.check.tls != Security::None;
            each_command(facts, |line, keyword| {
                (demanded && !line.in_tls).then_some(matches!(keyword, "CAPA" | "STLS" | "QUIT"))
            })
        },
    },
    Watch {
        id: "tls/nothing-behind-stls",
        title: "Nothing is said between STLS and the end of the handshake.",
        proves: &["2595-4-client-waits"],
        look: |facts| match &facts.seen.behind_stls {
            None => Look::Nothing,
            Some(octets) if octets.is_empty() => Look::Right,
            Some(octets) => Look::Wrong(octets.escape_ascii().to_string()),
        },
    },
    Watch {
        id: "tls/capa-again",
        title: "After STLS the client asks for the capabilities again.",
        proves: &["2595-4-client-reissues"],
        look: |facts| {
            let in_tls: Vec<_> = facts.seen.lines.iter().filter(|line| line.in_tls).collect();
            let login = in_tls.iter().find(|line| line.is_secret() && line.within_auth.is_none());
            let mut lines = facts.seen.lines.iter();
            let is_refused = lines.any(|line| line.keyword() == "CAPA" && !line.is_ok());
            match login {
                Some(login) if facts.check.tls == Security::Stls && !is_refused => {
                    look([(*login, login.capabilities.is_some())].into_iter())
                }
                _ => Look::Nothing,
            }
        },
    },
    Watch {
        id: "tls/modern",
        title: "TLS 1.2 or later is spoken.",
        proves: &["8314-5-tls12"],
        look: |facts| match facts.seen.handshake {
            Some(Ok(())) if facts.seen.has_modern_tls => Look::Right,
            _ => Look::Nothing,
        },
    },
    Watch {
        id: "tls/goodbye",
        title: "A client ends TLS with its alert before it closes the connection.",
        proves: &["8314-3.4-close-alert"],
        look: |facts| {
            let seen = facts.seen;
            match seen.lines.last() {
                Some(line) if line.in_tls && seen.ended_by_quit => {
                    look([(line, seen.said_goodbye)].into_iter())
                }
                _ => Look::Nothing,
            }
        },
    },
];
