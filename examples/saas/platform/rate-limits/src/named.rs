use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use clients::{ClientIp, network};
use kernel::Error;

use crate::{Quota, limiter::Limiter};

/// Limits that modules set themselves, such as five sign-ins a minute for an address and for an account:
///
/// ```no_run
/// # async fn example(state: kernel::AppState, client: clients::ClientIp, email: &str) -> kernel::Result<()> {
/// use rate_limits::{Limits, Quota};
///
/// const SIGN_INS: Quota = Quota::per_minute(5);
///
/// let permit = state.service::<Limits>().take("sign-in", &[client.into(), email.into()], SIGN_INS)?;
/// // The password is right: this was no attempt to guess it.
/// permit.refund();
/// # Ok(())
/// # }
/// ```
///
/// Each process counts for itself, in memory, for at most 65,536 keys a name at a time.
#[derive(Debug, Default)]
pub struct Limits {
    /// Keys are as long as clients make them: their hashes are kept. Nobody can find two with the same one, since the hasher is
    /// another one in each process.
    hasher: RandomState,
    names: Mutex<HashMap<&'static str, Arc<Limiter<u64>>>>,
}

/// Whom or what a limit counts for.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub enum Key {
    /// A network: an IPv4 address, or 64 bits of an IPv6 address.
    Network(IpAddr),
    Text(String),
}

impl From<IpAddr> for Key {
    fn from(address: IpAddr) -> Self {
        Self::Network(network(address))
    }
}

impl From<ClientIp> for Key {
    fn from(ClientIp(address): ClientIp) -> Self {
        address.into()
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// How long there is to wait. As an error of a handler it becomes 429 with `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

impl From<Wait> for Error {
    fn from(Wait(time): Wait) -> Self {
        Self::TooMany(time)
    }
}

/// Something that was counted.
#[derive(Debug)]
pub struct Permit {
    limiter: Arc<Limiter<u64>>,
    keys: Vec<u64>,
    quota: Quota,
}

impl Permit {
    /// Takes it back, for what turned out to be nothing that has to be limited.
    pub fn refund(self) {
        self.limiter.refund(&self.keys, self.quota);
    }
}

impl Limits {
    /// Counts once for each of the keys.
    ///
    /// # Errors
    ///
    /// When one of them has to wait. Then this counts for none.
    pub fn take(&self, name: &'static str, keys: &[Key], quota: Quota) -> Result<Permit, Wait> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter = Arc::clone(names.entry(name).or_default());
        drop(names);
        let keys: Vec<_> = keys.iter().map(|key| self.hasher.hash_one(key)).collect();
        limiter.take(&keys, quota, Instant::now()).map_err(Wait)?;
        Ok(Permit { limiter, keys, quota })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWICE: Quota = Quota::per_hour(2);

    #[test]
    fn names_and_kinds_of_keys_are_apart() {
        let limits = Limits::default();
        let address: IpAddr = "203.0.113.7".parse().unwrap();
        for (name, key) in [("a", Key::from("203.0.113.7")), ("a", address.into()), ("b", address.into())] {
            for _ in 0..2 {
                assert!(limits.take(name, std::slice::from_ref(&key), TWICE).is_ok());
            }
            let Err(Wait(time)) = limits.take(name, &[key], TWICE) else { panic!("a third time") };
            assert!(time > Duration::from_mins(29) && time <= Duration::from_mins(30), "{time:?}");
        }
    }

    #[test]
    fn all_addresses_of_a_household_are_one_key() {
        let (limits, key) = (Limits::default(), |address: &str| Key::from(address.parse::<IpAddr>().unwrap()));
        for host in ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2"] {
            assert!(limits.take("a", &[key(host)], TWICE).is_ok());
        }
        assert!(limits.take("a", &[key("2001:db8:0:1::3")], TWICE).is_err());
        assert!(limits.take("a", &[key("2001:db8:0:2::1")], TWICE).is_ok());
    }
}
