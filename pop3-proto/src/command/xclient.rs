//! XCLIENT, a command of Dovecot's: whom a proxy speaks for.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt::Write;
use core::net::IpAddr;

use super::{Extension, InvalidParameter};
use crate::state::Shape;

/// What a proxy tells of the client that it speaks for: `XCLIENT NAME=value …`. Names match in
/// whatever case, those that are not known are passed over, and the last one counts where one
/// stands twice.
///
/// ```
/// use pop3_proto::command::Xclient;
/// let client = Xclient::parse(b"ADDR=2001:db8::7 PORT=49152 SESSION=aB3 TTL=4 CLIENT-TRANSPORT=TLS")?;
/// assert_eq!(client.address, Some("2001:db8::7".parse().unwrap()));
/// assert!(client.is_encrypted());
/// assert!(Xclient::parse(b"ADDR=next-door").is_err());
/// # Ok::<(), pop3_proto::command::InvalidXclient>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Xclient {
    /// `ADDR`: the client's address.
    pub address: Option<IpAddr>,
    /// `PORT`: the client's port.
    pub port: Option<u16>,
    /// `DESTADDR`: the address that the client has connected to.
    pub destination: Option<IpAddr>,
    /// `DESTPORT`: the port that the client has connected to.
    pub destination_port: Option<u16>,
    /// `SESSION`: what the session is called in the proxy's log; printable ASCII without spaces.
    pub session: Option<Box<str>>,
    /// `TTL`: over how many more proxies the session may go, so that they do not go in circles.
    pub ttl: Option<u32>,
    /// `CLIENT-TRANSPORT`: how the client has reached the proxy: `TLS`, or `insecure`.
    pub transport: Option<Box<str>>,
}

/// An argument of XCLIENT has no `=`, or its value is not what its name demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an argument of XCLIENT has no '=', or its value makes no sense")]
pub struct InvalidXclient;

impl Xclient {
    /// The keyword of the command.
    pub const KEYWORD: &'static str = "XCLIENT";

    /// Parses the arguments of the command.
    ///
    /// # Errors
    /// When one has no `=` or its value is not what its name demands.
    pub fn parse(arguments: &[u8]) -> Result<Self, InvalidXclient> {
        let arguments = core::str::from_utf8(arguments).map_err(|_| InvalidXclient)?;
        let mut client = Self::default();
        for argument in arguments.split([' ', '\t']).filter(|argument| !argument.is_empty()) {
            let (name, value) = argument.split_once('=').ok_or(InvalidXclient)?;
            match &*name.to_ascii_uppercase() {
                "ADDR" => client.address = Some(parsed(value)?),
                "PORT" => client.port = Some(number(value)?),
                "DESTADDR" => client.destination = Some(parsed(value)?),
                "DESTPORT" => client.destination_port = Some(number(value)?),
                "SESSION" => client.session = Some(word(value)?),
                "TTL" => client.ttl = Some(number(value)?),
                "CLIENT-TRANSPORT" => client.transport = Some(word(value)?),
                _ => {}
            }
        }
        Ok(client)
    }

    /// The command that tells this, for a proxy.
    ///
    /// # Errors
    /// When a word holds what cannot stand on a command line.
    pub fn command(&self) -> Result<Extension, InvalidParameter> {
        let mut arguments = String::new();
        let mut say = |name: &str, value: Option<&dyn core::fmt::Display>| {
            if let Some(value) = value {
                let space = if arguments.is_empty() { "" } else { " " };
                // Writing to a string does not fail.
                let _ = write!(arguments, "{space}{name}={value}");
            }
        };
        say("ADDR", self.address.as_ref().map(|value| value as _));
        say("PORT", self.port.as_ref().map(|value| value as _));
        say("DESTADDR", self.destination.as_ref().map(|value| value as _));
        say("DESTPORT", self.destination_port.as_ref().map(|value| value as _));
        say("SESSION", self.session.as_ref().map(|value| value as _));
        say("TTL", self.ttl.as_ref().map(|value| value as _));
        say("CLIENT-TRANSPORT", self.transport.as_ref().map(|value| value as _));
        Extension::new(Self::KEYWORD, arguments, Shape::Line)
    }

    /// Whether the client's way to the proxy is encrypted, by what the proxy says.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.transport.as_ref().is_some_and(|transport| transport.eq_ignore_ascii_case("TLS"))
    }
}

fn parsed<T: core::str::FromStr>(value: &str) -> Result<T, InvalidXclient> {
    value.parse().map_err(|_| InvalidXclient)
}

/// A decimal without a sign.
fn number<T: core::str::FromStr>(value: &str) -> Result<T, InvalidXclient> {
    if value.starts_with('+') { Err(InvalidXclient) } else { parsed(value) }
}

fn word(value: &str) -> Result<Box<str>, InvalidXclient> {
    let lawful = !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_graphic());
    if lawful { Ok(value.into()) } else { Err(InvalidXclient) }
}
