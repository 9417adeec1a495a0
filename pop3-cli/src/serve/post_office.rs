//! What is served: users, their mail, and what they are offered.

use std::sync::Arc;
use std::time::Duration;

use pop3_maildrop::maildir::MaildirMaildrops;
use pop3_maildrop::users::UsersFile;
use pop3_maildrop::{Authenticator, Certificates, Guests, Service};
use pop3_proto::Capability;
use pop3_proto::adapter::Cleartext;
use pop3_proto::server::Utf8Headers;

use super::tls;
use crate::args::Serve;
use crate::failure::Failure;

pub(super) fn open(args: &Serve) -> Result<Service, Failure> {
    let users = UsersFile::open(&args.users)
        .map_err(|error| Failure::local(args.users.display(), error))?
        .with_apop(args.apop);
    if !args.mail.is_dir() {
        return Err(Failure::Local(format!("{}: not a directory", args.mail.display())));
    }
    let mail = Arc::new(MaildirMaildrops::new(&args.mail));
    let mut service = Service::new(authenticator(args, users), mail);
    service.set_host(args.host.as_str());
    if args.allow_cleartext {
        service.set_cleartext(Cleartext::Always);
    }
    if let Some(tls) = tls::of(&args.tls, &args.host)? {
        service.set_tls(tls);
    }
    offer(args, &mut service);
    limit(args, &mut service);
    Ok(service)
}

fn authenticator(args: &Serve, users: UsersFile) -> Arc<dyn Authenticator> {
    match (&args.tls.client_ca, &args.offer.anonymous) {
        (None, None) => Arc::new(users),
        (Some(_), None) => Arc::new(Certificates::new(users)),
        (None, Some(mailbox)) => Arc::new(Guests::new(users, mailbox.clone())),
        (Some(_), Some(mailbox)) => {
            Arc::new(Guests::new(Certificates::new(users), mailbox.clone()))
        }
    }
}

fn offer(args: &Serve, service: &mut Service) {
    if let Some(mechanisms) = &args.offer.sasl {
        let none = mechanisms.iter().all(|name| name.eq_ignore_ascii_case("none"));
        service.set_mechanisms(mechanisms.iter().filter(|_| !none).cloned());
    }
    if let Some(days) = args.offer.expire {
        service.set_expire(days);
    }
    service.set_login_delay(Duration::from_secs(args.limits.login_delay));
    let config = service.config_mut();
    config.greeting = args.greeting.clone();
    if args.offer.utf8 {
        config.capabilities.set(Capability::Utf8 { user: true });
        config.utf8_headers = Utf8Headers::Downgrade;
    }
    for tag in &args.offer.without {
        config.capabilities.remove(tag);
    }
}

fn limit(args: &Serve, service: &mut Service) {
    let limits = &args.limits;
    service.config_mut().idle_limit = Duration::from_secs(limits.idle);
    service.trust(limits.trust.clone());
    let gate = service.gate_mut().limits_mut();
    gate.sessions = limits.max_sessions;
    gate.failed_logins = limits.failed_logins;
    gate.sessions_per_address = limits.max_per_address.min(limits.max_sessions);
}
