use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::settings::Quota;

/// How many clients are remembered at most, which takes about 4 MiB.
const CAPACITY: usize = 65_536;

/// Counts with the generic cell rate algorithm: for each client, one moment says how far ahead of the allowed pace it is.
#[derive(Debug)]
pub struct Limiter {
    pub name: &'static str,
    pub quota: Quota,
    paid_until: Mutex<HashMap<IpAddr, Instant>>,
}

/// What a client may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Requests that would be answered at once.
    pub remaining: u32,
    /// When all of the burst is there again.
    pub reset: Duration,
}

impl Limiter {
    pub fn new(name: &'static str, quota: Quota) -> Self {
        Self { name, quota, paid_until: Mutex::default() }
    }

    /// Counts a request, or says how long the client has to wait before the next one.
    pub fn take(&self, client: IpAddr, now: Instant) -> Result<Standing, Duration> {
        let price = Duration::from_mins(1) / self.quota.per_minute;
        let credit = price * self.quota.burst;
        let mut clients = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= CAPACITY {
            forget_idle(&mut clients, now);
        }
        let paid_until = clients.entry(bucket(client)).or_insert(now);
        let reset = paid_until.saturating_duration_since(now) + price;
        let Some(left) = credit.checked_sub(reset) else {
            return Err(reset.saturating_sub(credit));
        };
        *paid_until = now + reset;
        drop(clients);
        let remaining = left.as_nanos() / price.as_nanos();
        Ok(Standing { remaining: u32::try_from(remaining).unwrap_or(u32::MAX), reset })
    }
}

/// A client that has its whole burst again is as good as new. When most are not, somebody commands more addresses than a
/// limit by address can stop, and starting afresh keeps at least the memory within bounds.
fn forget_idle(clients: &mut HashMap<IpAddr, Instant>, now: Instant) {
    clients.retain(|_, paid_until| *paid_until > now);
    if clients.len() > CAPACITY / 2 {
        clients.clear();
    }
}

/// A household gets an IPv6 network of 64 bits at least, and can use any address in it.
fn bucket(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limiter() -> Limiter {
        Limiter::new("test", Quota { per_minute: 60, burst: 3 })
    }

    #[test]
    fn a_burst_and_then_the_pace() {
        let (limiter, client, now) = (limiter(), IpAddr::from([203, 0, 113, 7]), Instant::now());
        for remaining in [2, 1, 0] {
            assert_eq!(limiter.take(client, now).unwrap().remaining, remaining);
        }
        assert_eq!(limiter.take(client, now), Err(SECOND));
        assert_eq!(limiter.take(client, now + SECOND / 2), Err(SECOND / 2));
        assert_eq!(limiter.take(client, now + SECOND), Ok(Standing { remaining: 0, reset: 3 * SECOND }));
        assert_eq!(limiter.take(client, now + 60 * SECOND), Ok(Standing { remaining: 2, reset: SECOND }));
    }

    #[test]
    fn clients_do_not_share_a_limit() {
        let (limiter, now) = (limiter(), Instant::now());
        let remaining = |client: &str| limiter.take(client.parse().unwrap(), now).map(|standing| standing.remaining);
        assert_eq!(remaining("203.0.113.7"), Ok(2));
        assert_eq!(remaining("203.0.113.8"), Ok(2));
        assert_eq!(remaining("2001:db8:0:1::1"), Ok(2));
        assert_eq!(remaining("2001:db8:0:2::1"), Ok(2));
    }

    #[test]
    fn all_addresses_of_a_household_share_one() {
        let (limiter, now) = (limiter(), Instant::now());
        for host in 0..3 {
            assert!(limiter.take(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host).into(), now).is_ok());
        }
        assert!(limiter.take("2001:db8:0:1:f::9".parse().unwrap(), now).is_err());
    }

    #[test]
    fn the_memory_is_bounded() {
        let (limiter, now) = (limiter(), Instant::now());
        for client in 0..u32::try_from(2 * CAPACITY).unwrap() {
            limiter.take(IpAddr::from(client.to_be_bytes()), now).unwrap();
            assert!(limiter.paid_until.lock().unwrap().len() <= CAPACITY);
        }
    }
}
