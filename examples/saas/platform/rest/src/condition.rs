use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{StatusCode, header, request::Parts},
};
use kernel::{Error, Result};

use crate::{ETag, etag::Tags};

/// The header `If-Match`: the client changes the resource only in the state that it has seen, so that nobody undoes the
/// work of somebody else unknowingly.
///
/// As an argument of a handler it is required, and a request without it is refused with 428. With `Option<IfMatch>` a
/// client may leave it out.
#[derive(Debug)]
pub struct IfMatch(Tags);

impl IfMatch {
    /// Compares with the present state.
    ///
    /// # Errors
    ///
    /// Is 412 when the client has seen another one.
    pub fn check(&self, present: &ETag) -> Result<()> {
        if self.0.contain(present, ETag::matches_strongly) { Ok(()) } else { Err(changed()) }
    }
}

/// The error for a resource that is in another state than the client believes.
#[must_use]
pub fn changed() -> Error {
    let advice = "This has changed since you read it: read it again, and repeat your change.";
    Error::Malformed(StatusCode::PRECONDITION_FAILED, advice.to_owned())
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let advice = "Send the `ETag` that you have read in the header `If-Match`, or `*` for any state.";
        let missing = || Error::Malformed(StatusCode::PRECONDITION_REQUIRED, advice.to_owned());
        Tags::read(&parts.headers, header::IF_MATCH).map(Self).ok_or_else(missing)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>> {
        Ok(Tags::read(&parts.headers, header::IF_MATCH).map(Self))
    }
}
