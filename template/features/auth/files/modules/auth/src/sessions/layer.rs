use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use kernel::{AppState, Area};

use super::Session;
use crate::{cookies, users};

/// The request was let in by a token of the API, which may do less than its user.
#[derive(Clone, Copy, Debug)]
pub struct ByToken;

/// Finds out who asks. Without the cookie, the database is not asked.
pub fn layer(router: Router<AppState>, _: Area, state: &AppState) -> Router<AppState> {
    router.layer(from_fn_with_state(state.clone(), identify))
}

async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    if let Some(token) = cookies::read(&state, request.headers(), cookies::SESSION) {
        match super::find(&state, &token).await {
            Ok(Some(found)) => {
                request.extensions_mut().insert(users::visitor(found.user_id, &found.name, found.role));
                request.extensions_mut().insert(Session::from(found));
            }
            Ok(None) => {}
            Err(error) => return error.into_response(),
        }
    }
    next.run(request).await
}
