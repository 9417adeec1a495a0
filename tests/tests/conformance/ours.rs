//! Our server, in every configuration that the suite has something to say about.

use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pop3_maildrop::maildir::MaildirMaildrops;
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::{Certificates, Service};
use pop3_proto::adapter::Cleartext;
use pop3_proto::server::Utf8Headers;
use pop3_proto::tls::ServerTls;
use pop3_proto::{Capability, Secret, UserName};
use pop3_tests::peers::authority::{Authority, pem};
use pop3_tests::peers::embedded::Bearers;

/// A configuration of our server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Configuration {
    /// All that there is, for users who have passwords and tokens.
    Usual,
    /// Users who log in by APOP.
    Apop,
    /// No password is taken in clear text.
    InTlsAlone,
    /// A letter that needs UTF-8 is refused to whoever has not asked for it.
    RefusesUtf8,
    /// Users have to wait between two logins.
    Delays,
}

impl Configuration {
    /// The usual one first.
    pub(crate) const ALL: [Self; 5] =
        [Self::Usual, Self::Apop, Self::InTlsAlone, Self::RefusesUtf8, Self::Delays];

    /// A service over Maildirs in `mail` of that directory.
    pub(crate) fn service(
        self,
        directory: &Path,
        authority: &Authority,
    ) -> Result<Service, String> {
        self.set_up(directory, authority).map_err(|error| format!("{self:?}: {error}"))
    }

    fn set_up(
        self,
        directory: &Path,
        authority: &Authority,
    ) -> Result<Service, Box<dyn std::error::Error>> {
        let users = MemoryMaildrops::new();
        for (name, password) in [("mark", "swordfish"), ("mary", "tanstaaf")] {
            for folder in ["tmp", "new", "cur"] {
                fs::create_dir_all(directory.join("mail").join(name).join(folder))?;
            }
            let (name, password) = (UserName::new(name)?, Secret::new(password)?);
            match self {
                Self::Apop => users.add_apop_user(name, password),
                _ => users.add_user(name, password),
            }
        }
        let maildrops = MaildirMaildrops::new(directory.join("mail"));
        let authenticator = Certificates::new(Bearers(users));
        let mut service = Service::new(Arc::new(authenticator), Arc::new(maildrops));
        service
            .set_tls(ServerTls::from_pem(&pem(&authority.server)?, &pem(&authority.server_key)?)?);
        // Whoever is judged must not bar the judge.
        service.gate_mut().limits_mut().failed_logins = NonZeroU32::MAX;
        let config = service.config_mut();
        config.failed_login_delay = Duration::from_millis(1);
        config.capabilities.set(Capability::Utf8 { user: true });
        config.utf8_headers = match self {
            Self::RefusesUtf8 => Utf8Headers::Refuse,
            _ => Utf8Headers::Downgrade,
        };
        if let Self::InTlsAlone = self {
            service.set_cleartext(Cleartext::Never);
        }
        if let Self::Delays = self {
            service.set_login_delay(Duration::from_secs(1));
        }
        Ok(service)
    }
}
