use kernel::{
    Db, Error, Result,
    database::{self, Connection},
    error::FieldErrors,
    jobs,
};
use listing::{Column, Listed};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::jobs::CountWords;

const TITLE_LIMIT: usize = 120;
const BODY_LIMIT: usize = 10_000;

#[derive(Debug, Serialize, FromRow, ToSchema)]
#[schema(example = json!({
    "id": 1, "title": "Milk", "body": "two bottles", "words": 2, "created_at": "2026-01-31T08:00:00Z"
}))]
pub struct Note {
    pub id: i64,
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
    #[schema(min_length = 1, max_length = 120, example = "Milk")]
    pub title: String,
    #[serde(default)]
    #[schema(max_length = 10_000, example = "two bottles")]
    pub body: String,
}

/// A note that may be stored. There is no way to make one but [`NewNote::parse`].
#[derive(Debug)]
pub struct NewNote {
    title: String,
    body: String,
}

impl NewNote {
    pub fn parse(draft: &Draft) -> Result<Self, FieldErrors> {
        let (title, body) = (draft.title.trim(), draft.body.trim());
        let mut errors = FieldErrors::new();
        if title.is_empty() {
            errors.insert("title", "Give the note a title.".to_owned());
        } else if draft.title.chars().count() > TITLE_LIMIT {
            errors.insert("title", format!("Use at most {TITLE_LIMIT} characters."));
        }
        if draft.body.chars().count() > BODY_LIMIT {
            errors.insert("body", format!("Use at most {BODY_LIMIT} characters."));
        }
        for (field, text) in [("title", title), ("body", body)] {
            // Not every database has this character in its texts.
            if text.contains('\0') {
                errors.insert(field, "Leave out the character NUL.".to_owned());
            }
        }
        if errors.is_empty() { Ok(Self { title: title.to_owned(), body: body.to_owned() }) } else { Err(errors) }
    }
}

pub async fn find(db: &Db, id: i64) -> Result<Note> {
    let note = sqlx::query_as("SELECT * FROM notes WHERE id = $1").bind(id).fetch_optional(db).await?;
    note.ok_or(Error::NotFound)
}

/// Stores a note, together with the job that counts its words.
pub async fn create(db: &Db, note: &NewNote) -> Result<Note> {
    let mut transaction = database::begin(db).await?;
    let note: Note = sqlx::query_as("INSERT INTO notes (title, body, created_at) VALUES ($1, $2, $3) RETURNING *")
        .bind(&note.title)
        .bind(&note.body)
        // A database may compare times as texts, which works while none has fractions of a second.
        .bind(OffsetDateTime::now_utc().truncate_to_second())
        .fetch_one(&mut *transaction)
        .await?;
    jobs::enqueue(&mut transaction, &CountWords { note: note.id }).await?;
    transaction.commit().await?;
    Ok(note)
}

/// Writes a note anew, unless its version is another one by now: then there is nothing to return.
pub async fn update(db: &Db, id: i64, version: i64, note: &NewNote) -> Result<Option<Note>> {
    let mut transaction = database::begin(db).await?;
    let updated: Option<Note> = sqlx::query_as(
        "UPDATE notes SET title = $1, body = $2, words = NULL, version = version + 1 \
         WHERE id = $3 AND version = $4 RETURNING *",
    )
    .bind(&note.title)
    .bind(&note.body)
    .bind(id)
    .bind(version)
    .fetch_optional(&mut *transaction)
    .await?;
    if updated.is_some() {
        jobs::enqueue(&mut transaction, &CountWords { note: id }).await?;
    }
    transaction.commit().await?;
    Ok(updated)
}

/// Deletes a note, if it still has the version, where one is given; says whether it did.
pub async fn delete(db: &Db, id: i64, version: Option<i64>) -> Result<bool> {
    let query = sqlx::query("DELETE FROM notes WHERE id = $1 AND version = coalesce($2, version)");
    Ok(query.bind(id).bind(version).execute(db).await?.rows_affected() > 0)
}

/// The body of a note, if the note still exists.
pub async fn body(connection: &mut Connection, id: i64) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT body FROM notes WHERE id = $1").bind(id).fetch_optional(connection).await
}

pub async fn set_words(connection: &mut Connection, id: i64, words: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE notes SET words = $1 WHERE id = $2").bind(words).bind(id).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(title: &str, body: &str) -> Result<NewNote, FieldErrors> {
        NewNote::parse(&Draft { title: title.to_owned(), body: body.to_owned() })
    }

    #[test]
    fn blanks_around_the_text_go_away() {
        let note = parse(" Milk \n", " two bottles ").unwrap();
        assert_eq!((note.title.as_str(), note.body.as_str()), ("Milk", "two bottles"));
    }

    #[test]
    fn every_mistake_is_reported() {
        let errors = parse("  ", &"x".repeat(BODY_LIMIT + 1)).unwrap_err();
        assert_eq!(errors.keys().copied().collect::<Vec<_>>(), ["body", "title"]);
    }

    #[test]
    fn limits_count_characters_and_not_bytes() {
        assert!(parse(&"ü".repeat(TITLE_LIMIT), "").is_ok());
        assert!(parse(&"ü".repeat(TITLE_LIMIT + 1), "").is_err());
        assert!(parse(&format!("x{}", " ".repeat(TITLE_LIMIT)), "").is_err(), "as the API document says");
    }
}
