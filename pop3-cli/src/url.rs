//! Where a mailbox is: `pop://` (RFC 2384) and the common `pop3://`, with an `s` behind it for TLS
//! from the start.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use pop3_proto::client::exchange::Method;
use pop3_proto::{Secret, UserName};

/// A URL: `pop[s]://[user[;AUTH=mechanism]@]host[:port]`, or
/// `pop3[s]://[user[:password]@]host[:port]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MailboxUrl {
    pub(crate) user: Option<UserName>,
    pub(crate) password: Option<Secret>,
    /// The one way to log in, when there is to be one.
    pub(crate) method: Option<Method>,
    pub(crate) host: String,
    /// The port, when it is not the usual one.
    pub(crate) port: Option<u16>,
    /// Whether TLS begins before the greeting.
    pub(crate) tls: bool,
}

/// Why a text is no URL of a mailbox. Nothing of the text is shown, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidUrl {
    #[error("a mailbox is written pop3://USER@HOST[:PORT]")]
    Scheme,
    #[error("the URL is not UTF-8; encode special characters as %XX")]
    Utf8,
    #[error("the URL has no host, or one that is malformed")]
    Host,
    #[error("the port of the URL is not a number from 1 to 65535")]
    Port,
    #[error("the user name of the URL is malformed; encode special characters as %XX")]
    User,
    #[error("the password of the URL holds a line end or NUL, or is empty")]
    Password,
    #[error("a pop:// URL has no password; see --password-file")]
    PasswordInPop,
    #[error("behind ;AUTH= stands *, +APOP or a SASL mechanism such as SCRAM-SHA-256")]
    Mechanism,
    #[error("there is something behind the host; a mailbox has no path")]
    Path,
}

impl FromStr for MailboxUrl {
    type Err = InvalidUrl;

    fn from_str(url: &str) -> Result<Self, InvalidUrl> {
        let (scheme, rest) = url.split_once("://").ok_or(InvalidUrl::Scheme)?;
        let (rfc_2384, tls) = match scheme.to_ascii_lowercase().as_str() {
            "pop" => (true, false),
            "pops" => (true, true),
            "pop3" => (false, false),
            "pop3s" => (false, true),
            _ => return Err(InvalidUrl::Scheme),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        // The last @ parts: a password may hold others that somebody did not encode.
        let (account, place) = rest.rsplit_once('@').map_or((None, rest), |(a, p)| (Some(a), p));
        let (host, port) = host_and_port(place)?;
        let mut parsed = Self { user: None, password: None, method: None, host, port, tls };
        if let Some(account) = account {
            parsed.set_account(account, rfc_2384)?;
        }
        Ok(parsed)
    }
}

impl MailboxUrl {
    fn set_account(&mut self, account: &str, rfc_2384: bool) -> Result<(), InvalidUrl> {
        let (account, password) = match account.split_once(':') {
            Some(_) if rfc_2384 => return Err(InvalidUrl::PasswordInPop),
            Some((account, password)) => (account, Some(password)),
            None => (account, None),
        };
        let (user, mechanism) = match account.split_once(';') {
            Some((user, parameter)) => (user, Some(parameter)),
            None => (account, None),
        };
        if let Some(parameter) = mechanism {
            self.method = method(parameter)?;
        }
        let user = percent_decode_str(user).decode_utf8().map_err(|_| InvalidUrl::User)?;
        self.user = Some(UserName::new(user).map_err(|_| InvalidUrl::User)?);
        if let Some(password) = password {
            let password: Vec<u8> = percent_decode_str(password).collect();
            self.password = Some(Secret::new(password).map_err(|_| InvalidUrl::Password)?);
        }
        Ok(())
    }
}

fn method(parameter: &str) -> Result<Option<Method>, InvalidUrl> {
    let mechanism = parameter
        .split_once('=')
        .filter(|(name, _)| name.eq_ignore_ascii_case("AUTH"))
        .map(|(_, mechanism)| mechanism)
        .ok_or(InvalidUrl::Mechanism)?;
    match mechanism {
        "*" => Ok(None),
        name => Method::by_name(name).map(Some).ok_or(InvalidUrl::Mechanism),
    }
}

fn host_and_port(place: &str) -> Result<(String, Option<u16>), InvalidUrl> {
    let (host, port) = match place.strip_prefix('[') {
        Some(literal) => {
            let (host, rest) = literal.split_once(']').ok_or(InvalidUrl::Host)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| InvalidUrl::Host)?;
            let port = match rest.strip_prefix(':') {
                Some(port) => Some(port),
                None if rest.is_empty() => None,
                None => return Err(InvalidUrl::Path),
            };
            (host, port)
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    if host.contains(['/', '?', '#']) || port.is_some_and(|port| port.contains(['/', '?', '#'])) {
        return Err(InvalidUrl::Path);
    }
    let lawful = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c) || !c.is_ascii();
    if host.is_empty() || !host.chars().all(|c| lawful(c) && !c.is_control()) {
        return Err(InvalidUrl::Host);
    }
    let port = match port {
        None => None,
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0).ok_or(InvalidUrl::Port)?),
    };
    Ok((host.to_owned(), port))
}

