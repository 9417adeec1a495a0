//! Who may say who the client is.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// Addresses of peers that are believed when they tell whom they speak for, by the PROXY protocol
/// or by XCLIENT. Nobody by default.
///
/// It is written as addresses and networks in CIDR notation, parted by commas or spaces:
///
/// ```
/// use pop3_maildrop::proxy::Trusted;
/// let trusted: Trusted = "127.0.0.1, 10.1.0.0/16, 2001:db8::/32".parse()?;
/// assert!(trusted.contains("::ffff:10.1.2.3".parse()?), "an IPv4 client of an IPv6 socket");
/// assert!(!trusted.contains("10.2.0.0".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trusted(Vec<IpNet>);

/// A word is neither an address nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is neither an address nor a network such as 192.0.2.0/24")]
pub struct InvalidNetwork(String);

impl Trusted {
    /// Whether an address is among them. An IPv4 address that is written as IPv6
    /// (`::ffff:192.0.2.1`) is an IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether nobody is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Trusted {
    type Err = InvalidNetwork;

    fn from_str(list: &str) -> Result<Self, InvalidNetwork> {
        let words = list.split([',', ' ', '\t']).filter(|word| !word.is_empty());
        let network = |word: &str| match word.parse::<IpAddr>() {
            Ok(address) => Ok(IpNet::from(address.to_canonical())),
            Err(_) => word.parse().map_err(|_| InvalidNetwork(word.escape_default().to_string())),
        };
        words.map(network).collect::<Result<_, _>>().map(Self)
    }
}

impl FromIterator<IpAddr> for Trusted {
    fn from_iter<I: IntoIterator<Item = IpAddr>>(addresses: I) -> Self {
        Self(addresses.into_iter().map(|address| address.to_canonical().into()).collect())
    }
}

impl fmt::Display for Trusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, network) in self.0.iter().enumerate() {
            write!(f, "{}{network}", if index > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}
