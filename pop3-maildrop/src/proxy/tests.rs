use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;
use proxy_header::{ProxiedAddress, ProxyHeader, SslInfo, Tlv};

use super::*;

fn read(octets: &[u8]) -> Result<(usize, Option<Client>), InvalidProxyHeader> {
    ProxyReader::new().push(octets)
}

/// Reads in pieces as they come from a socket: what was taken in all, and the outcome.
fn read_in(pieces: &[&[u8]]) -> Result<(usize, Option<Client>), InvalidProxyHeader> {
    let mut reader = ProxyReader::new();
    let mut taken = 0;
    for piece in pieces {
        match reader.push(piece)? {
            (octets, None) => {
                assert_eq!(octets, piece.len(), "all of it is taken while it is incomplete");
                taken += octets;
            }
            (octets, client) => return Ok((taken + octets, client)),
        }
    }
    Ok((taken, None))
}

fn remote(source: &str, destination: &str, tls: bool) -> Option<Client> {
    let address = |text: &str| text.parse::<SocketAddr>().unwrap();
    Some(Client::Remote { source: address(source), destination: address(destination), tls })
}

fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [&b"\r\n\r\n\0\r\nQUIT\n"[..], &[command, family], &length, rest].concat()
}

#[test]
fn version_1_tells_addresses() {
    for (line, client) in [
        (
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 65535\r\n",
            remote("192.0.2.1:1", "192.0.2.2:65535", false),
        ),
        (
            "PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n",
            remote("[2001:db8::1]:1", "[2001:db8::2]:2", false),
        ),
        ("PROXY UNKNOWN\r\n", Some(Client::Local)),
        ("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", Some(Client::Local)),
    ] {
        let wire = format!("{line}USER mark\r\n");
        assert_eq!(read(wire.as_bytes()), Ok((line.len(), client)), "{line}");
    }
}

#[test]
fn version_2_tells_addresses_and_tls_and_the_balancer_itself() {
    let addresses = [192, 0, 2, 1, 192, 0, 2, 2, 0, 1, 0, 110];
    let source = remote("192.0.2.1:1", "192.0.2.2:110", false);
    assert_eq!(read(&v2(0x21, 0x11, &addresses)), Ok((28, source)));

    let [source, destination] =
        ["[2001:db8::1]:1", "[2001:db8::2]:995"].map(|a| a.parse().unwrap());
    let mut header = ProxyHeader::with_address(ProxiedAddress::stream(source, destination));
    header.append_tlv(Tlv::Ssl(SslInfo::new(true, false, false, 0)));
    let mut wire = [0; 200];
    let length = header.encode_to_slice_v2(&mut wire).unwrap();
    let client = remote("[2001:db8::1]:1", "[2001:db8::2]:995", true);
    assert_eq!(read(&wire), Ok((length, client)));

    // LOCAL, an unspecified family, a socket file.
    for local in [v2(0x20, 0x00, b""), v2(0x21, 0x00, b"x"), v2(0x21, 0x31, &[0; 216])] {
        assert_eq!(read(&local), Ok((local.len(), Some(Client::Local))));
    }
    assert_eq!(read(&v2(0x21, 0x12, &addresses)), Err(InvalidProxyHeader::Datagram));
}

#[test]
fn what_is_no_header_is_refused_as_soon_as_it_shows() {
    for garbage in ["QUIT\r\n", "PROXY\tTCP4", "Proxy TCP4", "\r\nQUIT\r\n", "\0", "P ", "CAPA"] {
        assert_eq!(read(garbage.as_bytes()), Err(InvalidProxyHeader::Missing), "{garbage:?}");
    }
    for malformed in [
        "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
        "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
        "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
        "PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rUSER",
    ] {
        assert_eq!(read(malformed.as_bytes()), Err(InvalidProxyHeader::Malformed), "{malformed}");
    }
    for malformed in [v2(0x11, 0x11, &[0; 12]), v2(0x21, 0x11, &[0; 11]), v2(0x21, 0x44, b"")] {
        assert_eq!(read(&malformed), Err(InvalidProxyHeader::Malformed));
    }
}

