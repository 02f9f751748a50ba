use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::types::time::OffsetDateTime;

/// The time, as handlers and jobs see it: the system's, until a test stops the clock.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Mutex<Option<OffsetDateTime>>>);

impl Clock {
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(OffsetDateTime::now_utc)
    }

    /// Lets time pass, for a test; afterwards, the clock stands still.
    pub fn advance(&self, time: Duration) {
        self.set(self.now() + time);
    }

    /// Stops the clock at this time.
    pub fn set(&self, time: OffsetDateTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(time);
    }
}
