//! What happened lately, remembered for so many at most.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// A table of what happened to whom and when. It forgets what is older than its span, and the
/// oldest eighth when it is full all the same.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    entries: HashMap<K, (Instant, V)>,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self { entries: HashMap::new() }
    }
}

impl<K: Eq + Hash, V> Recent<K, V> {
    /// What is known of somebody, unless that is older than `span`.
    pub(crate) fn get<Q>(&mut self, key: &Q, now: Instant, span: Duration) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let (since, value) = self.entries.get_mut(key)?;
        (now.saturating_duration_since(*since) < span).then_some(value)
    }

    /// Notes something of somebody, in place of what was known.
    pub(crate) fn insert(&mut self, key: K, value: V, now: Instant, span: Duration, most: usize) {
        if self.entries.len() >= most && !self.entries.contains_key(&key) {
            self.forget(now, span);
        }
        self.entries.insert(key, (now, value));
    }

    /// Forgets an eighth at a time, so that a full table costs no more than one that has room.
    fn forget(&mut self, now: Instant, span: Duration) {
        let mut times: Vec<_> = self.entries.values().map(|(since, _)| *since).collect();
        let eighth = times.len() / 8;
        if times.is_empty() {
            return;
        }
        let oldest = *times.select_nth_unstable(eighth).1;
        self.entries.retain(|_, (since, _)| {
            *since > oldest && now.saturating_duration_since(*since) < span
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Duration = Duration::from_secs(10);

    #[test]
    fn what_is_old_is_forgotten() {
        let (mut recent, start) = (Recent::default(), Instant::now());
        recent.insert("mark", 1, start, SPAN, 8);
        assert_eq!(recent.get("mark", start + SPAN - Duration::from_nanos(1), SPAN), Some(&mut 1));
        assert_eq!(recent.get("mark", start + SPAN, SPAN), None);
        assert_eq!(recent.get("mary", start, SPAN), None);
    }

    #[test]
    fn a_full_table_forgets_the_oldest_and_never_grows() {
        let (mut recent, start) = (Recent::default(), Instant::now());
        for n in 0..10_000_u32 {
            let now = start + Duration::from_millis(n.into());
            recent.insert(n, (), now, SPAN, 100);
            assert!(recent.entries.len() <= 100);
            assert!(n < 80 || recent.get(&(n - 80), now, SPAN).is_some(), "{n}");
        }
    }
}
