//! One error type for handlers, and its way to an answer.
//!
//! An [`Error`] becomes a [`Problem`] that travels with the response. Where the route is mounted decides how it is
//! written: as `application/problem+json` under `/api`, as a page elsewhere. See [`crate::http`].

use std::{collections::BTreeMap, panic::Location, sync::Arc, time::Duration};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::database::backend;

/// What handlers return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Messages for the fields of a form or a body, by the name of the field.
pub type FieldErrors = BTreeMap<&'static str, String>;

/// Why a request fails.
#[derive(Debug)]
pub enum Error {
    /// Only who has signed in may do this.
    SignIn,
    /// This visitor may not do this.
    Forbidden,
    /// There is no such thing, or not for this client.
    NotFound,
    /// The request cannot be met; the text tells the client why.
    Refused(StatusCode, String),
    /// This is more than is allowed, until so much time has passed.
    TooMany(Duration),
    /// There is too much to do for this now; after so much time there may be less.
    Busy(Duration),
    /// The request can be read, but its values cannot be accepted.
    Invalid(FieldErrors),
    /// Any other reason, in full.
    Problem(Problem),
    /// Our own fault. The cause goes to the log, never to the client. Where the database says that it will pass, this is 503.
    Internal(Failure),
}

/// A fault of our own, and where it came up.
#[derive(Clone, Debug)]
pub struct Failure {
    pub cause: Arc<anyhow::Error>,
    pub at: &'static Location<'static>,
}

impl Failure {
    /// Whether the database has given up what may succeed when it is tried again, such as one of two that waited for each other.
    fn will_pass(&self) -> bool {
        let mut errors =
            self.cause.chain().filter_map(|error| error.downcast_ref::<sqlx::Error>()?.as_database_error());
        errors.any(backend::will_pass)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Error {
    #[track_caller]
    fn from(error: E) -> Self {
        Self::Internal(Failure { cause: Arc::new(error.into()), at: Location::caller() })
    }
}

/// For what only the database can know, such as whether a name is taken.
pub trait ResultExt<T> {
    /// Blames a field when the database refuses a row because of this constraint. Its name is the one that the migration
    /// gives it or, for columns that are unique, `<table>_<columns>_key`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for this constraint, [`Error::Internal`] for everything else.
    fn on_constraint(self, name: &str, field: &'static str, message: &str) -> Result<T>;
}

impl<T> ResultExt<T> for Result<T, sqlx::Error> {
    #[track_caller]
    fn on_constraint(self, name: &str, field: &'static str, message: &str) -> Result<T> {
        match self {
            Err(sqlx::Error::Database(error)) if backend::constraint(&*error).is_some_and(|broken| broken == name) => {
                Err(Error::Invalid([(field, message.to_owned())].into()))
            }
            Err(error) => Err(error.into()),
            Ok(value) => Ok(value),
        }
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
        StatusCode::UNAUTHORIZED => "Sign in first.",
        StatusCode::FORBIDDEN => "You may not do this.",
        StatusCode::NOT_FOUND => "There is nothing at this address.",
        StatusCode::METHOD_NOT_ALLOWED => "Use one of the methods in the header `Allow`.",
        StatusCode::UNPROCESSABLE_ENTITY => "Correct the fields in `errors`.",
        StatusCode::INTERNAL_SERVER_ERROR => "This is our fault. Name the request id when you report it.",
        StatusCode::SERVICE_UNAVAILABLE => "Try again later.",
        _ => return None,
    })
}

/// In whole seconds, so that nobody comes back too early.
fn rounded_up(wait: Duration) -> u64 {
    Duration::from_secs_f64(wait.as_secs_f64().ceil()).as_secs()
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (mut failure, mut retry_after) = (None, None);
        let problem = match self {
            Self::SignIn => StatusCode::UNAUTHORIZED.into(),
            Self::Forbidden => StatusCode::FORBIDDEN.into(),
            Self::NotFound => StatusCode::NOT_FOUND.into(),
            Self::Refused(status, detail) => Problem { detail: Some(detail), ..status.into() },
            Self::TooMany(wait) => {
                let seconds = rounded_up(wait);
                retry_after = Some(seconds);
                let detail = format!("This is more than is allowed. Try again in {seconds} s.");
                Problem { detail: Some(detail), ..StatusCode::TOO_MANY_REQUESTS.into() }
            }
            Self::Busy(wait) => {
                retry_after = Some(rounded_up(wait));
                StatusCode::SERVICE_UNAVAILABLE.into()
            }
            Self::Invalid(errors) => {
                let errors = errors.into_iter().map(|(field, message)| (field.to_owned(), message)).collect();
                Problem { errors, ..StatusCode::UNPROCESSABLE_ENTITY.into() }
            }
            Self::Problem(problem) => problem,
            Self::Internal(cause) => {
                let will_pass = cause.will_pass();
                failure = Some(cause);
                if will_pass {
                    retry_after = Some(1);
                    StatusCode::SERVICE_UNAVAILABLE.into()
                } else {
                    StatusCode::INTERNAL_SERVER_ERROR.into()
                }
            }
        };
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(problem);
        retry_after.map(|seconds: u64| response.headers_mut().insert(header::RETRY_AFTER, seconds.into()));
        // Told where the route is known: see `http`.
        failure.map(|failure| response.extensions_mut().insert(failure));
        response
    }
}
