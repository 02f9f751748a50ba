//! Extractors like those of axum, except that a refusal is a [`Problem`] that names the field.

use std::{error::Error as StdError, iter};

use axum::{
    extract::{self, FromRequest, FromRequestParts, RawPathParams, Request},
    http::{StatusCode, request::Parts},
};
use kernel::{Error, Problem};
use serde::de::{DeserializeOwned, value::Error as QueryError};
use serde_path_to_error::Error as FieldError;

use crate::strict::Strictly;

/// A JSON body: an object with fields that all are known.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// The parameters of the path.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

/// The query of an operation of the API, with parameters that all are known. A page takes `axum::extract::Query`, because
/// links to it may carry parameters that are meant for others.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let body = axum::Json::from_request(request, state).await;
        body.map(|axum::Json(Strictly(body))| Self(body)).map_err(|refusal| unreadable(refusal.status(), &refusal))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let query = extract::Query::from_request_parts(parts, state).await;
        query
            .map(|extract::Query(Strictly(query))| Self(query))
            .map_err(|refusal| unreadable(refusal.status(), &refusal))
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let refusal = match extract::Path::from_request_parts(parts, state).await {
            Ok(extract::Path(path)) => return Ok(Self(path)),
            // The handler asks for what its route does not have.
            Err(refusal) if refusal.status().is_server_error() => return Err(refusal.into()),
            Err(refusal) => refusal,
        };
        let mut problem = Problem { detail: Some(refusal.to_string()), ..refusal.status().into() };
        if let Ok(parameters) = RawPathParams::from_request_parts(parts, state).await {
            // The refusal quotes the value that it is about.
            let named = parameters.iter().filter(|(_, value)| refusal.to_string().contains(&format!("`{value}`")));
            let errors = named.map(|(name, _)| (name.to_owned(), "This value cannot be used.".to_owned()));
            problem.errors.extend(errors);
        }
        Err(Error::Problem(problem))
    }
}

fn unreadable(status: StatusCode, refusal: &(dyn StdError + 'static)) -> Error {
    let mut causes = iter::successors(Some(refusal), |&error| error.source());
    let field = causes.find_map(|cause| field::<serde_json::Error>(cause).or_else(|| field::<QueryError>(cause)));
    // Nothing that a field could be corrected in: the body is of another kind, such as an array.
    let is_odd = field.is_none() && status == StatusCode::UNPROCESSABLE_ENTITY;
    let status = if is_odd { StatusCode::BAD_REQUEST } else { status };
    Error::Problem(Problem { detail: Some(refusal.to_string()), errors: field.into_iter().collect(), ..status.into() })
}

/// The field that an error is about, and what is wrong with it.
fn field<E: StdError + 'static>(cause: &(dyn StdError + 'static)) -> Option<(String, String)> {
    let error = cause.downcast_ref::<FieldError<E>>()?;
    let (path, message) = (error.path().to_string(), error.inner().to_string());
    // What is missing has no path of its own.
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'));
    match missing {
        Some((name, _)) if path == "." => Some((name.to_owned(), "This field is missing.".to_owned())),
        _ => (path != ".").then_some((path, message)),
    }
}
