use kernel::{
    AppState, Db, Error, Event, Result,
    database::{self, Connection},
    error::FieldErrors,
    jobs,
};
use listing::{Column, List, ListQuery, Listed};
use rest::Text;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use time::OffsetDateTime;
use utoipa::{ToSchema, openapi::Object};
use uuid::Uuid;

use crate::{jobs::CountWords, owner::Owner};

pub const TITLE: Text = Text::new("title", 120).required("Give the note a title.");
pub const BODY: Text = Text::new("body", 10_000);

#[derive(Debug, Serialize, FromRow, ToSchema)]
#[schema(example = json!({
    "id": "019bb7f3-8c00-7cc1-8f3a-5d2e6b7a9c10", "title": "Milk", "body": "two bottles", "words": 2,
    "created_at": "2026-01-13T08:00:00Z"
}))]
pub struct Note {
    pub id: Uuid,
    pub title: String,
    pub body: String,
    /// How many words the body has; nothing until they have been counted.
    #[schema(required)]
    pub words: Option<i64>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
    /// Grows with every change that somebody makes.
    #[serde(skip)]
    pub version: i64,
}

impl Listed for Note {
    type Owner = Uuid;

    const FROM: &'static str = "notes";
    const COLUMNS: &'static [Column] = &[
        Column::text("title").sortable().filterable(),
        Column::text("body").filterable(),
        Column::integer("words").nullable().sortable().filterable(),
        Column::timestamp("created_at").sortable().filterable(),
    ];
    const DEFAULT_SORT: &'static str = "-created_at";
}

/// A note as a client writes it.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct Draft {
    #[schema(schema_with = title)]
    pub title: String,
    #[serde(default)]
    #[schema(schema_with = body)]
    pub body: String,
}

fn title() -> Object {
    TITLE.schema("Milk")
}

fn body() -> Object {
    BODY.schema("two bottles")
}

/// A note that may be stored. There is no way to make one but [`NewNote::parse`].
#[derive(Debug)]
pub struct NewNote {
    title: String,
    body: String,
}

impl NewNote {
    pub fn parse(draft: &Draft) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let title = TITLE.read(&draft.title, &mut errors);
        let body = BODY.read(&draft.body, &mut errors);
        if errors.is_empty() { Ok(Self { title, body }) } else { Err(errors) }
    }
}

/// The notes of this owner.
pub async fn list(db: &Db, Owner(owner): Owner, query: ListQuery<Note>) -> Result<List<Note>> {
    match owner {
        Some(owner) => query.fetch_of(owner, db).await,
        None => query.fetch_of_all(db).await,
    }
}

/// A note of this owner. Those of others are not there.
pub async fn find(db: &Db, Owner(owner): Owner, id: Uuid) -> Result<Note> {
    let query = sqlx::query_as("SELECT * FROM notes WHERE id = $1 AND user_id = coalesce($2, user_id)");
    query.bind(id).bind(owner).fetch_optional(db).await?.ok_or(Error::NotFound)
}

/// Stores a note, together with the job that counts its words. Where nobody can sign in, it belongs to nobody.
pub async fn create(state: &AppState, Owner(owner): Owner, note: &NewNote) -> Result<Note> {
    let mut transaction = database::begin(&state.db).await?;
    let sql = "INSERT INTO notes (id, user_id, title, body, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING *";
    let note: Note = sqlx::query_as(sql)
        .bind(Uuid::now_v7())
        .bind(owner.unwrap_or_default())
        .bind(&note.title)
        .bind(&note.body)
        // A database may compare times as texts, which works while none has fractions of a second.
        .bind(state.clock.now().truncate_to_second())
        .fetch_one(&mut *transaction)
        .await?;
    jobs::enqueue(&mut transaction, &CountWords { note: note.id }).await?;
    transaction.commit().await?;
    Ok(note)
}

/// Writes a note anew, if it still has the version, where one is given: otherwise there is nothing to return.
pub async fn update(
    db: &Db,
    Owner(owner): Owner,
    id: Uuid,
    version: Option<i64>,
    note: &NewNote,
) -> Result<Option<Note>> {
    let mut transaction = database::begin(db).await?;
    let updated: Option<Note> = sqlx::query_as(
        "UPDATE notes SET title = $1, body = $2, words = NULL, version = version + 1 \
         WHERE id = $3 AND version = coalesce($4, version) AND user_id = coalesce($5, user_id) RETURNING *",
    )
    .bind(&note.title)
    .bind(&note.body)
    .bind(id)
    .bind(version)
    .bind(owner)
    .fetch_optional(&mut *transaction)
    .await?;
    if updated.is_some() {
        jobs::enqueue(&mut transaction, &CountWords { note: id }).await?;
    }
    transaction.commit().await?;
    Ok(updated)
}

/// A note is deleted: whatever belongs to it goes as well.
#[derive(Clone, Copy, Debug)]
pub struct NoteDeleted {
    pub note: Uuid,
}

impl Event for NoteDeleted {}

/// Deletes a note, if it still has the version, where one is given; says whether it did.
pub async fn delete(state: &AppState, Owner(owner): Owner, id: Uuid, version: Option<i64>) -> Result<bool> {
    let mut transaction = database::begin(&state.db).await?;
    let query = sqlx::query(
        "DELETE FROM notes WHERE id = $1 AND version = coalesce($2, version) AND user_id = coalesce($3, user_id)",
    );
    let query = query.bind(id).bind(version).bind(owner);
    let deleted = query.execute(&mut *transaction).await?.rows_affected() > 0;
    if deleted {
        state.emit(&mut transaction, &NoteDeleted { note: id }).await?;
    }
    transaction.commit().await?;
    Ok(deleted)
}

/// The body of a note, if the note still exists.
pub async fn body_of(connection: &mut Connection, id: Uuid) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT body FROM notes WHERE id = $1").bind(id).fetch_optional(connection).await
}

pub async fn set_words(connection: &mut Connection, id: Uuid, words: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE notes SET words = $1 WHERE id = $2").bind(words).bind(id).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_reported() {
        let draft = Draft { title: "\u{200b} ".to_owned(), body: "x".repeat(BODY.limit + 1) };
        let errors = NewNote::parse(&draft).unwrap_err();
        assert_eq!(errors.keys().copied().collect::<Vec<_>>(), ["body", "title"]);
    }
}
