//! Judges a client: a scripted server plays lawful, unusual and hostile sessions to it.
//!
//! The server is a small lawful one. It answers whatever a client asks, in whatever order, and
//! departs from that only where its case says so:
//!
//! ```text
//! == framing/a-letter-cut-short
//! A letter that ends before its final dot is no letter.
//! proves: 1939-3-end-detect
//! letters: 3
//!
//! on RETR 2
//! lawful half
//! cut
//!
//! expect
//! outcome: fails
//! never: DELE 2
//! ```
//!
//! # The head
//!
//! | line | meaning | without it |
//! |---|---|---|
//! | `proves: id…` | the requirements that are judged | |
//! | `letter: text` | a letter of the maildrop; once for each | |
//! | `letters: n` | so many ordinary letters | 3 |
//! | `capabilities: a, b` | what CAPA lists, STLS apart; `refused` | TOP, UIDL, USER, RESP-CODES, AUTH-RESP-CODE |
//! | `security: none stls implicit` | under which of them the case is played | all |
//! | `stls: no` | STLS is not there, although the client is to use it | it is, in clear text |
//! | `certificate: kind` | which certificate the server shows: `expired` and so on | a good one |
//! | `tls 1.2 only: yes` | nothing newer is spoken | TLS 1.2 and 1.3 |
//! | `pace: octet` | each octet goes by itself; `line`: each line does | each reply goes in one piece |
//! | `password: text` | another password; quotation marks keep the spaces | that of the check |
//! | `watched: no` | the watches do not look at it, since the server is out of step | they do |
//! | `slow: yes` | it takes minutes, and is played only when that is wanted | |
//! | `needs: pattern` | without such a line of the client the case is skipped | |
//!
//! # What the server does
//!
//! `on` begins a rule, and the lines behind it are what the server does in place of the usual. `on
//! greeting` is for a client that has connected, `on login` for one that has given all that its
//! mechanism wants, `on RETR 2` for a command with these arguments, `on RETR` for one with any (but
//! `on LIST` and `on UIDL` for one with none: with a number they are answered otherwise). The first
//! rule that fits is taken; one that begins with `once on` fits once. If what is said in
//! place of a reply begins with `+OK`, then the command has worked: the client is logged in, the
//! letter marked, TLS begins. When no rule of a case was applied, the case is skipped.
//!
//! | line | meaning |
//! |---|---|
//! | `S: text` | this line |
//! | `S- text` | these octets, without a line end |
//! | `S/ text` | this line, each octet by itself |
//! | `lawful` | what would have been said otherwise |
//! | `lawful half`, `lawful first n`, `lawful but n` | half of it, its first n octets, all but its last n |
//! | `wait n` | n seconds pass |
//! | `endless n text` | this text over and over, n MiB of it; then as `cut` |
//! | `cut` | the connection ends, in TLS without the alert |
//! | `cut after n` | as `cut`, unless the client says something within n seconds |
//! | `close` | the connection ends properly |
//! | `silence` | nothing more is said on this connection |
//!
//! Texts are those of [`text`](crate::script::text). They know `{user}`, `{count}` and `{octets}`
//! of the maildrop, and `{size n}`, `{uid n}` and `{letter n}`: letter n with stuffed dots, without
//! the final one.
//!
//! # What is right
//!
//! | line behind `expect` | meaning |
//! |---|---|
//! | `outcome: collects` | exit status 0, and all letters are saved; so it is without this line |
//! | `outcome: fails` | another exit status |
//! | `outcome: either` | one of these: no loss goes unsaid |
//! | `outcome: any` | whatever the exit status |
//! | `needed: 1 3` | these letters are what the outcome is about, not all |
//! | `saved: 1 3` | these letters are saved whatever the exit status |
//! | `kept: text` | some file has this text when the exit status is 0 |
//! | `unsaved: text` | no file has this text when the exit status is 0 |
//! | `said: pattern` | the client says such a line; `…` in it stands for any text |
//! | `never: pattern` | it says none |
//! | `watch: id…` | what this watch finds decides this case too |
//! | `connection: optional` | the client may refuse by itself, without connecting |
//! | `memory: bounded` | the client keeps within its memory, where the system tells |
//! | `ends: n` | the client ends within n seconds of silence |
//!
//! A letter is saved when its octets are in some file below the client's directory, whatever the
//! container: CRLF may be LF, header lines may stand above it. Always judged is that the client
//! connects, and ends by itself. Beside the cases, watches look at every session of all of them:
//! line ends, lockstep, digests, no login in clear text.
//!
//! # Examples
//!
//! ```no_run
//! use pop3_conformance::client::{Check, Program};
//!
//! let command = ["fetch-mail", "--server", "{host}:{port}", "--user", "{user}", "--to", "{outdir}"];
//! let program = Program::Command(command.map(str::to_owned).to_vec());
//! let report = Check::new(program).run(&[], &mut |_| {})?;
//! println!("{}", report.summary());
//! # Ok::<_, std::io::Error>(())
//! ```

mod authority;
mod check;
mod cuts;
mod judge;
mod letters;
mod program;
mod record;
mod run;
mod saved;
mod scenario;
mod server;
#[cfg(test)]
mod tests;
mod watches;

pub use check::{Check, Progress, headings, is_wanted};
pub use program::{Client, Errand, Program};

pub use crate::server::Security;
