//! How many files may arrive at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kernel::{Config, Db, Error, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::settings::UploadSettings;

const SOON: Duration = Duration::from_secs(5);

type Counts = Arc<Mutex<HashMap<Uuid, usize>>>;

#[derive(Debug)]
pub struct Gate {
    all: Arc<Semaphore>,
    each: usize,
    counts: Counts,
}

/// A place for a file that arrives; it is free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    owner: Uuid,
    counts: Counts,
    _permit: OwnedSemaphorePermit,
}

impl Gate {
    #[expect(clippy::unnecessary_wraps, reason = "what makes a service may fail")]
    pub fn new(config: &Config, _: &Db) -> anyhow::Result<Self> {
        let settings: &UploadSettings = config.settings();
        let all = Arc::new(Semaphore::new(settings.at_once));
        Ok(Self { all, each: settings.at_once_each, counts: Counts::default() })
    }

    /// A place for one more file of this owner. Nobody is no person: those who have no accounts share all places.
    pub fn enter(&self, owner: Uuid) -> Result<Place> {
        let permit = Arc::clone(&self.all).try_acquire_owned().map_err(|_| Error::Busy(SOON))?;
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(owner).or_default();
        if *count >= self.each && !owner.is_nil() {
            return Err(Error::TooMany(SOON));
        }
        *count += 1;
        drop(counts);
        Ok(Place { owner, counts: Arc::clone(&self.counts), _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.owner) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.owner);
            }
        }
    }
}
