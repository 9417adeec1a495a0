//! `pop3 deliver`: what an MTA calls.

use std::io;

use pop3_maildrop::maildir::{self, MaildirMaildrops};

use crate::args::Deliver;
use crate::failure::Failure;

pub(crate) fn run(args: &Deliver) -> Result<(), Failure> {
    let maildir = MaildirMaildrops::new(&args.mail)
        .path(&args.user)
        .map_err(|error| Failure::NoUser(format!("{}: {error}", args.user)))?;
    maildir::deliver(&maildir, &mut io::stdin().lock())
        .map_err(|error| Failure::TryAgain(format!("{}: {error}", maildir.display())))?;
    Ok(())
}