#[test]
fn a_header_without_end_is_refused_at_its_limit() {
    let long = format!("PROXY UNKNOWN {}", "x".repeat(200));
    assert_eq!(read(long.as_bytes()), Err(InvalidProxyHeader::TooLong));
    assert_eq!(read(format!("{long}\r\n").as_bytes()), Err(InvalidProxyHeader::TooLong));
    let huge = v2(0x21, 0x00, &[0; 4_081]);
    assert_eq!(read(&huge[..16]), Err(InvalidProxyHeader::TooLong));
    let longest = v2(0x20, 0x00, &[0; 4_080]);
    assert_eq!(read(&longest), Ok((ProxyReader::LONGEST, Some(Client::Local))));
}

#[test]
fn networks_are_read_as_they_are_written() {
    let trusted: Trusted = "10.1.0.0/16,::1  192.0.2.7".parse().unwrap();
    assert_eq!(trusted.to_string(), "10.1.0.0/16, ::1/128, 192.0.2.7/32");
    assert_eq!(trusted.to_string().parse(), Ok(trusted.clone()));
    for (address, is_trusted) in
        [("10.1.255.255", true), ("10.2.0.0", false), ("::1", true), ("::2", false)]
    {
        assert_eq!(trusted.contains(address.parse().unwrap()), is_trusted, "{address}");
    }
    assert!("".parse::<Trusted>().unwrap().is_empty());
    assert!(!Trusted::default().contains([127, 0, 0, 1].into()), "nobody by default");
    for odd in ["localhost", "10.0.0.0/33", "10.0.0", "10.0.0.0/8/8", "\u{1b}[1m"] {
        let error = odd.parse::<Trusted>().unwrap_err();
        assert!(!error.to_string().contains('\u{1b}'), "{error:?}");
    }
}

fn address() -> impl Strategy<Value = (SocketAddr, SocketAddr)> {
    let v4 = any::<([u8; 4], [u8; 4])>().prop_map(|(a, b)| (IpAddr::from(a), IpAddr::from(b)));
    let v6 = any::<([u8; 16], [u8; 16])>().prop_map(|(a, b)| (IpAddr::from(a), IpAddr::from(b)));
    (prop_oneof![v4, v6], any::<(u16, u16)>())
        .prop_map(|((a, b), (p, q))| (SocketAddr::new(a, p), SocketAddr::new(b, q)))
}

/// What headers of version 1 are made of.
const PIECES: &[&str] =
    &["PROXY ", "TCP4 ", "TCP6 ", "UNKNOWN", "192.0.2.1 ", "::1 ", "1 ", "2", "\r\n"];

/// Octets that are a header, or nearly.
fn near_header() -> impl Strategy<Value = Vec<u8>> {
    let piece = proptest::sample::select(PIECES);
    let text =
        proptest::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat().into_bytes());
    let octets = proptest::collection::vec(any::<u8>(), 0..60);
    let binary = (any::<u8>(), any::<u8>(), octets)
        .prop_map(|(command, family, rest)| v2(0x20 | command & 3, family & 0x33, &rest));
    prop_oneof![text, binary, proptest::collection::vec(any::<u8>(), 0..40)]
}

proptest! {
    #[test]
    fn what_is_written_is_read((source, destination) in address(), behind in "[ -~]{0,9}") {
        let header = ProxyHeader::with_address(ProxiedAddress::stream(source, destination));
        let (mut one, mut two) = ([0; 200], [0; 200]);
        let one_length = header.encode_to_slice_v1(&mut one).unwrap();
        let two_length = header.encode_to_slice_v2(&mut two).unwrap();
        for header in [&one[..one_length], &two[..two_length]] {
            let wire = [header, behind.as_bytes()].concat();
            let client = Client::Remote { source, destination, tls: false };
            prop_assert_eq!(read(&wire), Ok((header.len(), Some(client))));
        }
    }

    #[test]
    fn cuts_do_not_matter(wire in near_header(), at in any::<usize>()) {
        let whole = read(&wire);
        let (one, two) = wire.split_at(at % (wire.len() + 1));
        prop_assert_eq!(read_in(&[one, two]), whole);
        let single: Vec<&[u8]> = wire.chunks(1).collect();
        prop_assert_eq!(read_in(&single), whole);
    }
}
