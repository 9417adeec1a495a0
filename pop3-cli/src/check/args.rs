//! The command line of `pop3 check`.

// What stands here is help for a terminal, not Markdown.
#![allow(rustdoc::invalid_html_tags, rustdoc::broken_intra_doc_links, clippy::doc_markdown)]

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, Subcommand};

use crate::args::TlsMode;
use crate::url::MailboxUrl;
use crate::url_argument::UrlParser;

const EXIT_CODES: &str = "\
Exit status:
  0  nothing mandatory failed
  1  something mandatory did
  2  it could not run; the error says why";

/// Judge a POP3 server or client against the RFCs, from outside.
///
/// What is judged may be written in any language: it is spoken to in octets.
#[derive(Debug, Parser)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Check {
    #[command(subcommand)]
    pub(crate) what: Checked,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Checked {
    Server(Box<Server>),
    Client(Client),
    Matrix(Matrix),
}

/// Judge a server.
///
/// Each case has connections of its own. Without a fixture, cases learn what they can from what is
/// in the mailbox, and those that must know it are skipped; nothing is deleted unless --destructive
/// is given.
#[derive(Debug, Parser)]
#[command(after_help = format!("{SERVER_HELP}\n\n{EXIT_CODES}"))]
pub(crate) struct Server {
    /// The mailbox of a user made for this: pop3://USER@HOST[:PORT], or pop3s:// in TLS from the
    /// start.
    #[arg(value_parser = UrlParser, required_unless_present = "list")]
    pub(crate) url: Option<MailboxUrl>,
    /// The password is the first line of this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) scope: Scope,
    #[command(flatten)]
    pub(crate) mailbox: Mailbox,
    #[command(flatten)]
    pub(crate) security: Security,
    #[command(flatten)]
    pub(crate) reports: Reports,
}

/// What is judged.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is judged")]
pub(crate) struct Scope {
    /// Run these cases alone: those whose id begins so, and those that judge a requirement of this
    /// id; may be given several times.
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// List the cases, and run none: id, level, what is right.
    #[arg(long)]
    pub(crate) list: bool,
    /// Run the cases, too, that wait for minutes to pass.
    #[arg(long)]
    pub(crate) timers: bool,
    /// How many cases run at a time; those that open the mailbox run one after the other.
    #[arg(long, value_name = "N", default_value = "4",
          value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) at_once: u8,
    /// How many seconds the server may take to answer.
    #[arg(long, value_name = "SECONDS", default_value = "30",
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) patience: u64,
}

/// What is in the mailbox, and who else is there.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The mailbox")]
pub(crate) struct Mailbox {
    /// Where the mailbox is on this machine: none, maildir:DIR or mbox:FILE. The check fills it and
    /// looks into it, so that it knows each octet that must come.
    #[arg(long, value_name = "WHERE", default_value = "none")]
    pub(crate) fixture: Fixture,
    /// Allow letters to be deleted, those as well that are in the mailbox now.
    #[arg(long)]
    pub(crate) destructive: bool,
    /// Another user of the server, for cases with two mailboxes.
    #[arg(long, value_name = "USER", requires = "second_password_file")]
    pub(crate) second_user: Option<String>,
    /// The password of the other user is the first line of this file.
    #[arg(long, value_name = "FILE", requires = "second_user")]
    pub(crate) second_password_file: Option<PathBuf>,
    /// An OAuth 2.0 access token that the server takes for the user is the first line of this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

/// How the server is spoken to.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct Security {
    /// When TLS begins in cases that are not about it. Default: implicit for pop3s://, none for a
    /// server on this machine, else starttls.
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(crate) tls: Option<TlsMode>,
    /// The server's port of the other kind: for TLS from the start when the URL's is for clear text,
    /// and the reverse. Without it, cases that are about the other kind are skipped.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) other_port: Option<u16>,
    /// Trust what these certificates (PEM) have signed, instead of what the system trusts.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Take any certificate, as of a server on this machine that made its own.
    #[arg(long, conflicts_with = "ca")]
    pub(crate) any_certificate: bool,
}

