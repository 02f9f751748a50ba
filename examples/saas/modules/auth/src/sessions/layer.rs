use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use kernel::{AppState, Area, Result};
use uuid::Uuid;

use super::Session;
use crate::{
    cookies, tokens,
    users::{self, Role},
};

/// The request was let in by a token of the API, which may do less than its user.
#[derive(Clone, Copy, Debug)]
pub struct ByToken {
    pub user: Uuid,
    /// What the user may do, and the token may not.
    pub role: Role,
}

/// Finds out who asks. Without a cookie or a token, the database is not asked.
pub fn layer(router: Router<AppState>, area: Area, state: &AppState) -> Router<AppState> {
    match area {
        Area::Api => router.layer(from_fn_with_state(state.clone(), identify_program)),
        Area::Pages => router.layer(from_fn_with_state(state.clone(), identify)),
    }
}

async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    match by_cookie(&state, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// A token counts for more than a cookie: whoever sends one does not mean whoever uses the browser.
async fn identify_program(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let found = match token(&request) {
        Some(token) => by_token(&state, &token, &mut request).await,
        None => by_cookie(&state, &mut request).await,
    };
    let mut response = match found {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().entry(header::WWW_AUTHENTICATE).or_insert(HeaderValue::from_static("Bearer"));
    }
    response
}

fn token(request: &Request) -> Option<String> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

async fn by_token(state: &AppState, token: &str, request: &mut Request) -> Result<()> {
    let (visitor, role) = tokens::admit(state, token, !request.method().is_safe()).await?;
    request.extensions_mut().insert(ByToken { user: visitor.id, role });
    request.extensions_mut().insert(visitor);
    Ok(())
}

async fn by_cookie(state: &AppState, request: &mut Request) -> Result<()> {
    let Some(token) = cookies::read(state, request.headers(), cookies::SESSION) else { return Ok(()) };
    if let Some(found) = super::find(state, &token).await? {
        request.extensions_mut().insert(users::visitor(found.user_id, &found.name, found.role));
        request.extensions_mut().insert(Session::from(found));
    }
    Ok(())
}
