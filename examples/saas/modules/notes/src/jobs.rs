use kernel::{AppState, Job, database};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::note;

/// Counts the words of a note.
#[derive(Debug, Serialize, Deserialize)]
pub struct CountWords {
    pub note: Uuid,
}

impl Job for CountWords {
    const NAME: &'static str = "notes.count_words";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let mut transaction = database::begin(&state.db).await?;
        // The note may have been deleted in the meantime: then there is nothing left to do.
        if let Some(body) = note::body_of(&mut transaction, self.note).await? {
            let words = i64::try_from(body.split_whitespace().count())?;
            note::set_words(&mut transaction, self.note, words).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