/// Where reports go.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reports")]
pub(crate) struct Reports {
    /// Write the report as JSON, too; "pop3 check matrix" joins several.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the report as JUnit's XML, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// What the report calls who is judged. Default: the address, or the command.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Name the cases that passed, too.
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// Judge a client.
///
/// For each case a scripted server on this machine waits for the client: {host}, {port}, {user},
/// {password}, {outdir} (where it may save letters) and {ca} (whom it may trust) are filled in, in
/// each argument of the command, and stand in its environment as POP3_HOST and so on.
#[derive(Debug, Parser)]
#[command(after_help = format!("{CLIENT_HELP}\n\n{EXIT_CODES}"))]
pub(crate) struct Client {
    /// The command that fetches mail, behind --.
    #[arg(last = true, value_name = "COMMAND", required_unless_present_any = ["list", "serve"])]
    pub(crate) command: Vec<String>,
    /// Run these cases alone: by their ids, or by what stands before the slash; may be given several
    /// times.
    #[arg(long = "case", value_name = "ID,…", value_delimiter = ',')]
    pub(crate) cases: Vec<String>,
    /// Start nothing: wait in each case for a client that is started by hand, and say where.
    #[arg(long, conflicts_with = "command")]
    pub(crate) serve: bool,
    /// List the cases, and run none: id, level, what is right.
    #[arg(long)]
    pub(crate) list: bool,
    /// When the client begins TLS.
    #[arg(long, value_enum, value_name = "WHEN", default_value = "none")]
    pub(crate) tls: TlsMode,
    /// How many cases run at a time.
    #[arg(long, value_name = "N", default_value = "4",
          value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) at_once: u8,
    /// How many seconds the client may take to end.
    #[arg(long, value_name = "SECONDS", default_value = "20",
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) patience: u64,
    /// Run the cases, too, that wait for minutes to pass.
    #[arg(long)]
    pub(crate) timers: bool,
    #[command(flatten)]
    pub(crate) reports: Reports,
}

/// Compare several servers or clients on one page.
///
/// The page is a single HTML file: a row for each case, a column for each report, and every breach
/// with what went over the wire.
#[derive(Debug, Parser)]
#[command(after_help = "\
Example:
  pop3 check matrix dovecot.json courier.json popa3d.json --html servers.html")]
pub(crate) struct Matrix {
    /// Reports, as --json writes them.
    #[arg(required = true, value_name = "JSON")]
    pub(crate) reports: Vec<PathBuf>,
    /// The page.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: PathBuf,
}

/// Where a mailbox is on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fixture {
    None,
    Maildir(PathBuf),
    Mbox(PathBuf),
}

impl FromStr for Fixture {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "none" => Ok(Self::None),
            Some(("maildir", path)) if !path.is_empty() => Ok(Self::Maildir(path.into())),
            Some(("mbox", path)) if !path.is_empty() => Ok(Self::Mbox(path.into())),
            _ => Err("it is none, maildir:DIR or mbox:FILE"),
        }
    }
}

const SERVER_HELP: &str = "\
The password is the first line of --password-file, or the environment variable POP3_PASSWORD, or
what is typed at a prompt. Use a mailbox that holds nothing of value.

Examples:
  pop3 check server pop3://test@localhost:1110
  pop3 check server pop3://test@localhost:1110 --fixture maildir:/srv/mail/test --destructive
  pop3 check server pop3s://test@pop.example.org --json report.json --junit report.xml
  pop3 check server --list --only 1939-5";

const CLIENT_HELP: &str = "\
Examples:
  pop3 check client -- curl -s -o {outdir}/mail pop3://{user}:{password}@{host}:{port}/1
  pop3 check client --tls starttls -- \\
       pop3 fetch pop3://{user}@{host}:{port} --tls starttls --ca {ca} --to {outdir}
  pop3 check client --serve --case framing/
  pop3 check client --list";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixture_is_named_by_its_kind_and_place() {
        let parse = |text: &str| text.parse::<Fixture>();
        assert_eq!(parse("none"), Ok(Fixture::None));
        assert_eq!(parse("maildir:/a:b"), Ok(Fixture::Maildir("/a:b".into())));
        assert_eq!(parse("mbox:a"), Ok(Fixture::Mbox("a".into())));
        for odd in ["", "maildir", "maildir:", "mbox:", "/srv/mail", "imap:a"] {
            assert!(parse(odd).is_err(), "{odd}");
        }
    }
}
