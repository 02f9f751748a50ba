use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::Quota;

/// How many keys are remembered at most, which takes about 4 MiB.
pub const CAPACITY: usize = 65_536;

/// Counts with the generic cell rate algorithm: for each key, one moment says how far ahead of the allowed pace it is.
#[derive(Debug)]
pub struct Limiter<K> {
    paid_until: Mutex<HashMap<K, Instant>>,
}

/// What a client may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Requests that would be answered at once.
    pub remaining: u32,
    /// When all of the burst is there again.
    pub reset: Duration,
}

impl<K> Default for Limiter<K> {
    fn default() -> Self {
        Self { paid_until: Mutex::default() }
    }
}

impl<K: Copy + Eq + Hash> Limiter<K> {
    /// Counts once for every key, or not at all, where one of them has to wait so long.
    pub fn take(&self, keys: &[K], quota: Quota, now: Instant) -> Result<Standing, Duration> {
        let (price, credit) = (quota.price(), quota.price() * quota.burst);
        let mut moments = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        if moments.len() + keys.len() > CAPACITY {
            forget(&mut moments, now);
        }
        let reset = |moment: Option<&Instant>| moment.map_or(price, |it| it.saturating_duration_since(now) + price);
        let longest = keys.iter().map(|key| reset(moments.get(key))).max().unwrap_or_default();
        let Some(left) = credit.checked_sub(longest) else {
            return Err(longest.saturating_sub(credit));
        };
        for key in keys {
            let reset = reset(moments.get(key));
            moments.insert(*key, now + reset);
        }
        drop(moments);
        let remaining = left.as_nanos() / price.as_nanos().max(1);
        Ok(Standing { remaining: u32::try_from(remaining).unwrap_or(u32::MAX), reset: longest })
    }

    /// Takes back what was counted.
    pub fn refund(&self, keys: &[K], quota: Quota) {
        let mut moments = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            let earlier = moments.get(key).and_then(|moment| moment.checked_sub(quota.price()));
            earlier.map(|moment| moments.insert(*key, moment));
        }
        drop(moments);
    }
}

/// A key that has its whole burst again is as good as new. When most have not, somebody commands more of them than a limit
/// can stop; then the half goes that is closest to it.
fn forget<K: Eq + Hash>(moments: &mut HashMap<K, Instant>, now: Instant) {
    moments.retain(|_, moment| *moment > now);
    if moments.len() > CAPACITY / 2 {
        let mut sorted: Vec<_> = moments.values().copied().collect();
        let (_, median, _) = sorted.select_nth_unstable(CAPACITY / 2);
        moments.retain(|_, moment| moment > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const QUOTA: Quota = Quota { count: 60, period: Duration::from_mins(1), burst: 3 };

    #[test]
    fn a_burst_and_then_the_pace() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        let take = |now| limiter.take(&["ada"], QUOTA, now);
        for remaining in [2, 1, 0] {
            assert_eq!(take(now).unwrap().remaining, remaining);
        }
        assert_eq!(take(now), Err(SECOND));
        assert_eq!(take(now + SECOND / 2), Err(SECOND / 2));
        assert_eq!(take(now + SECOND), Ok(Standing { remaining: 0, reset: 3 * SECOND }));
        assert_eq!(take(now + 60 * SECOND), Ok(Standing { remaining: 2, reset: SECOND }));
    }

    #[test]
    fn every_key_has_to_have_room_and_pays_only_then() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        for account in ["ada", "bob", "eve"] {
            assert!(limiter.take(&["here", account], QUOTA, now).is_ok());
        }
        assert_eq!(limiter.take(&["here", "joe"], QUOTA, now), Err(SECOND));
        for remaining in [2, 1, 0] {
            assert_eq!(limiter.take(&["joe"], QUOTA, now).unwrap().remaining, remaining);
        }
    }

    #[test]
    fn what_is_refunded_was_not_counted() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        for _ in 0..10 {
            assert_eq!(limiter.take(&["ada"], QUOTA, now).unwrap().remaining, 2);
            limiter.refund(&["ada"], QUOTA);
        }
    }

    #[test]
    fn the_memory_is_bounded_and_those_who_ask_most_stay_limited() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        while limiter.take(&[u32::MAX], QUOTA, now).is_ok() {}
        for client in 0..u32::try_from(3 * CAPACITY).unwrap() {
            limiter.take(&[client], QUOTA, now).unwrap();
            assert!(limiter.paid_until.lock().unwrap().len() <= CAPACITY);
        }
        assert!(limiter.take(&[u32::MAX], QUOTA, now).is_err());
    }
}
