//! Who has to have a second factor, and has none, reaches nothing but the pages where it is set up. Their API tokens reach nothing.

use askama::Template;
use auth::{ByToken, Session};
use axum::{
    Router,
    extract::{OriginalUri, Request, State},
    http::{Method, StatusCode, request::Parts},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
};
use kernel::{AppState, Area, Error, Result};

use crate::{
    factor::{self, Status},
    settings::TwoFactorSettings,
};

/// Where it is set up.
pub const PAGE: &str = "/account/two-factor";

/// What somebody needs on the way there, and the way out.
const OPEN: [&str; 8] = [
    PAGE,
    "/api/v1/account/two-factor",
    "/api/v1/auth",
    "/assets",
    "/confirm-access",
    "/login",
    "/logout",
    "/password",
];

pub fn layer(router: Router<AppState>, _: Area, state: &AppState) -> Router<AppState> {
    router.layer(from_fn_with_state(state.clone(), check))
}

async fn check(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let uri = request.extensions().get().map_or_else(|| request.uri(), |OriginalUri(uri)| uri);
    let path = uri.path().to_owned();
    match examine(&state, &path, &mut request).await {
        Ok(true) => next.run(request).await,
        Ok(false) if request.method() == Method::GET && !path.starts_with("/api/") => {
            Redirect::to(PAGE).into_response()
        }
        Ok(false) => {
            let text = format!("This account needs a second factor. Set it up at {PAGE}.");
            Error::Refused(StatusCode::FORBIDDEN, text).into_response()
        }
        Err(error) => error.into_response(),
    }
}

/// Whether the request may go on. The database is asked for those alone whom this concerns, and for pages of the account.
async fn examine(state: &AppState, path: &str, request: &mut Request) -> Result<bool> {
    let extensions = request.extensions();
    let by_session = extensions.get().map(|session: &Session| (session.user, session.role));
    let by_token = || extensions.get().map(|token: &ByToken| (token.user, token.role));
    let Some((user, role)) = by_session.or_else(by_token) else { return Ok(true) };
    let is_required = state.config.settings::<TwoFactorSettings>().required.of(role);
    let is_open = OPEN.iter().any(|open| is_below(path, open));
    if !is_below(path, "/account") && (is_open || !is_required) {
        return Ok(true);
    }
    let status = factor::status(state, user, role).await?;
    let may_pass = is_open || status.is_on() || !is_required;
    request.extensions_mut().insert(status);
    Ok(may_pass)
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[derive(Template)]
#[template(path = "few-codes.html")]
struct FewCodes<'a> {
    status: &'a Status,
}

/// What stands above the pages of the account while its owner may be locked out soon.
pub fn banner(_: &AppState, request: &Parts) -> Option<String> {
    let status: &Status = request.extensions.get()?;
    if status.has_few_codes() { FewCodes { status }.render().ok() } else { None }
}
