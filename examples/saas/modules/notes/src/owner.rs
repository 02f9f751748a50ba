use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};
use kernel::Visitor;
use uuid::Uuid;

/// Whose notes a request is about: those of its visitor. Where nobody can sign in, they belong to nobody, and everybody sees
/// them.
#[derive(Clone, Copy, Debug)]
pub struct Owner(pub Uuid);

impl<S: Sync> FromRequestParts<S> for Owner {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get().map_or_else(Uuid::nil, |visitor: &Visitor| visitor.id)))
    }
}
