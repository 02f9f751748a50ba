//! One error type for handlers, and its way to an answer.
//!
//! An [`Error`] becomes a [`Problem`] that travels with the response. Where the route is mounted decides how it is
//! written: as `application/problem+json` under `/api`, as a page elsewhere. See [`crate::http`].

use std::collections::BTreeMap;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// What handlers return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Messages for the fields of a form or a body, by the name of the field.
pub type FieldErrors = BTreeMap<&'static str, String>;

/// Why a request fails.
#[derive(Debug)]
pub enum Error {
    /// There is no such thing, or not for this client.
    NotFound,
    /// The request cannot be read; the text tells the client why.
    Malformed(StatusCode, String),
    /// The request can be read, but its values cannot be accepted.
    Invalid(FieldErrors),
    /// Any other reason, in full.
    Problem(Problem),
    /// Our own fault. The cause goes to the log, never to the client.
    Internal(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Internal(error.into())
    }
}

/// The description of an error that a client gets (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    pub status: u16,
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Finds the log lines of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Messages by field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, String>,
}

impl From<StatusCode> for Problem {
    fn from(status: StatusCode) -> Self {
        Self {
            status: status.as_u16(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            detail: advice(status).map(str::to_owned),
            request_id: None,
            errors: BTreeMap::new(),
        }
    }
}

/// What a client can do about an error that says nothing more.
const fn advice(status: StatusCode) -> Option<&'static str> {
    Some(match status {
        StatusCode::NOT_FOUND => "There is nothing at this address.",
        StatusCode::METHOD_NOT_ALLOWED => "Use one of the methods in the header `Allow`.",
        StatusCode::UNPROCESSABLE_ENTITY => "Correct the fields in `errors`.",
        StatusCode::INTERNAL_SERVER_ERROR => "This is our fault. Name the request id when you report it.",
        StatusCode::SERVICE_UNAVAILABLE => "Try again later.",
        _ => return None,
    })
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let problem = match self {
            Self::NotFound => StatusCode::NOT_FOUND.into(),
            Self::Malformed(status, detail) => Problem { detail: Some(detail), ..status.into() },
            Self::Invalid(errors) => {
                let errors = errors.into_iter().map(|(field, message)| (field.to_owned(), message)).collect();
                Problem { errors, ..StatusCode::UNPROCESSABLE_ENTITY.into() }
            }
            Self::Problem(problem) => problem,
            Self::Internal(cause) => {
                tracing::error!("request failed: {cause:#}");
                StatusCode::INTERNAL_SERVER_ERROR.into()
            }
        };
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(problem);
        response
    }
}
