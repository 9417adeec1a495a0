//! The SASL mechanisms: each against anything that the other side may say, and both together.

pub mod client;
pub mod login;
pub mod server;

/// Whether what a server says asks for few iterations of SCRAM. More are lawful and only take time,
/// of which a fuzzer has none to give.
pub(crate) fn is_affordable(challenge: &[u8]) -> bool {
    let mut fields = challenge.split(|octet| *octet == b',');
    !fields.any(|field| {
        let count = field.strip_prefix(b"i=").unwrap_or_default();
        count.iter().filter(|octet| octet.is_ascii_digit()).count() > 4
    })
}
