//! What becomes of notes when something happens to people.

use auth::{Adoption, Export, UserDeleted};
use kernel::{AppState, BoxFuture, database::Connection};
use uuid::Uuid;

use crate::note::Note;

/// Gives somebody the notes that belong to nobody: those from the time before there were accounts.
pub fn adopt<'a>(
    _: &'a AppState,
    connection: &'a mut Connection,
    event: &'a Adoption,
) -> BoxFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        let query = sqlx::query("UPDATE notes SET user_id = $1 WHERE user_id = $2");
        query.bind(event.user).bind(Uuid::nil()).execute(connection).await?;
        Ok(())
    })
}

/// Tells of notes that nobody can see.
pub fn inspect(state: AppState) -> BoxFuture<'static, anyhow::Result<Option<String>>> {
    Box::pin(async move {
        let query = sqlx::query_scalar("SELECT count(*) FROM notes WHERE user_id = $1");
        let notes: i64 = query.bind(Uuid::nil()).fetch_one(&state.db).await?;
        let advice = "belong to nobody: `app user adopt EMAIL` gives them to somebody";
        Ok((notes > 0).then(|| format!("of the notes, {notes} {advice}")))
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
