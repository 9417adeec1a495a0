//! What a service demands of every session: its gate, LOGIN-DELAY and EXPIRE.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use pop3_proto::{Capabilities, Capability, UserName};

use crate::gate::Gate;
use crate::recent::Recent;

#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) gate: Gate,
    pub(crate) login_delay: Option<LoginDelay>,
    pub(crate) expire: Expire,
}

/// How long letters are kept (RFC 2449, section 6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Expire {
    /// Until somebody removes them.
    #[default]
    Never,
    /// Until they were retrieved.
    OnceRetrieved,
    /// So many days at least.
    Days(u32),
}

impl Expire {
    pub(crate) const fn after(days: u32) -> Self {
        if days == 0 { Self::OnceRetrieved } else { Self::Days(days) }
    }

    /// What was delivered before this has had its time.
    pub(crate) fn before(self, now: SystemTime) -> Option<SystemTime> {
        match self {
            Self::Never | Self::OnceRetrieved => None,
            Self::Days(days) => now.checked_sub(Duration::from_secs(u64::from(days) * 86_400)),
        }
    }
}

/// How long a user waits from one login to the next (RFC 2449, section 6.5).
#[derive(Clone, Debug)]
pub(crate) struct LoginDelay {
    /// The longest of any user.
    delay: Duration,
    /// Whether it differs by user.
    pub(crate) by_user: bool,
    logins: Arc<Mutex<Recent<UserName, ()>>>,
}

/// Of how many users the last login is remembered. Those that are forgotten may log in sooner.
const REMEMBERED: usize = 65_536;

impl LoginDelay {
    pub(crate) fn new(delay: Duration, by_user: bool) -> Self {
        Self { delay, by_user, logins: Arc::default() }
    }

    /// How long a user waits whose own delay this is.
    pub(crate) fn of(&self, own: Option<Duration>) -> Duration {
        own.map_or(self.delay, |own| own.min(self.delay))
    }

    /// Whether the last login of a user was too recent, who waits so long or as long as anybody.
    pub(crate) fn is_too_soon(
        &self,
        user: &UserName,
        wait: Option<Duration>,
        now: Instant,
    ) -> bool {
        self.logins().get(user, now, wait.unwrap_or(self.delay)).is_some()
    }

    /// Notes that a user has logged in: the time counts from the `+OK`, not from refusals.
    pub(crate) fn logged_in(&self, user: UserName, now: Instant) {
        self.logins().insert(user, (), now, self.delay, REMEMBERED);
    }

    fn logins(&self) -> MutexGuard<'_, Recent<UserName, ()>> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells a delay as LOGIN-DELAY does, in seconds, rounded up; none is not told.
pub(crate) fn announce(capabilities: &mut Capabilities, delay: Duration, by_user: bool) {
    if delay.is_zero() {
        return capabilities.remove("LOGIN-DELAY");
    }
    let seconds = delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0));
    let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
    capabilities.set(Capability::LoginDelay { seconds, by_user });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_too_soon_until_the_delay_has_passed() {
        let (delay, start) = (LoginDelay::new(Duration::from_secs(60), true), Instant::now());
        let [mark, mary] = ["mark", "mary"].map(|name| UserName::new(name).unwrap());
        let later = |seconds| start + Duration::from_secs(seconds);
        let wait = None;
        assert!(!delay.is_too_soon(&mark, wait, start));
        delay.logged_in(mark.clone(), start);
        assert!(delay.clone().is_too_soon(&mark, wait, later(59)));
        assert!(!delay.is_too_soon(&mary, wait, later(59)));
        assert!(!delay.is_too_soon(&mark, wait, later(60)));
        // A user's own delay may be shorter, and no longer than was announced.
        let [shorter, longer] = [5, 500].map(|own| Some(delay.of(Some(Duration::from_secs(own)))));
        assert!(delay.is_too_soon(&mark, shorter, later(4)));
        assert!(!delay.is_too_soon(&mark, shorter, later(5)));
        assert!(!delay.is_too_soon(&mark, longer, later(60)));
    }

    #[test]
    fn days_are_counted_back_as_far_as_there_is_time() {
        let now = SystemTime::now();
        assert_eq!(Expire::after(2).before(now), now.checked_sub(Duration::from_secs(172_800)));
        for never in [Expire::Never, Expire::after(0)] {
            assert_eq!(never.before(now), None);
        }
        // Before there was time, nothing was delivered.
        let _ = Expire::after(u32::MAX).before(now);
    }
}
