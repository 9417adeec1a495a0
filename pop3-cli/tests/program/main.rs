//! The program as its users meet it: command lines, exit statuses, output, files.
//!
//! Whatever a test runs, no password is ever in what the program says: [`run::Run`] sees to that.

mod check;
mod demo;
mod fetch;
mod list;
mod office;
mod run;
mod runtimes;
mod script;
mod serve;
#[cfg(feature = "srv")]
mod srv;
mod strange;
mod talk;
mod tls;
mod usage;
