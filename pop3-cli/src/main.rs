//! `pop3`: serve a mailbox, look into it, fetch mail.
//!
//! One file a subcommand; [`args`] says what each takes, [`failure`] how each can end.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod account;
mod args;
mod check;
mod deliver;
mod demo;
mod failure;
mod fetch;
mod lf;
mod list;
mod mailbox;
mod output;
mod passwd;
mod place;
mod runtime;
mod serve;
mod server;
#[cfg(feature = "srv")]
mod srv;
mod talk;
mod url;
mod url_argument;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_max_level(args.log_level())
        .with_target(false)
        .init();
    let outcome = match &args.command {
        Command::Demo(demo) => demo::run(demo),
        Command::Serve(serve) => serve::run(serve),
        Command::Passwd(passwd) => passwd::run(passwd),
        Command::Deliver(deliver) => deliver::run(deliver),
        Command::List(list) => list::run(list),
        Command::Fetch(fetch) => fetch::run(fetch),
        Command::Talk(talk) => talk::run(talk),
        Command::Check(check) => check::run(check),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has seen enough of it.
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            failure.exit_code()
        }
    }
}
