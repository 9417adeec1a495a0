//! The command line.

// What stands here is help for a terminal, not Markdown.
#![allow(rustdoc::invalid_html_tags, rustdoc::broken_intra_doc_links)]

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use bytesize::ByteSize;
use clap::{Parser, Subcommand, ValueEnum};
use pop3_maildrop::proxy::Trusted;
use pop3_proto::client::exchange::Method;
use pop3_proto::{MessageNumber, Text, UserName};
use tracing_subscriber::filter::LevelFilter;

use crate::check::args::Check;
use crate::failure::EXIT_CODES;
use crate::url::MailboxUrl;
use crate::url_argument::UrlParser;

/// POP3 by hand and in scripts: serve a mailbox, look into it, fetch mail.
#[derive(Debug, Parser)]
#[command(name = "pop3", version, max_term_width = 100, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Args {
    /// What to log on standard error: off, error, warn, info, debug or trace. Default: info for
    /// serve, warn for everything else.
    #[arg(long, value_name = "LEVEL", global = true)]
    log: Option<LevelFilter>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Args {
    pub(crate) fn log_level(&self) -> LevelFilter {
        self.log.unwrap_or(match self.command {
            Command::Serve(_) => LevelFilter::INFO,
            _ => LevelFilter::WARN,
        })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(Demo),
    Serve(Serve),
    Passwd(Passwd),
    Deliver(Deliver),
    List(List),
    Fetch(Fetch),
    Talk(Talk),
    Check(Check),
}

/// Which adapter does the work. They behave alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Runtime {
    /// Tasks on tokio.
    #[default]
    Tokio,
    /// Tasks on async-std.
    AsyncStd,
    /// Threads and the sockets of the standard library.
    Blocking,
}

/// Show a whole session: a post office, its dialogue, three letters on disk.
///
/// Starts a post office on a free loopback port (user mark, password swordfish), collects its
/// letters as a client would, and shows the dialogue as it goes over the wire.
#[derive(Debug, Parser)]
pub(crate) struct Demo {
    /// The Maildir for the letters.
    #[arg(long, value_name = "DIR", default_value = "demo-mail")]
    pub(crate) to: PathBuf,
    /// The adapter that does the work.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) runtime: Runtime,
}

/// Serve the Maildirs below a directory, one for each user.
///
/// Prints "listening on ADDR" for each socket once all are ready. SIGINT or SIGTERM lets open
/// sessions finish; a second one cuts them, which removes nothing.
#[derive(Debug, Parser)]
#[command(after_help = "\
Example:
  pop3 passwd users mark
  pop3 serve --mail /var/mail/dirs --users users --listen 127.0.0.1:1110
  pop3 serve --mail mail --users users --listen 0.0.0.0:110 --listen-tls 0.0.0.0:995 \\
             --cert fullchain.pem --key privkey.pem")]
pub(crate) struct Serve {
    /// The directory with a Maildir for each user: DIR/<user>/{tmp,new,cur}.
    #[arg(long, value_name = "DIR")]
    pub(crate) mail: PathBuf,
    /// The users, a line each: name:{SCHEME}secret. Made by "pop3 passwd"; read again when it
    /// changes.
    #[arg(long, value_name = "FILE")]
    pub(crate) users: PathBuf,
    /// Where to listen in clear text and for STLS; may be given several times. Port 0 takes a free
    /// one, POP3's own is 110. Default, unless there is --listen-tls: 127.0.0.1:1110.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Vec<String>,
    /// Take passwords in clear text from other machines as well.
    #[arg(long)]
    pub(crate) allow_cleartext: bool,
    /// Offer APOP to users whose secret is kept as {PLAIN}; they then log in by nothing that would
    /// send it.
    #[arg(long)]
    pub(crate) apop: bool,
    /// The host name that stands in APOP timestamps, in the challenges of CRAM-MD5, and in a
    /// self-signed certificate.
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    pub(crate) host: String,
    /// What the greeting says.
    #[arg(long, value_name = "TEXT", default_value = "POP3 server ready", value_parser = text)]
    pub(crate) greeting: Text,
    /// The adapter that does the work.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) runtime: Runtime,
    #[command(flatten)]
    pub(crate) tls: ServerTls,
    #[command(flatten)]
    pub(crate) offer: Offer,
    #[command(flatten)]
    pub(crate) limits: Limits,
}

