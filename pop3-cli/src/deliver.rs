//! `pop3 deliver`: what an MTA calls.

use std::io;

use pop3_maildrop::maildir::{self, MaildirMaildrops};
use pop3_proto::UserName;

use crate::args::Deliver;
use crate::failure::Failure;

pub(crate) fn run(args: &Deliver) -> Result<(), Failure> {
    let nobody = |error: &dyn std::fmt::Display| Failure::NoUser(format!("{}: {error}", args.user));
    let user = UserName::new(&args.user).map_err(|error| nobody(&error))?;
    let maildir = MaildirMaildrops::new(&args.mail).path(&user).map_err(|error| nobody(&error))?;
    // Whatever goes wrong from here on, somebody can mend it while the MTA keeps the letter.
    maildir::deliver(&maildir, &mut io::stdin().lock())
        .map_err(|error| Failure::TryAgain(format!("{}: {error}", maildir.display())))?;
    Ok(())
}
