//! Who may use a route, and what one request may cost.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::request::Parts,
};
use uuid::Uuid;

use crate::Error;

/// Who asks. A layer of [`crate::Stage::Visitor`] puts it among the extensions of the request; a handler takes it as an
/// argument, or `Option<Visitor>` where a stranger is welcome too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    pub id: Uuid,
    pub name: Arc<str>,
    pub roles: Arc<[String]>,
}

impl Visitor {
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get().cloned().ok_or(Error::SignIn)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Error> {
        Ok(parts.extensions.get().cloned())
    }
}

/// A part for [`crate::Module::add`]: the path of the page where people sign in. An application without one has no accounts.
#[derive(Clone, Copy, Debug)]
pub struct SignIn(pub &'static str);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Whoever has signed in.
    SignedIn,
    /// Whoever has signed in; everybody in an application where nobody can.
    Personal,
    /// Whoever has signed in and has this role.
    Role(&'static str),
}

impl Access {
    /// What it means in this application.
    pub(crate) const fn with(self, sign_in: Option<&SignIn>) -> Self {
        match (self, sign_in) {
            (Self::Personal, Some(_)) => Self::SignedIn,
            (Self::Personal, None) => Self::Public,
            _ => self,
        }
    }

    /// Lets a visitor pass, or a stranger.
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`] and [`Error::Forbidden`].
    pub fn check(self, visitor: Option<&Visitor>) -> Result<(), Error> {
        match (self, visitor) {
            (Self::Public, _) | (Self::SignedIn | Self::Personal, Some(_)) => Ok(()),
            (Self::Role(role), Some(visitor)) if visitor.has_role(role) => Ok(()),
            (Self::Role(_), Some(_)) => Err(Error::Forbidden),
            (_, None) => Err(Error::SignIn),
        }
    }
}

/// How long a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// `REQUEST_TIMEOUT_SECONDS`
    Usual,
    /// Until the answer begins.
    Limit(Duration),
    /// As long as something arrives or leaves: for large files.
    WhileItMoves,
}

/// What a route asks of a request. There is no route without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub access: Access,
    /// How many bytes a body may have.
    pub body: usize,
    pub time: Time,
}

impl Policy {
    pub const PUBLIC: Self = Self::of(Access::Public);

    pub const SIGNED_IN: Self = Self::of(Access::SignedIn);

    /// For what belongs to its visitor, where the application has accounts, and to all of them where it has none.
    pub const PERSONAL: Self = Self::of(Access::Personal);

    #[must_use]
    pub const fn role(role: &'static str) -> Self {
        Self::of(Access::Role(role))
    }

    const fn of(access: Access) -> Self {
        Self { access, body: 1024 * 1024, time: Time::Usual }
    }

    #[must_use]
    pub const fn body(self, bytes: usize) -> Self {
        Self { body: bytes, ..self }
    }

    #[must_use]
    pub const fn time(self, time: Time) -> Self {
        Self { time, ..self }
    }
}
