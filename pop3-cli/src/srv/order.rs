//! In which order servers are tried (RFC 2782; RFC 6186, section 3.4).

use hickory_resolver::proto::rr::Name;

/// How POP3 is offered. TLS from the start comes first where a domain likes both alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Service {
    /// In TLS from the start.
    Pop3s,
    /// With STLS.
    Pop3,
}

impl Service {
    /// What stands before the domain in a question.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Pop3s => "_pop3s._tcp",
            Self::Pop3 => "_pop3._tcp",
        }
    }
}

/// A server, as a record names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) service: Service,
    /// The lowest is tried first.
    pub(super) priority: u16,
    /// How often it comes first among those of its priority, in relation to the others.
    pub(super) weight: u16,
    pub(super) target: Name,
    pub(super) port: u16,
}

/// Brings servers into the order in which to try them. `draw` draws a number from 0 to the one it
/// is given, both of which it may be.
pub(super) fn in_order(mut servers: Vec<Server>, mut draw: impl FnMut(u64) -> u64) -> Vec<Server> {
    // Those without weight stand first in their group, which gives them their small chance.
    servers.sort_by_key(|server| (server.priority, server.service, server.weight));
    let mut ordered = Vec::with_capacity(servers.len());
    for group in servers.chunk_by(|a, b| (a.priority, a.service) == (b.priority, b.service)) {
        let mut left = group.to_vec();
        while !left.is_empty() {
            let drawn = draw(left.iter().map(|server| u64::from(server.weight)).sum());
            let mut sum = 0;
            let chosen = left.iter().position(|server| {
                sum += u64::from(server.weight);
                sum >= drawn
            });
            ordered.push(left.remove(chosen.unwrap_or(0)));
        }
    }
    ordered
}

/// Draws from a seed, by the steps of `SplitMix64`: nothing secret depends on them.
pub(super) fn chance(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |most| {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most.saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn server(service: Service, priority: u16, weight: u16, port: u16) -> Server {
        Server { service, priority, weight, target: Name::from_ascii("a.b.").unwrap(), port }
    }

    fn ports(servers: &[Server]) -> Vec<u16> {
        servers.iter().map(|server| server.port).collect()
    }

    #[test]
    fn priority_goes_before_tls_from_the_start_and_that_before_weight() {
        let servers = vec![
            server(Service::Pop3, 10, 900, 3),
            server(Service::Pop3s, 20, 900, 4),
            server(Service::Pop3s, 10, 1, 2),
            server(Service::Pop3, 5, 0, 1),
        ];
        assert_eq!(ports(&in_order(servers, chance(1))), [1, 2, 3, 4]);
    }

    #[test]
    fn each_number_drawn_chooses_as_rfc_2782_says() {
        let servers = [(3, 3), (0, 1), (1, 2)].map(|(w, port)| server(Service::Pop3s, 0, w, port));
        let first = |number: u64| in_order(servers.to_vec(), |most| number.min(most))[0].port;
        assert_eq!([0, 1, 2, 3, 4].map(first), [1, 2, 3, 3, 3]);
    }

    #[test]
    fn weights_show_in_how_often_a_server_comes_first() {
        let servers = [(100, 1), (300, 2)].map(|(w, port)| server(Service::Pop3s, 0, w, port));
        let heavy = (0..4_000)
            .filter(|seed| in_order(servers.to_vec(), chance(*seed))[0].port == 2)
            .count();
        assert!((2_800..3_200).contains(&heavy), "{heavy}");
    }

    proptest! {
        #[test]
        fn every_server_is_tried_once_in_order_whatever_is_drawn(
            records in proptest::collection::vec((any::<bool>(), 0..3_u16, any::<u16>()), 0..20),
            seed: u64,
        ) {
            let service = |tls| if tls { Service::Pop3s } else { Service::Pop3 };
            let numbered = (1..).zip(records);
            let servers: Vec<_> = numbered.map(|(n, (tls, p, w))| server(service(tls), p, w, n)).collect();
            let ordered = in_order(servers.clone(), chance(seed));
            prop_assert!(ordered.is_sorted_by_key(|server| (server.priority, server.service)));
            let mut tried = ports(&ordered);
            tried.sort_unstable();
            prop_assert_eq!(tried, ports(&servers));
        }
    }
}
