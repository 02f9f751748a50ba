//! What the application does, told to [`crate::Observer`]s.

use std::{net::IpAddr, panic::Location, time::Duration};

use axum::http::{Method, StatusCode};

use crate::Visitor;

/// Something that has happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Observation<'a> {
    /// A request was answered.
    Answered(Answered<'a>),
    /// A request or a job met a fault of ours.
    Failed(Failed<'a>),
    /// A job ended, or one attempt of it.
    Worked { kind: &'a str, outcome: &'a str, elapsed: Duration },
    /// Another service was called.
    Called { service: &'a str, outcome: &'a str, elapsed: Duration },
}

/// A request that was answered.
#[derive(Debug)]
pub struct Answered<'a> {
    pub method: &'a Method,
    /// As the client has written it, without its query.
    pub path: &'a str,
    /// The pattern of the route, such as `/notes/{id}`; nothing where none fits.
    pub route: Option<&'a str>,
    pub status: StatusCode,
    pub elapsed: Duration,
    pub client: Option<IpAddr>,
    pub visitor: Option<&'a Visitor>,
}

/// A fault, and where it was met.
#[derive(Debug)]
pub struct Failed<'a> {
    pub cause: &'a anyhow::Error,
    pub at: &'static Location<'static>,
    /// The route of a request, or the kind of a job.
    pub during: &'a str,
    pub request_id: Option<&'a str>,
}
