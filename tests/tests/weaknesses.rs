//! What SECURITY.md says is so: every published class of weakness of POP3 programs has tests, which
//! `tests/weaknesses.txt` names, and the limits are those of its tables.

use std::time::Duration;

use pop3_maildrop::GateLimits;
use pop3_proto::adapter::Options;
use pop3_proto::{client, server};
use pop3_tests::proofs::{read, stands};

#[test]
fn every_class_of_weakness_has_tests() {
    let list = read("tests/weaknesses.txt");
    let mut classes = 0;
    let mut open: Option<&str> = None;
    for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("    ") {
            Some(proof) => {
                open = None;
                assert!(stands(proof), "there is no {proof}");
            }
            None => {
                assert_eq!(open, None, "a class without a test");
                open = Some(line);
                classes += 1;
            }
        }
    }
    assert_eq!(open, None, "a class without a test");
    assert!(classes >= 22, "only {classes} classes");
}

#[test]
fn the_limits_are_those_of_the_tables() {
    let tables = read("SECURITY.md");
    let server = server::Config::default();
    let GateLimits { sessions, sessions_per_address, failed_logins, .. } = GateLimits::default();
    let gate = GateLimits::default();
    let client = client::Config::default();
    let minutes = |time: Duration| match time.as_secs() {
        60 => "1 minute".to_owned(),
        seconds if seconds % 60 == 0 => format!("{} minutes", seconds / 60),
        seconds => format!("{seconds} s"),
    };
    let rows = [
        (grouped(server.command_line.get()), "server::Config::command_line"),
        (grouped(server.sasl_response.get()), "sasl_response"),
        (grouped(server.read_buffer.get()), "read_buffer"),
        (grouped(server.high_water.get()), "high_water"),
        (grouped(server.failed_logins.get() as usize), "failed_logins"),
        (minutes(server.failed_login_delay), "failed_login_delay"),
        (grouped(server.bad_commands.get() as usize), "bad_commands"),
        (minutes(server.idle_limit), "idle_limit"),
        (minutes(server.login_limit), "login_limit"),
        (grouped(sessions.get()), "GateLimits::sessions"),
        (grouped(sessions_per_address.get()), "sessions_per_address"),
        (
            format!("{failed_logins} within {}", minutes(gate.failed_login_window)),
            "failed_logins`, `failed_login_window",
        ),
        (grouped(gate.remembered.get()), "remembered"),
        (minutes(pop3_maildrop::Lobby::LIMIT), "Lobby::LIMIT"),
        (grouped(client.reply_line.get()), "client::Config::reply_line"),
        (grouped(client.listing_lines.get() as usize), "listing_lines"),
        (grouped(client.capability_lines.get() as usize), "capability_lines"),
        (grouped(client.answer.get()), "answer"),
        (grouped(client.read_buffer.get()), "read_buffer"),
        (grouped(client.commands.get()), "commands"),
        (grouped(client.window.get()), "window"),
        (minutes(client.reply_limit), "reply_limit"),
        (minutes(client.quit_limit), "quit_limit"),
        (minutes(Options::default().connect_limit), "adapter::Options::connect_limit"),
    ];
    for (value, name) in rows {
        let row = tables.lines().any(|line| {
            let cells: Vec<_> = line.split(" | ").collect();
            matches!(&cells[..], [_, limit, place]
                if limit.starts_with(&value) && place.trim_end_matches(" |") == format!("`{name}`"))
        });
        assert!(row, "no row says {value} for {name}");
    }
}

/// A number as people write it: 12,288.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
