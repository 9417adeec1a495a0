//! For how long the other side has not got on.

use std::time::{Duration, Instant};

/// For how long the other side has not got on while somebody waited for it: what the idle limits of
/// both connections are held against.
///
/// ```
/// use std::time::{Duration, Instant};
/// use pop3_proto::adapter::Silence;
/// # let (progress, start) = (1, Instant::now());
/// let limit = Some(Duration::from_secs(120));
/// let mut silence = Silence::default();
/// assert_eq!(silence.until(progress, limit, start), Some(start + Duration::from_secs(120)));
/// ```
#[derive(Debug, Default)]
pub struct Silence {
    progress: u64,
    /// What had passed when nobody waited any more.
    before: Duration,
    since: Option<Instant>,
}

impl Silence {
    /// By when a connection has to get on, from its `progress` and its `idle_limit`; `None` where
    /// there is no limit, or one beyond all time.
    pub fn until(
        &mut self,
        progress: u64,
        limit: Option<Duration>,
        now: Instant,
    ) -> Option<Instant> {
        if progress != self.progress || limit.is_none() {
            *self = Self { progress, ..Self::default() };
        }
        let left = limit?.saturating_sub(self.before);
        self.since.get_or_insert(now).checked_add(left)
    }

    /// From now on, until it is asked again, nobody waits.
    pub fn pause(&mut self, now: Instant) {
        if let Some(since) = self.since.take() {
            self.before += now.saturating_duration_since(since);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn only_time_in_which_somebody_waits_counts() {
        let (mut silence, start) = (Silence::default(), Instant::now());
        let limit = Some(10 * SECOND);
        assert_eq!(silence.until(0, limit, start), Some(start + 10 * SECOND));
        assert_eq!(silence.until(0, limit, start + 3 * SECOND), Some(start + 10 * SECOND));
        silence.pause(start + 4 * SECOND);
        silence.pause(start + 50 * SECOND);
        let later = start + 100 * SECOND;
        assert_eq!(silence.until(0, limit, later), Some(later + 6 * SECOND));
        silence.pause(later + 20 * SECOND);
        let too_late = later + 21 * SECOND;
        assert_eq!(silence.until(0, limit, too_late), Some(too_late));
    }

    #[test]
    fn who_gets_on_has_all_the_time_again() {
        let (mut silence, start) = (Silence::default(), Instant::now());
        let limit = Some(10 * SECOND);
        silence.until(0, limit, start);
        let later = start + 9 * SECOND;
        assert_eq!(silence.until(1, limit, later), Some(later + 10 * SECOND));
        assert_eq!(silence.until(1, limit, later + SECOND), Some(later + 10 * SECOND));
        assert_eq!(silence.until(1, None, later), None);
        let at_last = later + 50 * SECOND;
        assert_eq!(silence.until(1, limit, at_last), Some(at_last + 10 * SECOND));
        assert_eq!(silence.until(1, Some(Duration::MAX), at_last), None);
    }
}
