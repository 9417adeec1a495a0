//! RFC 1939, for what a script cannot say.

use super::case::{Case, Watched};

pub(super) fn cases() -> Vec<Case> {
    vec![Case::watch(
        "1939-3/two-indicators",
        "Every status line begins with +OK or -ERR in capitals, and a space if there is more.",
        &["1939-3-response-shape", "1939-3-two-indicators", "1939-3-status-upper"],
        |exchange, _| {
            if exchange.status.is_empty() {
                return Watched::Unconcerned;
            }
            let rest =
                exchange.status.strip_prefix(b"+OK").or(exchange.status.strip_prefix(b"-ERR"));
            if rest.is_some_and(|rest| matches!(rest.first(), Some(b' ' | b'\r'))) {
                return Watched::Right;
            }
            Watched::Wrong { came: exchange.status.clone(), right: "+OK or -ERR" }
        },
    )]
}