/// How a server does TLS.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct ServerTls {
    /// Where to listen in TLS from the first octet on; may be given several times. The usual port is
    /// 995.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen_tls: Vec<String>,
    /// The certificate and its chain (PEM), for --listen-tls and for STLS. Read again when it
    /// changes.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// The private key of the certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// For trying out: a new certificate for localhost and --host. It is left in FILE for the --ca
    /// of clients.
    #[arg(long, value_name = "FILE", conflicts_with = "cert", num_args = 0..=1, require_equals = true)]
    pub(crate) self_signed: Option<Option<PathBuf>>,
    /// Let clients in by EXTERNAL that show a certificate which one of these (PEM) has signed; its
    /// common name is the user.
    #[arg(long, value_name = "FILE")]
    pub(crate) client_ca: Option<PathBuf>,
}

/// What a server offers.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is offered")]
pub(crate) struct Offer {
    /// Offer these SASL mechanisms alone, of those that the users' file has; "none" for none.
    #[arg(long, value_name = "MECHANISM,…", value_delimiter = ',')]
    pub(crate) sasl: Option<Vec<String>>,
    /// Let everybody into this user's mailbox by ANONYMOUS.
    #[arg(long, value_name = "USER", value_parser = user_name)]
    pub(crate) anonymous: Option<UserName>,
    /// Offer UTF8 (RFC 6856); headers in UTF-8 are turned into ASCII for clients that do not ask for
    /// it.
    #[arg(long)]
    pub(crate) utf8: bool,
    /// Do without a capability, such as TOP, UIDL or PIPELINING; may be given several times.
    #[arg(long, value_name = "CAPABILITY")]
    pub(crate) without: Vec<String>,
    /// Remove letters that are older than so many days, and say so (EXPIRE); 0: once retrieved.
    #[arg(long, value_name = "DAYS")]
    pub(crate) expire: Option<u32>,
}

/// What a server bears with.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Limits {
    /// How many sessions there may be at a time.
    #[arg(long, value_name = "N", default_value = "256")]
    pub(crate) max_sessions: NonZeroUsize,
    /// How many sessions there may be at a time from one address.
    #[arg(long, value_name = "N", default_value = "32")]
    pub(crate) max_per_address: NonZeroUsize,
    /// How many logins from one address may fail within ten minutes, before none from there is
    /// looked at any more.
    #[arg(long, value_name = "N", default_value = "20")]
    pub(crate) failed_logins: NonZeroU32,
    /// How many seconds a user waits from one login to the next (LOGIN-DELAY).
    #[arg(long, value_name = "SECONDS", default_value = "0")]
    pub(crate) login_delay: u64,
    /// How many seconds a client may say no command, and take next to nothing of what it is sent: 600
    /// at least (RFC 1939).
    #[arg(long, value_name = "SECONDS", default_value = "600",
          value_parser = clap::value_parser!(u64).range(600..))]
    pub(crate) idle: u64,
    /// How many seconds open sessions may go on after the first signal.
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    pub(crate) drain: u64,
    /// Believe these addresses and networks (10.0.0.0/8) when they tell on whose behalf they speak:
    /// by XCLIENT, and with --proxy by the PROXY protocol.
    #[arg(long, value_name = "LIST", default_value = "")]
    pub(crate) trust: Trusted,
    /// Expect a header of the PROXY protocol (1 or 2) from who is trusted, as load balancers send.
    #[arg(long)]
    pub(crate) proxy: bool,
}

/// Add a user to a users' file, or change a password.
///
/// The password comes from a prompt, or from the first line of standard input. The file keeps what
/// it can be checked by, not the password.
#[derive(Debug, Parser)]
pub(crate) struct Passwd {
    /// The users' file; made when there is none.
    pub(crate) file: PathBuf,
    /// The user.
    #[arg(value_parser = user_name)]
    pub(crate) user: UserName,
    /// What the file keeps. A server offers SCRAM once every user's scheme is the one for it.
    #[arg(long, value_enum, default_value = "argon2id")]
    pub(crate) scheme: PasswordScheme,
}

