use std::{
    any::Any,
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use kernel::config::{Reader, Settings};

use crate::network;

/// How often one client may be told of in the log.
const PAUSE: Duration = Duration::from_mins(1);

/// How many connections a client may have.
#[derive(Clone, Copy, Debug)]
pub struct PerClient(pub usize);

impl Settings for PerClient {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self(reader.positive("CONNECTIONS_PER_CLIENT", 100).into()))
    }
}

/// The connections of all clients.
#[derive(Debug)]
pub struct Connections {
    limit: usize,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    warned: Mutex<Option<Instant>>,
}

/// One of them, for as long as it is open.
#[derive(Debug)]
struct Connection {
    client: IpAddr,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Connections {
    pub fn new(limit: usize) -> Self {
        Self { limit, open: Arc::default(), warned: Mutex::default() }
    }

    /// Counts one more, unless that is too many.
    pub fn open(&self, peer: IpAddr) -> Option<Box<dyn Any + Send>> {
        let client = network(peer);
        let mut counts = lock(&self.open);
        let count = counts.entry(client).or_default();
        if *count >= self.limit {
            drop(counts);
            self.warn(client);
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Box::new(Connection { client, open: Arc::clone(&self.open) }))
    }

    fn warn(&self, client: IpAddr) {
        let mut warned = lock(&self.warned);
        if warned.is_none_or(|at| at.elapsed() > PAUSE) {
            *warned = Some(Instant::now());
            drop(warned);
            let limit = self.limit;
            tracing::warn!(
                "{client} has {limit} connections, and gets no more (CONNECTIONS_PER_CLIENT). If it is a proxy, name it in \
                 TRUSTED_PROXIES"
            );
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut counts = lock(&self.open);
        if let Some(count) = counts.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.client);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_a_limit_and_leaves_nothing_behind() {
        let connections = Connections::new(2);
        let open = |client: &str| connections.open(client.parse().unwrap());
        let held = [open("203.0.113.1"), open("203.0.113.1"), open("2001:db8::1"), open("2001:db8::2")];
        assert!(held.iter().all(Option::is_some));
        assert!(open("203.0.113.1").is_none());
        assert!(open("::ffff:203.0.113.1").is_none());
        assert!(open("2001:db8::3").is_none());
        assert!(open("203.0.113.2").is_some() && open("2001:db8:0:1::1").is_some());
        drop(held);
        assert!(open("203.0.113.1").is_some());
        assert!(lock(&connections.open).is_empty());
    }
}
