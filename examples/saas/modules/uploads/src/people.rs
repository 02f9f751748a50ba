//! What becomes of files when something happens to people.

use auth::{Adoption, Export, UserDeleted};
use kernel::{AppState, BoxFuture, database::Connection, jobs::enqueue};
use uuid::Uuid;

use crate::{file::File, jobs::Sweep};

/// Gives somebody the files that belong to nobody: those from the time before there were accounts.
pub fn adopt<'a>(
    _: &'a AppState,
    connection: &'a mut Connection,
    event: &'a Adoption,
) -> BoxFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        let query = sqlx::query("UPDATE files SET user_id = $1 WHERE user_id = $2");
        query.bind(event.user).bind(Uuid::nil()).execute(&mut *connection).await?;
        sqlx::query("DELETE FROM file_usage WHERE user_id = $1").bind(Uuid::nil()).execute(&mut *connection).await?;
        let query = "INSERT INTO file_usage (user_id, bytes, files) \
             SELECT $1, coalesce(sum(size), 0), count(*) FROM files WHERE user_id = $1 AND state <> 'deleting' \
             ON CONFLICT (user_id) DO UPDATE SET bytes = excluded.bytes, files = excluded.files";
        sqlx::query(query).bind(event.user).execute(connection).await?;
        Ok(())
    })
}

/// Tells of files that nobody can see.
pub fn inspect(state: AppState) -> BoxFuture<'static, anyhow::Result<Option<String>>> {
    Box::pin(async move {
        let query = sqlx::query_scalar("SELECT count(*) FROM files WHERE user_id = $1 AND state = 'stored'");
        let files: i64 = query.bind(Uuid::nil()).fetch_one(&state.db).await?;
        let advice = "belong to nobody: `app user adopt EMAIL` gives them to somebody";
        Ok((files > 0).then(|| format!("of the files, {files} {advice}")))
    })
}

/// Adds what is known about the files of somebody to all that there is about them.
pub fn export<'a>(
    _: &'a AppState,
    connection: &'a mut Connection,
    export: &'a Export,
) -> BoxFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        let query = "SELECT * FROM files WHERE user_id = $1 AND state = 'stored' ORDER BY id";
        let files: Vec<File> = sqlx::query_as(query).bind(export.user).fetch_all(connection).await?;
        export.add("files", &files)
    })
}

/// Deletes the files of somebody, also those that arrive just now.
pub fn delete<'a>(
    _: &'a AppState,
    connection: &'a mut Connection,
    event: &'a UserDeleted,
) -> BoxFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        let query = sqlx::query("UPDATE files SET state = 'deleting' WHERE user_id = $1");
        let marked = query.bind(event.user).execute(&mut *connection).await?.rows_affected();
        sqlx::query("DELETE FROM file_usage WHERE user_id = $1").bind(event.user).execute(&mut *connection).await?;
        if marked > 0 {
            enqueue(connection, &Sweep {}).await?;
        }
        Ok(())
    })
}
