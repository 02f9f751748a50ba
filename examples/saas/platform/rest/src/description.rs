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

/// What a request id looks like.
const REQUEST_ID: &str = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736";

const PROBLEM: &str = "application/problem+json";

/// Adds to every operation what the kernel and this crate do for it: errors, headers and conditions.
pub fn complete(document: &mut OpenApi) {
    document.servers.get_or_insert_with(|| vec![Server::new("/")]);
    // Nothing is required until a module says otherwise.
    document.security.get_or_insert_default();
    let components = document.components.get_or_insert_default();
    components.schemas.insert("Problem".to_owned(), Problem::schema());
    components.headers.insert("RequestId".to_owned(), header("Names the request in the logs.", REQUEST_ID).into());
    components.headers.insert("ETag".to_owned(), header("Names the state that was read.", "\"1\"").into());
    for (path, item) in &mut document.paths.paths {
        let has_path_parameter = path.contains('{');
        let PathItem { get, put, post, delete, patch, .. } = item;
        if let Some(operation) = get {
            revalidate(operation);
        }
        for (operation, changes) in [(get, false), (put, true), (post, true), (delete, true), (patch, true)] {
            let Some(operation) = operation else { continue };
            let mut errors = errors(operation, has_path_parameter);
            // Another site may not make a browser send this.
            errors.extend(changes.then_some(StatusCode::FORBIDDEN));
            for status in errors {
                let (name, response) = problem(status);
                let reference = Ref::from_response_name(&name);
                components.responses.insert(name, response.into());
                operation.responses.responses.entry(status.as_str().to_owned()).or_insert_with(|| reference.into());
            }
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response {
                    if let Some(status) = error(status)
                        && response.content.is_empty()
                    {
                        response.content.insert(PROBLEM.to_owned(), content(status).into());
                    }
                    response.headers.insert("x-request-id".to_owned(), reference("RequestId"));
                    response.headers.entry("ETag".to_owned()).and_modify(|header| *header = reference("ETag"));
                }
            }
        }
    }
}

/// The errors that an operation may answer with.
fn errors(operation: &Operation, has_path_parameter: bool) -> Vec<StatusCode> {
    let mut errors = vec![StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE];
    let parameters = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    });
    for parameter in parameters {
        match (&parameter.parameter_in, &parameter.required) {
            (ParameterIn::Header, required) if parameter.name == "If-Match" => {
                errors.push(StatusCode::PRECONDITION_FAILED);
                errors.extend(matches!(required, Required::True).then_some(StatusCode::PRECONDITION_REQUIRED));
            }
            (ParameterIn::Path | ParameterIn::Query, _) => errors.push(StatusCode::BAD_REQUEST),
            _ => {}
        }
    }
    if has_path_parameter {
        errors.push(StatusCode::NOT_FOUND);
    }
    if operation.request_body.is_some() {
        errors.extend([
            StatusCode::BAD_REQUEST,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ]);
    }
    errors
}

/// The status of an answer, if it tells of an error.
fn error(status: &str) -> Option<StatusCode> {
    let status = StatusCode::from_bytes(status.as_bytes()).ok()?;
    (status.is_client_error() || status.is_server_error()).then_some(status)
}

/// The answer for an error, and its name among the components.
fn problem(status: StatusCode) -> (String, Response) {
    let description = status.canonical_reason().unwrap_or("Error");
    let response = ResponseBuilder::new()
        .description(description)
        .header_ref("x-request-id", Ref::new("#/components/headers/RequestId"))
        .content(PROBLEM, content(status))
        .build();
    (description.replace(' ', ""), response)
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
