use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{StatusCode, Uri, header, request::Parts, uri::PathAndQuery},
    response::{IntoResponse, Redirect, Response},
};
use kernel::{AppState, Error, Problem, Visitor};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{ByToken, CONFIRMATION, Found};
use crate::{next, users::Role};

/// The session of the request: an extractor, for handlers that manage the account itself.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: Uuid,
    pub user: Uuid,
    pub role: Role,
    pub is_remembered: bool,
    pub created_at: OffsetDateTime,
    pub confirmed_at: OffsetDateTime,
}

impl From<Found> for Session {
    fn from(found: Found) -> Self {
        let Found { id, user_id, role, remembered, created_at, confirmed_at, .. } = found;
        Self { id, user: user_id, role, is_remembered: remembered != 0, created_at, confirmed_at }
    }
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let extensions = &parts.extensions;
        extensions.get().cloned().ok_or_else(|| {
            if extensions.get::<ByToken>().is_some() {
                return Error::Refused(StatusCode::FORBIDDEN, "A token cannot do this: sign in.".to_owned());
            }
            // Somebody whom another module has let in has no account here.
            if extensions.get::<Visitor>().is_some() { Error::NotFound } else { Error::SignIn }
        })
    }
}

/// The session of somebody who has given the password a short while ago.
#[derive(Clone, Debug)]
pub struct Confirmed(pub Session);

impl FromRequestParts<AppState> for Confirmed {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        if state.clock.now() < session.confirmed_at + CONFIRMATION {
            return Ok(Self(session));
        }
        let uri = parts.extensions.get().map_or_else(|| parts.uri.clone(), |OriginalUri(uri)| uri.clone());
        if uri.path().starts_with("/api/") {
            let detail = "Confirm who you are: send the password to /api/v1/auth/confirm.".to_owned();
            let problem = Problem {
                title: "Confirmation Required".to_owned(),
                detail: Some(detail),
                ..StatusCode::FORBIDDEN.into()
            };
            return Err(Error::Problem(problem).into_response());
        }
        // A form may lead to an address that shows nothing: one goes back to where the form is.
        let page = if parts.method.is_safe() { Some(uri) } else { referer(parts) };
        let page = page.as_ref().and_then(Uri::path_and_query).map_or("/account", PathAndQuery::as_str);
        Err(Redirect::to(&next::link("/confirm-access", page)).into_response())
    }
}

fn referer(parts: &Parts) -> Option<Uri> {
    parts.headers.get(header::REFERER)?.to_str().ok()?.parse().ok()
}
