use axum::{extract::FromRequestParts, http::request::Parts};
use kernel::{AppState, Error, Result, SignIn, Visitor};
use uuid::Uuid;

/// Whose notes a request is about: those of its visitor. Where nobody can sign in, it is about all of them, also those that
/// people have written who could once.
#[derive(Clone, Copy, Debug)]
pub struct Owner(pub Option<Uuid>);

impl FromRequestParts<AppState> for Owner {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let visitor: Option<&Visitor> = parts.extensions.get();
        if visitor.is_none() && !state.all::<SignIn>().is_empty() {
            return Err(Error::SignIn);
        }
        Ok(Self(visitor.map(|visitor| visitor.id)))
    }
}
