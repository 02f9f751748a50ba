use axum::{extract::FromRequestParts, http::request::Parts};
use kernel::{AppState, Error, Result, SignIn, Visitor};
use uuid::Uuid;

/// Whose files a request is about: those of its visitor. Where nobody can sign in, it is about all of them.
#[derive(Clone, Copy, Debug)]
pub struct Owner(pub Option<Uuid>);

impl Owner {
    /// The id that the files of this owner have: none at all where nobody can sign in.
    #[must_use]
    pub fn id(self) -> Uuid {
        self.0.unwrap_or_default()
    }

    pub(crate) fn of(state: &AppState, visitor: Option<&Visitor>) -> Result<Self> {
        if visitor.is_none() && !state.all::<SignIn>().is_empty() {
            return Err(Error::SignIn);
        }
        Ok(Self(visitor.map(|visitor| visitor.id)))
    }
}

impl FromRequestParts<AppState> for Owner {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        Self::of(state, parts.extensions.get())
    }
}