/// What a users' file keeps of a password.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PasswordScheme {
    /// The hash that is the hardest to guess at; for logins that send the password.
    Argon2id,
    /// Keys for SCRAM-SHA-1, and for logins that send the password.
    #[value(name = "scram-sha-1")]
    ScramSha1,
    /// Keys for SCRAM-SHA-256, and for logins that send the password.
    #[value(name = "scram-sha-256")]
    ScramSha256,
    /// Keys for SCRAM-SHA-512, and for logins that send the password.
    #[value(name = "scram-sha-512")]
    ScramSha512,
}

/// Deliver a letter from standard input into a user's Maildir, as an MTA does.
///
/// The letter is on disk when this succeeds. Exit status 75 tells the MTA to try again later.
#[derive(Debug, Parser)]
#[command(after_help = "\
Examples:
  pop3 deliver --mail /srv/mail mark < letter
  Postfix, main.cf:  mailbox_command = pop3 deliver --mail /srv/mail \"$USER\"
  Exim, transport:   command = pop3 deliver --mail /srv/mail $local_part")]
pub(crate) struct Deliver {
    /// The directory with a Maildir for each user; the user's own is made when there is none.
    #[arg(long, value_name = "DIR")]
    pub(crate) mail: PathBuf,
    /// The user.
    // Not parsed here: to an MTA, a name that cannot be is no wrong usage but an unknown user.
    pub(crate) user: String,
}

/// List what is in a mailbox: number, size, unique-id, date, from, subject.
///
/// A table on a terminal; fields parted by tabs elsewhere.
#[derive(Debug, Parser)]
#[command(after_help = URL_HELP)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) account: Account,
    /// Print a JSON object for each message, one a line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Collect mail.
///
/// Each letter is safe on disk before it may be deleted on the server. Prints one line at the end:
/// how many messages were fetched, skipped and deleted.
#[derive(Debug, Parser)]
#[command(after_help = URL_HELP)]
pub(crate) struct Fetch {
    #[command(flatten)]
    pub(crate) account: Account,
    /// Where to: a Maildir, an mbox file, or a directory of .eml files; made when there is none.
    #[arg(long, value_name = "PATH")]
    pub(crate) to: PathBuf,
    /// How to keep the letters. Line ends are LF in a Maildir and an mbox, CRLF in .eml files.
    #[arg(long, value_enum, default_value = "maildir")]
    pub(crate) format: Format,
    /// Delete on the server what was saved, when all of it is safe on disk.
    #[arg(long)]
    pub(crate) delete: bool,
    /// Leave larger messages on the server: octets, or 512K, 20M (powers of 1000), 1GiB (of 1024).
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_size: Option<ByteSize>,
    /// Fetch this message alone; may be given several times.
    #[arg(long, value_name = "N", value_parser = message_number)]
    pub(crate) message: Vec<MessageNumber>,
    /// Show no progress.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// How fetched letters are kept.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// A Maildir.
    Maildir,
    /// An mbox file (mboxrd).
    Mbox,
    /// A directory with an .eml file for each letter.
    Eml,
}

/// Talk to a server by hand, as by telnet.
///
/// Lines go out as they are typed, replies are shown as they come. With a user in the URL, the
/// login is done first. Works from a pipe, too: each line waits for the reply to the one before.
#[derive(Debug, Parser)]
#[command(after_help = "\
Example:
  printf 'user mark\\npass swordfish\\nstat\\nquit\\n' | pop3 talk pop3://localhost:1110")]
pub(crate) struct Talk {
    #[command(flatten)]
    pub(crate) account: Account,
}

/// Whose mailbox.
#[derive(Debug, clap::Args)]
pub(crate) struct Account {
    /// The mailbox, as in pop3://USER@HOST[:PORT] (pop3s:// in TLS from the start) or (RFC 2384)
    /// pop://USER;AUTH=+APOP@HOST[:PORT].
    #[allow(clippy::doc_markdown, reason = "this is help for a terminal")]
    #[arg(value_parser = UrlParser)]
    pub(crate) url: MailboxUrl,
    /// The password is the first line of this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// The adapter that does the work.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) runtime: Runtime,
    #[cfg(feature = "srv")]
    #[command(flatten)]
    pub(crate) discovery: Discovery,
    #[command(flatten)]
    pub(crate) login: Login,
    #[command(flatten)]
    pub(crate) tls: Tls,
}