impl fmt::Display for MailboxUrl {
    /// Where it is, without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(url: &str) -> Result<MailboxUrl, InvalidUrl> {
        url.parse()
    }

    #[test]
    fn the_common_form() {
        let url = parse("pop3://mark@pop.example.org:1110").unwrap();
        assert_eq!(url.user.unwrap().as_str(), "mark");
        assert_eq!((url.host.as_str(), url.port, url.tls), ("pop.example.org", Some(1110), false));
        assert_eq!(url.password, None);
        let url = parse("POP3://m%40rk:s%3Aw%20o@localhost/").unwrap();
        assert_eq!(url.user.unwrap().as_str(), "m@rk");
        assert_eq!(url.password.unwrap().expose(), b"s:w o");
        assert_eq!(url.port, None);
        assert!(parse("pop3s://mark@host").unwrap().tls && parse("POPS://host").unwrap().tls);
    }

    #[test]
    fn the_form_of_rfc_2384() {
        assert_eq!(parse("pop://host").unwrap().user, None);
        let method = |url| parse(url).map(|url| url.method);
        assert_eq!(method("pop://rg;AUTH=+APOP@mail.example.com:8110"), Ok(Some(Method::Apop)));
        assert_eq!(method("pop://rg;auth=*@host"), Ok(None));
        assert_eq!(method("pops://rg;AUTH=cram-md5@host"), Ok(Some(Method::CramMd5)));
        assert_eq!(method("pop://rg;AUTH=SCRAM-MD5@host"), Err(InvalidUrl::Mechanism));
        assert_eq!(parse("pop://rg:secret@host"), Err(InvalidUrl::PasswordInPop));
    }

    #[test]
    fn ipv6_stands_in_brackets() {
        let url = parse("pop3://mark@[::1]:1110").unwrap();
        assert_eq!((url.host.as_str(), url.to_string().as_str()), ("::1", "[::1]:1110"));
        assert_eq!(parse("pop3://[::1"), Err(InvalidUrl::Host));
        assert_eq!(parse("pop3://[host]"), Err(InvalidUrl::Host));
    }

    #[test]
    fn nothing_can_be_smuggled_into_a_command() {
        for user in ["a%0D%0ADELE 1", "a%00", "a%20b", "%FF", ""] {
            assert_eq!(parse(&format!("pop3://{user}@host")), Err(InvalidUrl::User), "{user}");
        }
        assert_eq!(parse("pop3://a:b%0Ac@host"), Err(InvalidUrl::Password));
        assert_eq!(parse("pop3://a:@host"), Err(InvalidUrl::Password));
        assert_eq!(parse("pop3://host%0d"), Err(InvalidUrl::Host));
    }

    #[test]
    fn mistakes_are_named() {
        for (url, error) in [
            ("mark@host", InvalidUrl::Scheme),
            ("imap://host", InvalidUrl::Scheme),
            ("pop3://", InvalidUrl::Host),
            ("pop3://host:0", InvalidUrl::Port),
            ("pop3://host:65536", InvalidUrl::Port),
            ("pop3://host:x", InvalidUrl::Port),
            ("pop3://host/INBOX", InvalidUrl::Path),
        ] {
            assert_eq!(parse(url), Err(error), "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(pop3?://)?.{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn user_and_password_survive_encoding(user in "[!-~]{1,20}", password in "[ -~]{1,20}") {
            use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
            let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let url = parse(&format!("pop3://{}:{}@host", encode(&user), encode(&password))).unwrap();
            prop_assert_eq!(url.user, Some(UserName::new(user).unwrap()));
            prop_assert_eq!(url.password, Some(Secret::new(password).unwrap()));
        }
    }
}
