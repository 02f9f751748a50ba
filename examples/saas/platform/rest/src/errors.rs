use std::{collections::BTreeMap, marker::PhantomData};

use axum::http::StatusCode;
use utoipa::{
    IntoResponses,
    openapi::{Ref, RefOr, Response},
};

use crate::{IfMatch, Json, Path, Query};

/// The errors of an operation in the API document, told by what its handler takes.
///
/// It stands among the `responses`, as in `Errors<(Path<Uuid>, Json<Draft>)>`. What can happen to every operation, such as
/// 500, is there without it.
#[derive(Debug)]
pub struct Errors<T>(PhantomData<T>);

/// What an argument of a handler refuses.
pub trait Refuses {
    fn statuses() -> Vec<StatusCode>;
}

impl<T: Refuses> IntoResponses for Errors<T> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        T::statuses().into_iter().map(|status| (status.as_str().to_owned(), reference(status))).collect()
    }
}

/// Leads to the error among the components of the document.
pub fn reference(status: StatusCode) -> RefOr<Response> {
    Ref::from_response_name(name(status)).into()
}

/// The name of an error among the components of the document.
pub fn name(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("Error").replace(' ', "")
}

impl<T> Refuses for Path<T> {
    fn statuses() -> Vec<StatusCode> {
        vec![StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND]
    }
}

impl<T> Refuses for Query<T> {
    fn statuses() -> Vec<StatusCode> {
        vec![StatusCode::BAD_REQUEST]
    }
}

impl<T> Refuses for Json<T> {
    fn statuses() -> Vec<StatusCode> {
        vec![
            StatusCode::BAD_REQUEST,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ]
    }
}

impl Refuses for Option<IfMatch> {
    fn statuses() -> Vec<StatusCode> {
        vec![StatusCode::BAD_REQUEST, StatusCode::PRECONDITION_FAILED]
    }
}

impl Refuses for IfMatch {
    fn statuses() -> Vec<StatusCode> {
        [Option::<Self>::statuses(), vec![StatusCode::PRECONDITION_REQUIRED]].concat()
    }
}

impl<A: Refuses, B: Refuses> Refuses for (A, B) {
    fn statuses() -> Vec<StatusCode> {
        [A::statuses(), B::statuses()].concat()
    }
}

impl<A: Refuses, B: Refuses, C: Refuses> Refuses for (A, B, C) {
    fn statuses() -> Vec<StatusCode> {
        [A::statuses(), B::statuses(), C::statuses()].concat()
    }
}
