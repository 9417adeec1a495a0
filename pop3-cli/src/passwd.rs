//! `pop3 passwd`: add a user, or change a password.

use std::io::{self, IsTerminal, Write};

use pop3_maildrop::users::{Change, Scheme, set_password_as};
use pop3_proto::Secret;
use pop3_proto::auth::sasl::ScramHash;

use crate::account::{first_line, secret};
use crate::args::{Passwd, PasswordScheme};
use crate::failure::{Failure, chain};

pub(crate) fn run(args: &Passwd) -> Result<(), Failure> {
    let password = if io::stdin().is_terminal() { prompt()? } else { from_stdin()? };
    let change = set_password_as(&args.file, &args.user, &password, scheme(args.scheme))
        .map_err(|error| Failure::local(args.file.display(), chain(&error)))?;
    let done = match change {
        Change::Added => "added",
        Change::Replaced => "has a new password",
    };
    writeln!(io::stdout(), "{} {done}", args.user)?;
    Ok(())
}

const fn scheme(chosen: PasswordScheme) -> Scheme {
    match chosen {
        PasswordScheme::Argon2id => Scheme::Argon2id,
        PasswordScheme::ScramSha1 => Scheme::Scram(ScramHash::Sha1),
        PasswordScheme::ScramSha256 => Scheme::Scram(ScramHash::Sha256),
        PasswordScheme::ScramSha512 => Scheme::Scram(ScramHash::Sha512),
    }
}

fn prompt() -> Result<Secret, Failure> {
    let ask = |prompt| {
        let typed = rpassword::prompt_password(prompt)
            .map_err(|error| Failure::local("the password prompt", error))?;
        secret("the password", typed.as_bytes())
    };
    let password = ask("new password: ")?;
    if password != ask("once more: ")? {
        return Err(Failure::Local("the passwords differ; nothing was changed".into()));
    }
    Ok(password)
}

fn from_stdin() -> Result<Secret, Failure> {
    let line = first_line(io::stdin()).map_err(|error| Failure::local("standard input", error))?;
    secret("standard input", line.expose_line())
}