/// How to find the server of a mail domain.
#[cfg(feature = "srv")]
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Finding the server")]
pub(crate) struct Discovery {
    /// The host of the URL is a mail domain: look up where its POP3 server is (SRV, RFC 6186). DNS
    /// can be forged, so there is always TLS, and the certificate has to be for the mail domain
    /// or, when the server is within it, for the server.
    #[arg(long)]
    pub(crate) srv: bool,
    /// Ask this name server for the SRV records, not those of the system; the address of the mail
    /// server is looked up as ever. For trying out and for odd networks.
    #[arg(long, value_name = "IP:PORT", requires = "srv")]
    pub(crate) dns: Option<std::net::SocketAddr>,
}

/// How to log in.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Logging in")]
pub(crate) struct Login {
    /// Log in by this alone: SCRAM-SHA-256, PLAIN, APOP, USER, EXTERNAL, …; as ;AUTH= in the URL.
    /// By default it is the strongest that both sides have.
    #[arg(long, value_name = "MECHANISM", value_parser = method)]
    pub(crate) auth: Option<Method>,
    /// Log in by an OAuth 2.0 access token, the first line of this file (OAUTHBEARER, XOAUTH2).
    #[arg(long, value_name = "FILE", conflicts_with = "password_file")]
    pub(crate) token_file: Option<PathBuf>,
    /// Send the password in clear text even to another machine, where whoever listens has it.
    #[arg(long)]
    pub(crate) allow_cleartext: bool,
}

/// How to keep others from reading along.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct Tls {
    /// When TLS begins. Default: implicit for pops:// and pop3s://, else starttls; a server on this
    /// machine may do without.
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(crate) tls: Option<TlsMode>,
    /// Trust what these certificates (PEM) have signed, instead of what the system trusts.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Show this certificate (PEM) to the server; EXTERNAL logs in by it.
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub(crate) client_cert: Option<PathBuf>,
    /// The private key of the certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,
}

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TlsMode {
    /// With the first octet; the port is 995.
    Implicit,
    /// By the command STLS; a server that has none is an error.
    #[value(alias = "stls")]
    Starttls,
    /// Never: everything goes in clear text.
    None,
}

const EXAMPLES: &str = "\
Examples:
  pop3 demo                                     see a session, keep its three letters
  pop3 passwd users mark                        add a user
  pop3 deliver --mail mail mark < letter        put a letter into a mailbox
  pop3 serve --mail mail --users users          serve the mailboxes, on 127.0.0.1:1110
  pop3 list pop3://mark@localhost:1110          see what there is
  pop3 fetch pop3://mark@localhost:1110 --to inbox --delete
  pop3 talk pop3://localhost:1110               speak POP3 by hand
  pop3 check server pop3://test@localhost:1110  judge a server against the RFCs";

const URL_HELP: &str = "\
The password is the first line of --password-file, or the environment variable POP3_PASSWORD, or
what is typed at a prompt. In the URL it works too, but other users of this machine may see it.

Example:
  pop3 fetch pop3://mark@localhost:1110 --to inbox --max-size 20M --delete";

fn user_name(name: &str) -> Result<UserName, String> {
    UserName::new(name).map_err(|error| error.to_string())
}

fn method(name: &str) -> Result<Method, String> {
    Method::by_name(name).ok_or_else(|| {
        let known: Vec<_> = Method::ALL.iter().map(|method| method.name()).collect();
        format!("known are {}", known.join(", "))
    })
}

fn text(text: &str) -> Result<Text, String> {
    Text::new(text).map_err(|error| error.to_string())
}

fn message_number(number: &str) -> Result<MessageNumber, String> {
    let number = number.parse().ok().and_then(MessageNumber::new);
    number.ok_or_else(|| "a message number is 1 or more".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn an_idle_limit_below_ten_minutes_is_refused() {
        let serve = ["pop3", "serve", "--mail", "m", "--users", "u", "--idle", "599"];
        assert!(Args::try_parse_from(serve).is_err());
    }
}
