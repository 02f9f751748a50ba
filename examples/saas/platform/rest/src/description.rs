use axum::http::StatusCode;
use kernel::Problem;
use serde_json::json;
use utoipa::{
    PartialSchema,
    openapi::{
        Content, ContentBuilder, Header, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response,
        ResponseBuilder, Server, Type,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
    },
};

use crate::errors::{self, name};

/// What a request id looks like.
const REQUEST_ID: &str = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736";

const PROBLEM: &str = "application/problem+json";

/// Adds what is true of every operation, whatever its handler does: request ids, our own failures, the refusal of other
/// sites, and what the layer of this crate makes of reading. What a handler itself refuses, its operation tells with
/// [`crate::Errors`].
pub fn complete(document: &mut OpenApi) {
    document.servers.get_or_insert_with(|| vec![Server::new("/")]);
    // Nothing is required until a module says otherwise.
    document.security.get_or_insert_default();
    let components = document.components.get_or_insert_default();
    components.schemas.insert("Problem".to_owned(), Problem::schema());
    components.headers.insert("RequestId".to_owned(), header("Names the request in the logs.", REQUEST_ID).into());
    components.headers.insert("ETag".to_owned(), header("Names the state that was read.", "\"1\"").into());
    for PathItem { get, put, post, delete, patch, .. } in document.paths.paths.values_mut() {
        get.iter_mut().for_each(revalidate);
        for (operation, changes) in [(get, false), (put, true), (post, true), (delete, true), (patch, true)] {
            let Some(operation) = operation else { continue };
            let ours = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE];
            for status in ours.into_iter().chain(changes.then_some(StatusCode::FORBIDDEN)) {
                let responses = &mut operation.responses.responses;
                responses.entry(status.as_str().to_owned()).or_insert_with(|| errors::reference(status));
            }
            for (status, response) in &mut operation.responses.responses {
                let status = StatusCode::from_bytes(status.as_bytes()).unwrap_or_default();
                match response {
                    RefOr::T(response) => finish(status, response),
                    RefOr::Ref(_) => {
                        components.responses.entry(name(status)).or_insert_with(|| problem(status).into());
                    }
                }
            }
        }
    }
}

/// Completes an answer that an operation describes itself. An error without a body of its own is a problem.
fn finish(status: StatusCode, response: &mut Response) {
    if (status.is_client_error() || status.is_server_error()) && response.content.is_empty() {
        response.content.insert(PROBLEM.to_owned(), content(status).into());
    }
    response.headers.insert("x-request-id".to_owned(), reference("RequestId"));
    response.headers.entry("ETag".to_owned()).and_modify(|header| *header = reference("ETag"));
}

fn problem(status: StatusCode) -> Response {
    let description = status.canonical_reason().unwrap_or("Error");
    let id = Ref::new("#/components/headers/RequestId");
    ResponseBuilder::new()
        .description(description)
        .header_ref("x-request-id", id)
        .content(PROBLEM, content(status))
        .build()
}

fn content(status: StatusCode) -> Content {
    let mut problem = Problem { request_id: Some(REQUEST_ID.to_owned()), ..status.into() };
    if matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) {
        problem.errors.insert("title".to_owned(), "This field is missing.".to_owned());
    }
    ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).example(Some(json!(problem))).build()
}

/// Describes what the layer of this crate does for reading operations.
fn revalidate(operation: &mut Operation) {
    let about = "The `ETag` of a state that you have: the answer is 304 if it is still the present one.";
    let parameter = ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(text()))
        .build();
    operation.parameters.get_or_insert_default().push(RefOr::<Parameter>::T(parameter));
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") {
        response.headers.insert("ETag".to_owned(), reference("ETag"));
    }
    let unchanged = ResponseBuilder::new().description("You have the present state.");
    let unchanged = unchanged.header_ref("ETag", Ref::new("#/components/headers/ETag")).build();
    operation.responses.responses.insert("304".to_owned(), unchanged.into());
}

fn header(about: &str, example: &str) -> Header {
    HeaderBuilder::new().schema(Some(text())).description(Some(about)).example(Some(json!(example))).build()
}

fn reference(header: &str) -> RefOr<Header> {
    RefOr::Ref(Ref::new(format!("#/components/headers/{header}")))
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}
