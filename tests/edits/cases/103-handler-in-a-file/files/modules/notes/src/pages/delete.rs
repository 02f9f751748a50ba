use axum::{extract::State, response::Response};
use kernel::{AppState, Error, Result};
use rest::Path;
use ui::components::flash;

use crate::note;

pub(super) async fn delete(State(state): State<AppState>, Path(id): Path<i64>) -> Result<Response> {
    if note::delete(&state.db, id, None).await? {
        Ok(flash::success("The note was thrown away.").redirect("/notes"))
    } else {
        Err(Error::NotFound)
    }
}
