//! Who logs in to whom, by what: the tables of `docs/peers.md`.

use std::fmt::Write;

use pop3_proto::client::exchange::Method;

use super::clients::{CLIENTS, CURL_AT_ONCE};
use super::dovecot;
use super::login::Security;
use super::ours::Runtime;

/// A row for each method that our server takes from anybody, a column for each client.
#[must_use]
pub fn clients() -> String {
    let all = CLIENTS.iter().chain([&CURL_AT_ONCE]);
    table(&all.map(|client| (client.called.to_owned(), client.methods)).collect::<Vec<_>>())
}

/// A row for each method that Dovecot has, a column for each of our clients.
#[must_use]
pub fn dovecot() -> String {
    table(&Runtime::ALL.map(|runtime| (runtime.to_string(), dovecot::METHODS)))
}

fn table(columns: &[(String, &[Method])]) -> String {
    let mut table = "| |".to_owned();
    for (name, _) in columns {
        // Writing to a string cannot fail.
        let _ = write!(table, " {name} |");
    }
    table += "\n|---|";
    table += &"---|".repeat(columns.len());
    table += "\n";
    let rows = Method::ALL.iter().filter(|row| columns.iter().any(|(_, has)| has.contains(row)));
    for row in rows {
        let _ = write!(table, "| {} |", name(*row));
        for (_, has) in columns {
            let cell = if has.contains(row) { cell(*row) } else { "–".to_owned() };
            let _ = write!(table, " {cell} |");
        }
        table += "\n";
    }
    table
}

fn cell(method: Method) -> String {
    let short = |security| match security {
        Security::Clear => "clear",
        Security::Stls => "STLS",
        Security::Implicit => "TLS",
    };
    Security::of(method).map(short).collect::<Vec<_>>().join(", ")
}

fn name(method: Method) -> &'static str {
    match method {
        Method::User => "USER, PASS",
        method => method.name(),
    }
}

#[cfg(test)]
mod tests {
    use pop3_proto::auth::sasl::ScramHash;

    use super::*;

    #[test]
    fn a_table_has_a_row_for_what_anybody_has_and_a_mark_for_who_has_it() {
        let one = ("one".to_owned(), &[Method::User, Method::Scram(ScramHash::Sha1)][..]);
        let other = ("other".to_owned(), &[Method::External][..]);
        assert_eq!(
            table(&[one, other]),
            "| | one | other |\n|---|---|---|\n\
             | SCRAM-SHA-1 | clear, STLS, TLS | – |\n\
             | EXTERNAL | – | STLS, TLS |\n\
             | USER, PASS | clear, STLS, TLS | – |\n"
        );
    }
}
