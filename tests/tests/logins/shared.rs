//! What is made once, by the first test that needs it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex, PoisonError};

use pop3_tests::compare::LineEnds;
use pop3_tests::letters::Set;
use pop3_tests::peers::authority::Authority;
use pop3_tests::peers::expected;
use pop3_tests::peers::office::Office;
use pop3_tests::peers::servers::DOVECOT;
use tempfile::TempDir;

use super::text;

#[derive(Default)]
pub(crate) struct Shared(Mutex<Option<Made>>);

struct Made {
    /// It is ended before its directory is removed.
    dovecot: Option<Arc<Office>>,
    authority: Authority,
    directory: TempDir,
}

impl Shared {
    /// Whom everybody trusts.
    pub(crate) fn authority(&self) -> Result<Authority, String> {
        self.with(|made| Ok(made.authority.clone()))
    }

    /// One Dovecot for all, and who has signed its certificate.
    pub(crate) fn dovecot(&self) -> Result<(Arc<Office>, Authority), String> {
        self.with(|made| {
            let running = match &made.dovecot {
                Some(running) => running.clone(),
                None => Arc::new(start(made)?),
            };
            made.dovecot = Some(running.clone());
            Ok((running, made.authority.clone()))
        })
    }

    /// Ends it all.
    pub(crate) fn end(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn with<T>(&self, get: impl FnOnce(&mut Made) -> Result<T, String>) -> Result<T, String> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if made.is_none() {
            let directory = tempfile::tempdir().map_err(text)?;
            let authority = Authority::found(&directory.path().join("authority"))?;
            *made = Some(Made { dovecot: None, authority, directory });
        }
        made.as_mut().ok_or_else(|| "it was just made".to_owned()).and_then(get)
    }
}

fn start(made: &Made) -> Result<Office, String> {
    let (letters, _) = expected(&DOVECOT.peer, LineEnds::Wire, Set::Hard.letters());
    let directory = made.directory.path().join("dovecot");
    fs::create_dir(&directory).map_err(text)?;
    // Its sessions run as nobody in particular, and must reach their letters.
    fs::set_permissions(made.directory.path(), Permissions::from_mode(0o755)).map_err(text)?;
    let office = DOVECOT.open(&directory, &made.authority)?;
    office.maildrop.deliver(&letters).map_err(text)?;
    Ok(office)
}
