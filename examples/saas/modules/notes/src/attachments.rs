//! Files at a note.

use axum::{body::Body, extract::State, http::HeaderMap, response::Response, routing::post};
use kernel::{
    AppState, BoxFuture, Error, Result, Routes,
    database::{self, Connection},
};
use rest::Path;
use ui::components::{Next, flash};
use uploads::{COMMON, File, Purpose, Storage};
use uuid::Uuid;

use crate::{NoteDeleted, note, owner::Owner};

/// Files that are attached to a note. What kinds they may be is said here, once for the form and for what is accepted.
pub const FILES: Purpose = Purpose::new("notes.files", COMMON).attached();

pub fn routes() -> Routes {
    Routes::new().route("/notes/{id}/files", post(attach))
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

/// The files of a note. An application without the module for files has none.
pub async fn of(state: &AppState, note: Uuid) -> Result<Vec<File>> {
    if state.find_service::<Storage>().is_some() { uploads::attached(&state.db, note).await } else { Ok(Vec::new()) }
}

/// The files of a note go with it.
pub fn delete_all<'a>(
    state: &'a AppState,
    connection: &'a mut Connection,
    event: &'a NoteDeleted,
) -> BoxFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        match state.find_service::<Storage>() {
            Some(_) => uploads::delete_attached(connection, event.note).await,
            None => Ok(()),
        }
    })
}
