//! What becomes of notes when something happens to people.

use auth::{AdminAppointed, Export, UserDeleted};
use kernel::{AppState, BoxFuture, database::Connection};
use uuid::Uuid;

use crate::note::Note;

/// Notes from the time before there were accounts belong to nobody: whoever manages the application gets them.
pub fn take_over<'a>(
    _: &'a AppState,
    connection: &'a mut Connection,
    event: &'a AdminAppointed,
) -> BoxFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        let query = sqlx::query("UPDATE notes SET user_id = $1 WHERE user_id = $2");
        query.bind(event.user).bind(Uuid::nil()).execute(connection).await?;
        Ok(())
    })
}

/// Adds the notes of somebody to all that there is about them.
pub fn export<'a>(
    _: &'a AppState,
    connection: &'a mut Connection,
    export: &'a Export,
) -> BoxFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        let query = sqlx::query_as("SELECT * FROM notes WHERE user_id = $1 ORDER BY id");
        let notes: Vec<Note> = query.bind(export.user).fetch_all(connection).await?;
        export.add("notes", &notes)
    })
}

/// Deletes the notes of somebody.
pub fn delete<'a>(
    _: &'a AppState,
    connection: &'a mut Connection,
    event: &'a UserDeleted,
) -> BoxFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        sqlx::query("DELETE FROM notes WHERE user_id = $1").bind(event.user).execute(connection).await?;
        Ok(())
    })
}
