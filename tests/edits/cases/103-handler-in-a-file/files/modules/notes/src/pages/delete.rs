use axum::{extract::State, response::Response};
use kernel::{AppState, Error, Result};
use rest::Path;
use ui::components::{Next, flash};
use uuid::Uuid;

use crate::{note, owner::Owner};

pub(super) async fn delete(
    State(state): State<AppState>,
    next: Next,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> Result<Response> {
    if note::delete(&state, owner, id, None).await? {
        Ok(flash::success("The note was thrown away.").redirect(next.or("/notes")))
    } else {
        Err(Error::NotFound)
    }
}
