//! Who may come in: sessions and failed logins, counted by address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::recent::Recent;

/// What everybody who wants in has to pass, whichever listener they come by. Clones count together.
///
/// Addresses are counted as they are, IPv6 by the /64 that a customer is usually given; loopback
/// is no exception, so a server behind a proxy on the same machine wants other limits.
///
/// ```
/// use pop3_maildrop::{Gate, TurnedAway};
/// use std::net::IpAddr;
/// # use std::num::NonZeroUsize;
///
/// let mut gate = Gate::default();
/// gate.limits_mut().sessions_per_address = NonZeroUsize::MIN;
/// let peer: Option<IpAddr> = Some("192.0.2.1".parse()?);
/// let permit = gate.enter(peer)?;
/// assert_eq!(gate.enter(peer).unwrap_err(), TurnedAway::SameAddress);
/// drop(permit);
/// assert!(gate.enter(peer).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gate {
    limits: GateLimits,
    counts: Arc<Mutex<Counts>>,
}

/// How much a [`Gate`] lets through.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GateLimits {
    /// Sessions at a time. Default 256.
    pub sessions: NonZeroUsize,
    /// Sessions at a time from one address. Default 32.
    pub sessions_per_address: NonZeroUsize,
    /// After so many failed logins from one address within the
    /// [window](Self::failed_login_window), no password from there is looked at until it has
    /// passed. Default 20.
    pub failed_logins: NonZeroU32,
    /// How long failed logins count together, from the first of them on. Default 10 minutes.
    pub failed_login_window: Duration,
    /// Of how many addresses failed logins are remembered; the oldest are forgotten. Default
    /// 10,000, which take about a megabyte.
    pub remembered: NonZeroUsize,
}

impl Default for GateLimits {
    fn default() -> Self {
        Self {
            sessions: const { NonZeroUsize::new(256).unwrap() },
            sessions_per_address: const { NonZeroUsize::new(32).unwrap() },
            failed_logins: const { NonZeroU32::new(20).unwrap() },
            failed_login_window: Duration::from_secs(600),
            remembered: const { NonZeroUsize::new(10_000).unwrap() },
        }
    }
}

#[derive(Debug, Default)]
struct Counts {
    sessions: usize,
    by_network: HashMap<IpAddr, usize>,
    failed: Recent<IpAddr, u32>,
}

/// A place among the sessions, free again when it is dropped.
#[derive(Debug)]
#[must_use = "the place is free again as soon as this is dropped"]
pub struct Permit {
    counts: Arc<Mutex<Counts>>,
    network: Option<IpAddr>,
}

/// Why somebody does not come in now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TurnedAway {
    /// There are [as many sessions](GateLimits::sessions) as there may be.
    #[error("there are too many sessions")]
    Full,
    /// There are [as many from that address](GateLimits::sessions_per_address) as there may be.
    #[error("there are too many sessions from this address")]
    SameAddress,
}

impl Gate {
    /// A gate with these limits.
    #[must_use]
    pub fn new(limits: GateLimits) -> Self {
        Self { limits, counts: Arc::default() }
    }

    /// The limits, to be changed before anybody comes; clones that exist already keep theirs.
    pub const fn limits_mut(&mut self) -> &mut GateLimits {
        &mut self.limits
    }

    /// Takes a place for a session with that peer; a peer without an address counts in total only.
    ///
    /// # Errors
    /// When there is no place: send the client away politely, by
    /// [`Service::too_many`](crate::Service::too_many).
    pub fn enter(&self, peer: Option<IpAddr>) -> Result<Permit, TurnedAway> {
        let network = peer.map(network_of);
        let mut counts = self.counts();
        if counts.sessions >= self.limits.sessions.get() {
            return Err(TurnedAway::Full);
        }
        if let Some(network) = network {
            let from_there = counts.by_network.get(&network).copied().unwrap_or(0);
            if from_there >= self.limits.sessions_per_address.get() {
                return Err(TurnedAway::SameAddress);
            }
            counts.by_network.insert(network, from_there + 1);
        }
        counts.sessions += 1;
        Ok(Permit { counts: self.counts.clone(), network })
    }

    /// Whether a login from there may be tried now, before any password is looked at.
    #[must_use]
    pub fn may_log_in(&self, peer: IpAddr, now: Instant) -> bool {
        let failed = self
            .counts()
            .failed
            .get(&network_of(peer), now, self.limits.failed_login_window)
            .copied();
        failed.unwrap_or(0) < self.limits.failed_logins.get()
    }

