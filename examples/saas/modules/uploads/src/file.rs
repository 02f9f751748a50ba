//! The rows of files, and what the files of somebody take.
//!
//! A row is there before the first byte and until the last one is gone, so that nothing is ever kept that no row knows.

use axum::http::StatusCode;
use kernel::{
    AppState, Db, Error, Result,
    database::{self, Connection},
    jobs,
};
use listing::{Column, Listed};
use serde::Serialize;
use sqlx::FromRow;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{jobs::Sweep, kind, name, owner::Owner, settings::UploadSettings};

/// A file that is complete.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
#[schema(example = json!({
    "id": "019bb7f3-8c00-7cc1-8f3a-5d2e6b7a9c10", "name": "photo.jpg", "kind": "image/jpeg", "size": 48213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "purpose": "uploads.files",
    "created_at": "2026-01-13T08:00:00Z"
}))]
pub struct File {
    pub id: Uuid,
    /// As its owner has called it.
    pub name: String,
    /// What its content is.
    pub kind: String,
    pub size: i64,
    /// The hash of its content, in hexadecimal digits.
    pub sha256: String,
    pub purpose: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
}

impl File {
    /// Where its owner finds the content.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/files/{}/{}", self.id, name::encode(&self.name))
    }

    /// Whether a page can show it in an `<img>`.
    #[must_use]
    pub fn is_image(&self) -> bool {
        kind::is_shown(&self.kind)
    }

    /// The size for people.
    #[must_use]
    pub fn readable_size(&self) -> String {
        readable(self.size)
    }
}

/// A number of bytes for people: `47.1 KiB`.
#[must_use]
pub fn readable(bytes: i64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    let Some((shift, unit)) = units.into_iter().find(|(shift, _)| bytes >> shift > 0) else {
        return format!("{bytes} bytes");
    };
    let tenths = (bytes >> (shift - 10)) * 10 / 1024;
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

impl Listed for File {
    type Owner = Uuid;

    const FROM: &'static str = "(SELECT * FROM files WHERE state = 'stored') AS files";
    const COLUMNS: &'static [Column] = &[
        Column::text("name").sortable().filterable(),
        Column::text("kind").filterable(),
        Column::text("purpose").filterable(),
        Column::integer("size").sortable(),
        Column::timestamp("created_at").sortable().filterable(),
    ];
    const DEFAULT_SORT: &'static str = "-created_at";
}

/// What somebody has stored.
#[derive(Clone, Copy, Debug, Default, FromRow)]
pub struct Usage {
    pub bytes: i64,
    pub files: i64,
}

pub async fn usage(db: &Db, owner: Uuid) -> Result<Usage> {
    let query = sqlx::query_as("SELECT bytes, files FROM file_usage WHERE user_id = $1");
    Ok(query.bind(owner).fetch_optional(db).await?.unwrap_or_default())
}

/// A file of this owner. Those of others are not there.
///
/// # Errors
///
/// Is 404 for a file that is not there, or not for this owner.
pub async fn find(db: &Db, Owner(owner): Owner, id: Uuid) -> Result<File> {
    let query = "SELECT * FROM files WHERE id = $1 AND state = 'stored' AND user_id = coalesce($2, user_id)";
    sqlx::query_as(query).bind(id).bind(owner).fetch_optional(db).await?.ok_or(Error::NotFound)
}

/// A file that is about to arrive: for whom, what for, and how large it may be.
#[derive(Debug)]
pub struct Reservation {
    pub owner: Uuid,
    pub purpose: &'static str,
    pub bytes: u64,
}

/// Makes the row of a file that is about to arrive, and takes its room from what its owner may have.
pub async fn reserve(state: &AppState, reservation: &Reservation) -> Result<Uuid> {
    let settings: &UploadSettings = state.config.settings();
    let (id, owner) = (Uuid::now_v7(), reservation.owner);
    let bytes = i64::try_from(reservation.bytes)?;
    let mut transaction = database::begin(&state.db).await?;
    let query = "INSERT INTO file_usage (user_id, bytes, files) VALUES ($1, 0, 0) ON CONFLICT (user_id) DO NOTHING";
    sqlx::query(query).bind(owner).execute(&mut *transaction).await?;
    let query = "UPDATE file_usage SET bytes = bytes + $1, files = files + 1 \
         WHERE user_id = $2 AND bytes + $1 <= $3 AND files < $4";
    let query = sqlx::query(query).bind(bytes).bind(owner);
    let query = query.bind(i64::try_from(settings.quota_bytes)?).bind(i64::try_from(settings.quota_files)?);
    if query.execute(&mut *transaction).await?.rows_affected() == 0 {
        let advice = "This is more than you may store: delete files that you no longer need.";
        return Err(Error::Refused(StatusCode::PAYLOAD_TOO_LARGE, advice.to_owned()));
    }
    let query = "INSERT INTO files (id, user_id, purpose, name, kind, size, sha256, state, created_at) \
         VALUES ($1, $2, $3, '', '', $4, '', 'receiving', $5)";
    let query = sqlx::query(query).bind(id).bind(owner).bind(reservation.purpose).bind(bytes);
    query.bind(state.clock.now().truncate_to_second()).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(id)
}

