//! Files at a note.

use axum::{body::Body, extract::State, http::HeaderMap, response::Response, routing::post};
use kernel::{AppState, BoxFuture, Error, Result, Routes, database, database::Connection};
use rest::Path;
use ui::components::{Next, flash};
use uploads::{COMMON, Purpose};
use uuid::Uuid;

use crate::{NoteDeleted, note, owner::Owner};

/// Files that are attached to a note. What kinds they may be is said here, once for the form and for what is accepted.
pub const FILES: Purpose = Purpose::new("notes.files", COMMON).attached();

pub fn large() -> Routes {
    Routes::new().route("/notes/{id}/files", post(attach))
}

pub fn routes() -> Routes {
    Routes::new().route("/notes/{id}/files/{file}/delete", post(remove))
}

async fn attach(
    State(state): State<AppState>,
    next: Next,
    owner: Owner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    note::find(&state.db, owner, id).await?;
    let back = format!("/notes/{id}{next}");
    let owner = uploads::Owner(owner.0);
    let file = match uploads::receive_form(&state, owner, FILES, &headers, body).await {
        Ok(file) => file,
        Err(Error::Refused(_, message)) => return Ok(flash::error(message).redirect(&back)),
        Err(Error::Invalid(mut errors)) => {
            return Ok(flash::error(errors.remove("file").unwrap_or_default()).redirect(&back));
        }
        Err(error) => return Err(error),
    };
    let mut transaction = database::begin(&state.db).await?;
    uploads::attach(&mut transaction, owner, file.id, &FILES, id).await?;
    transaction.commit().await?;
    Ok(flash::success(format!("“{}” was attached.", file.name)).redirect(&back))
}

async fn remove(
    State(state): State<AppState>,
    next: Next,
    owner: Owner,
    Path((id, file)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    note::find(&state.db, owner, id).await?;
    let files = uploads::attached(&state.db, id).await?;
    let file = files.into_iter().find(|attached| attached.id == file).ok_or(Error::NotFound)?;
    uploads::delete(&state, uploads::Owner(owner.0), file.id).await?;
    Ok(flash::success(format!("“{}” was removed.", file.name)).redirect(&format!("/notes/{id}{next}")))
}

/// The files of a note go with it.
pub fn delete_all<'a>(
    _: &'a AppState,
    connection: &'a mut Connection,
    event: &'a NoteDeleted,
) -> BoxFuture<'a, anyhow::Result<()>> {
    Box::pin(uploads::delete_attached(connection, event.note))
}
