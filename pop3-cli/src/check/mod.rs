//! `pop3 check`: judges others.

pub(crate) mod args;
mod client;
mod listing;
mod matrix;
mod reports;
mod server;

use args::{Check, Checked};

use crate::failure::Failure;

pub(crate) fn run(check: &Check) -> Result<(), Failure> {
    let outcome = match &check.what {
        Checked::Server(server) => server::run(server),
        Checked::Client(client) => client::run(client),
        Checked::Matrix(matrix) => matrix::run(matrix),
    };
    outcome.map_err(|failure| match failure {
        Failure::Breaches(_) | Failure::Usage(_) => failure,
        failure if failure.is_broken_pipe() => failure,
        // Status 1 is a verdict here, and whatever else went wrong is none.
        failure => Failure::NoVerdict(failure.to_string()),
    })
}