/// What is known about a file when it has arrived.
#[derive(Debug)]
pub struct Arrived {
    pub name: String,
    pub kind: &'static str,
    pub size: u64,
    pub sha256: String,
}

/// Completes the row of a file. It fails where the file is wanted no more, as when its owner has gone.
pub async fn complete(state: &AppState, id: Uuid, arrived: &Arrived) -> Result<File> {
    let mut transaction = database::begin(&state.db).await?;
    // Whoever deletes an account waits for this, or comes first.
    let query = "UPDATE files SET state = 'stored' WHERE id = $1 AND state = 'receiving' RETURNING user_id, size";
    let row: Option<(Uuid, i64)> = sqlx::query_as(query).bind(id).fetch_optional(&mut *transaction).await?;
    let (owner, reserved) = row.ok_or(Error::NotFound)?;
    let size = i64::try_from(arrived.size)?;
    give_back(&mut transaction, owner, reserved - size, 0).await?;
    let query = "UPDATE files SET name = $1, kind = $2, size = $3, sha256 = $4 WHERE id = $5 RETURNING *";
    let query = sqlx::query_as(query).bind(&arrived.name).bind(arrived.kind).bind(size).bind(&arrived.sha256);
    let file = query.bind(id).fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(file)
}

async fn give_back(connection: &mut Connection, owner: Uuid, bytes: i64, files: i64) -> Result<(), sqlx::Error> {
    let query = "UPDATE file_usage SET bytes = bytes - $1, files = files - $2 WHERE user_id = $3";
    sqlx::query(query).bind(bytes).bind(files).bind(owner).execute(connection).await?;
    Ok(())
}

/// Marks a file for deletion, in whichever state it is, and gives its room back. Returns whether it was not marked before.
pub async fn mark(connection: &mut Connection, id: Uuid) -> Result<bool, sqlx::Error> {
    let query = "UPDATE files SET state = 'deleting' WHERE id = $1 AND state <> 'deleting' RETURNING user_id, size";
    let row: Option<(Uuid, i64)> = sqlx::query_as(query).bind(id).fetch_optional(&mut *connection).await?;
    let Some((owner, size)) = row else { return Ok(false) };
    give_back(connection, owner, size, 1).await?;
    Ok(true)
}

/// Forgets a file whose bytes are gone.
pub async fn forget(db: &Db, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM files WHERE id = $1 AND state = 'deleting'").bind(id).execute(db).await?;
    Ok(())
}

/// Deletes a file of this owner: for everybody at once, and its bytes soon.
///
/// # Errors
///
/// Is 404 for a file that is not there, or not for this owner.
pub async fn delete(state: &AppState, owner: Owner, id: Uuid) -> Result<()> {
    find(&state.db, owner, id).await?;
    let mut transaction = database::begin(&state.db).await?;
    if !mark(&mut transaction, id).await? {
        return Err(Error::NotFound);
    }
    jobs::enqueue(&mut transaction, &Sweep {}).await?;
    transaction.commit().await?;
    Ok(())
}

/// Attaches a file of this owner to something, for as long as that is there. A file is attached once.
///
/// # Errors
///
/// Is 404 for a file that is not there, not for this owner, of another purpose, or attached already.
pub async fn attach(
    connection: &mut Connection,
    Owner(owner): Owner,
    id: Uuid,
    purpose: &crate::Purpose,
    to: Uuid,
) -> Result<()> {
    let query = "UPDATE files SET attached_to = $1 WHERE id = $2 AND state = 'stored' AND purpose = $3 \
         AND attached_to IS NULL AND user_id = coalesce($4, user_id)";
    let query = sqlx::query(query).bind(to).bind(id).bind(purpose.name).bind(owner);
    if query.execute(connection).await?.rows_affected() == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// The files that are attached to something, the oldest first.
///
/// # Errors
///
/// Fails when the database does.
pub async fn attached(db: &Db, to: Uuid) -> Result<Vec<File>> {
    let query = "SELECT * FROM files WHERE attached_to = $1 AND state = 'stored' ORDER BY created_at, id";
    Ok(sqlx::query_as(query).bind(to).fetch_all(db).await?)
}

/// Deletes what is attached to something that goes, in the transaction in which it does.
///
/// # Errors
///
/// Fails when the database does.
pub async fn delete_attached(connection: &mut Connection, to: Uuid) -> anyhow::Result<()> {
    let query = sqlx::query_scalar("SELECT id FROM files WHERE attached_to = $1 AND state <> 'deleting'");
    let ids: Vec<Uuid> = query.bind(to).fetch_all(&mut *connection).await?;
    for &id in &ids {
        mark(&mut *connection, id).await?;
    }
    if !ids.is_empty() {
        jobs::enqueue(connection, &Sweep {}).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_readable() {
        for (bytes, shown) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (48_213, "47.0 KiB"),
            (26_214_400, "25.0 MiB"),
            (1 << 40, "1.0 TiB"),
        ] {
            assert_eq!(readable(bytes), shown);
        }
    }
}
