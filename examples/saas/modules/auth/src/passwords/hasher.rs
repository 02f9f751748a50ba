use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::anyhow;
use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use kernel::{Config, Db, Error, Result};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::Password;
use crate::settings::AuthSettings;

/// How many may wait for their turn.
const QUEUE: usize = 32;

/// Makes and checks hashes with Argon2id, a few at a time: each takes 19 MiB of memory and a processor.
#[derive(Clone)]
pub struct Hasher(Arc<Pool>);

struct Pool {
    places: Semaphore,
    waiting: AtomicUsize,
    done: AtomicU64,
    /// The hash of a password that nobody has.
    dummy: String,
}

impl Hasher {
    pub(crate) fn new(config: &Config, _: &Db) -> anyhow::Result<Self> {
        let settings: &AuthSettings = config.settings();
        Ok(Self(Arc::new(Pool {
            places: Semaphore::new(settings.hashes_at_once),
            waiting: AtomicUsize::new(0),
            done: AtomicU64::new(0),
            dummy: hash(&crate::secret::new()?)?,
        })))
    }

    /// How many hashes were calculated.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.done.load(Ordering::Relaxed)
    }

    /// The hash of a password, to be stored.
    ///
    /// # Errors
    ///
    /// Is 503 while too many others wait.
    pub async fn hash(&self, password: &Password) -> Result<String> {
        let password = password.clone();
        self.run(move |_| hash(password.expose())).await
    }

    /// Whether a password is the one of this hash. Without one, it takes as long and is not.
    ///
    /// # Errors
    ///
    /// Is 503 while too many others wait.
    pub async fn verify(&self, password: &Password, stored: Option<&str>) -> Result<bool> {
        let (password, stored) = (password.clone(), stored.map(str::to_owned));
        self.run(move |dummy| {
            let is_known = stored.is_some();
            let hash = PasswordHash::new(stored.as_deref().unwrap_or(dummy))
                .map_err(|error| anyhow!("a stored password cannot be read: {error}"))?;
            Ok(Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok() && is_known)
        })
        .await
    }

    /// Whether a hash was made in another way than new ones are.
    #[must_use]
    pub fn is_outdated(&self, stored: &str) -> bool {
        // `$argon2id$v=19$m=19456,t=2,p=1$`: all before the salt and the hash.
        let parameters = |hash: &str| hash.rsplitn(3, '$').last().map(str::to_owned);
        parameters(stored) != parameters(&self.0.dummy)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&str) -> anyhow::Result<T> + Send + 'static) -> Result<T> {
        let place = {
            let _turn = self.0.queue().ok_or_else(busy)?;
            self.0.places.acquire().await?
        };
        let pool = Arc::clone(&self.0);
        let done = spawn_blocking(move || {
            pool.done.fetch_add(1, Ordering::Relaxed);
            work(&pool.dummy)
        });
        let outcome = done.await?;
        drop(place);
        Ok(outcome?)
    }
}

/// A place in the queue, for as long as it is held.
struct Turn<'a>(&'a AtomicUsize);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Pool {
    fn queue(&self) -> Option<Turn<'_>> {
        let waiting = self.waiting.fetch_add(1, Ordering::AcqRel);
        let turn = Turn(&self.waiting);
        (waiting < QUEUE).then_some(turn)
    }
}

fn hash(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash.map_err(|error| anyhow!("a password cannot be hashed: {error}"))?.to_string())
}

const fn busy() -> Error {
    Error::Busy(Duration::from_secs(1))
}
