use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{StatusCode, request::Parts},
};
use kernel::{Error, Result};

use crate::{ETag, etag::read_tags};

/// The header `If-Match`: the client changes the resource only in the state that it has seen, so that nobody undoes the
/// work of somebody else unknowingly.
///
/// As an argument of a handler it is required, and a request without it is refused with 428. With `Option<IfMatch>` a
/// client may leave it out.
#[derive(Clone, Debug)]
pub struct IfMatch(headers::IfMatch);

impl IfMatch {
    /// Compares with the tags that stand for the present version. Returns the version that the row must still have when it
    /// is written: none with `*`, which means whatever state it is in.
    ///
    /// # Errors
    ///
    /// Is 412 when the client has seen another version.
    pub fn check<V>(&self, version: V, tags: &[ETag]) -> Result<Option<V>> {
        match self {
            Self(any) if any.is_any() => Ok(None),
            Self(these) if tags.iter().any(|ETag(tag)| these.precondition_passes(tag)) => Ok(Some(version)),
            Self(_) => Err(changed(Some(version))),
        }
    }
}

/// The error of a write that has not found the row in the version that it expected: it has been changed since, or, where any
/// version would have done, deleted.
pub fn changed<V>(expected: Option<V>) -> Error {
    let advice = "This has changed since you read it: read it again, and repeat your change.";
    expected.map_or(Error::NotFound, |_| Error::Refused(StatusCode::PRECONDITION_FAILED, advice.to_owned()))
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let advice = "Send the `ETag` that you have read in the header `If-Match`, or `*` for any state.";
        let missing = || Error::Refused(StatusCode::PRECONDITION_REQUIRED, advice.to_owned());
        read_tags(&parts.headers)?.map(Self).ok_or_else(missing)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>> {
        Ok(read_tags(&parts.headers)?.map(Self))
    }
}