    /// Notes that a login from there has failed.
    pub fn login_failed(&self, peer: IpAddr, now: Instant) {
        let (network, span) = (network_of(peer), self.limits.failed_login_window);
        let failed = &mut self.counts().failed;
        match failed.get(&network, now, span) {
            Some(failures) => *failures = failures.saturating_add(1),
            None => failed.insert(network, 1, now, span, self.limits.remembered.get()),
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        lock(&self.counts)
    }
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    // Nothing that is done under the lock can panic half way.
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        counts.sessions -= 1;
        if let Some(network) = self.network
            && let Some(from_there) = counts.by_network.get_mut(&network)
        {
            *from_there -= 1;
            if *from_there == 0 {
                counts.by_network.remove(&network);
            }
        }
    }
}

/// What counts as one address: an IPv4 address, also when it comes in IPv6's clothes; the first
/// half of an IPv6 address.
fn network_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    fn gate(sessions: usize, per_address: usize) -> Gate {
        Gate::new(GateLimits {
            sessions: NonZeroUsize::new(sessions).unwrap(),
            sessions_per_address: NonZeroUsize::new(per_address).unwrap(),
            ..GateLimits::default()
        })
    }

    #[test]
    fn so_many_come_in_and_no_more() {
        let gate = gate(3, 2);
        let one = gate.enter(Some(ip("192.0.2.1"))).unwrap();
        let _two = gate.clone().enter(Some(ip("192.0.2.1"))).unwrap();
        assert_eq!(gate.enter(Some(ip("192.0.2.1"))).unwrap_err(), TurnedAway::SameAddress);
        let _three = gate.enter(None).unwrap();
        assert_eq!(gate.enter(Some(ip("192.0.2.2"))).unwrap_err(), TurnedAway::Full);
        assert_eq!(gate.enter(None).unwrap_err(), TurnedAway::Full);
        drop(one);
        assert!(gate.enter(Some(ip("192.0.2.1"))).is_ok());
    }

    #[test]
    fn nothing_is_kept_of_those_who_have_left() {
        let gate = gate(8, 8);
        drop([gate.enter(Some(ip("::1"))).unwrap(), gate.enter(None).unwrap()]);
        let counts = gate.counts();
        assert!(counts.sessions == 0 && counts.by_network.is_empty());
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address_and_an_ipv4_address_in_disguise_as_itself() {
        let same = [("2001:db8::1", "2001:db8::ffff:0:0:2"), ("::ffff:192.0.2.1", "192.0.2.1")];
        let other = [("2001:db8::1", "2001:db8:0:1::1"), ("192.0.2.1", "192.0.2.2")];
        for ((one, two), admitted) in
            same.map(|p| (p, false)).into_iter().chain(other.map(|p| (p, true)))
        {
            let gate = gate(8, 1);
            let _one = gate.enter(Some(ip(one))).unwrap();
            assert_eq!(gate.enter(Some(ip(two))).is_ok(), admitted, "{one} {two}");
        }
    }

    #[test]
    fn failed_logins_bar_an_address_until_the_window_has_passed() {
        let (gate, start) = (Gate::default(), Instant::now());
        let (bad, good) = (ip("192.0.2.1"), ip("192.0.2.2"));
        for second in 0..20 {
            let now = start + Duration::from_secs(second);
            assert!(gate.may_log_in(bad, now));
            gate.login_failed(bad, now);
        }
        let later = |seconds| start + Duration::from_secs(seconds);
        assert!(!gate.may_log_in(bad, later(20)) && gate.may_log_in(good, later(20)));
        assert!(!gate.may_log_in(bad, later(599)) && gate.may_log_in(bad, later(600)));
        // The window begins anew.
        gate.login_failed(bad, later(600));
        assert!(gate.may_log_in(bad, later(601)));
    }

    #[test]
    fn failed_logins_are_remembered_of_so_many_addresses_at_most() {
        let limits = GateLimits {
            failed_logins: NonZeroU32::MIN,
            remembered: const { NonZeroUsize::new(64).unwrap() },
            ..GateLimits::default()
        };
        let (gate, start) = (Gate::new(limits), Instant::now());
        for n in 0..1_000_u16 {
            let (peer, now) = (
                IpAddr::from([10, 0, (n >> 8) as u8, n as u8]),
                start + Duration::from_millis(n.into()),
            );
            gate.login_failed(peer, now);
            assert!(!gate.may_log_in(peer, now));
        }
        let remembered = (0..1_000_u16).filter(|n| {
            !gate.may_log_in(
                IpAddr::from([10, 0, (n >> 8) as u8, *n as u8]),
                start + Duration::from_secs(1),
            )
        });
        assert!((48..=64).contains(&remembered.count()));
    }
}
