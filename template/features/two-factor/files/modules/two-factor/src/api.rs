//! The second factor in the API. It says what the pages say, and follows the same rules.

use auth::{Client, Confirmed, Pending, Session, User, Which};
use axum::{Json as JsonBody, extract::State, http::StatusCode, response::IntoResponse};
use kernel::{AppState, Result, database};
use rest::{Errors, Json, Refuses};
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{Array, ContentBuilder, Object, ObjectBuilder, OpenApi, PathItem, Ref, ResponseBuilder, Type},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::factor::{self, Status};

/// What strangers may call.
pub fn public() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(sign_in))
}

/// What somebody does with the own account.
pub fn personal() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(read, begin, turn_off))
        .routes(routes!(turn_on))
        .routes(routes!(make_codes))
        .routes(routes!(save_codes))
}

/// A wrong code, a login that is over, and too many of them.
struct Guess;

impl Refuses for Guess {
    fn statuses() -> Vec<StatusCode> {
        vec![StatusCode::UNAUTHORIZED, StatusCode::GONE, StatusCode::TOO_MANY_REQUESTS]
    }
}

/// Nothing there that this could be done with.
struct Off;

impl Refuses for Off {
    fn statuses() -> Vec<StatusCode> {
        vec![StatusCode::FORBIDDEN, StatusCode::NOT_FOUND]
    }
}

/// What a login asks for after the password.
#[derive(Deserialize, ToSchema)]
pub struct Code {
    /// Six digits that the app shows, or a recovery code.
    code: String,
}

/// Finish a login with a second factor
///
/// It follows a login that was answered with 202, with the cookie of that answer, within ten minutes.
#[utoipa::path(
    post,
    path = "/auth/second-factor",
    operation_id = "finish_login",
    tag = "account",
    request_body = Code,
    responses(
        (status = OK, description = "Whoever is signed in now", body = User, headers(("Set-Cookie" = String))),
        Errors<(Json<Code>, Guess)>,
    ),
)]
async fn sign_in(
    State(state): State<AppState>,
    client: Client,
    pending: Pending,
    Json(Code { code }): Json<Code>,
) -> Result<impl IntoResponse> {
    let signed_in = factor::sign_in(&state, &client, &pending, &code).await?;
    Ok((signed_in.cookies, JsonBody(signed_in.user)))
}

/// Read the state of the own second factor
#[utoipa::path(
    get,
    path = "/account/two-factor",
    operation_id = "read_two_factor",
    tag = "account",
    responses((status = OK, description = "Whether it is on", body = Status), Errors<Off>),
)]
async fn read(State(state): State<AppState>, session: Session) -> Result<JsonBody<Status>> {
    Ok(JsonBody(factor::status(&state, session.user, session.role).await?))
}

/// What the app on a phone has to know.
#[derive(Serialize, ToSchema)]
pub struct NewKey {
    /// In base32, for whoever types it.
    key: String,
    /// For a QR code.
    uri: String,
}

/// A second factor that is on already.
struct On;

impl Refuses for On {
    fn statuses() -> Vec<StatusCode> {
        vec![StatusCode::CONFLICT, StatusCode::NOT_FOUND]
    }
}

/// Begin to set up a second factor
///
/// It asks for a confirmation (`/auth/confirm`). Nothing changes before a code of the app was sent to `…/confirm`.
#[utoipa::path(
    post,
    path = "/account/two-factor",
    operation_id = "begin_two_factor",
    tag = "account",
    responses((status = OK, description = "A new key", body = NewKey), Errors<On>),
)]
async fn begin(State(state): State<AppState>, Confirmed(session): Confirmed) -> Result<JsonBody<NewKey>> {
    factor::begin(&state, &session).await?;
    let key = factor::key(&state, &session).await?;
    Ok(JsonBody(NewKey { key: key.text, uri: key.uri }))
}

/// Turn the second factor off
///
/// It asks for a confirmation (`/auth/confirm`).
#[utoipa::path(
    delete,
    path = "/account/two-factor",
    operation_id = "turn_off_two_factor",
    tag = "account",
    responses((status = NO_CONTENT, description = "The password is enough from now on"), Errors<Off>),
)]
async fn turn_off(State(state): State<AppState>, client: Client, Confirmed(session): Confirmed) -> Result<StatusCode> {
    factor::turn_off(&state, &client, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What turns the second factor on.
#[derive(Deserialize, ToSchema)]
pub struct FirstCode {
    /// Six digits that the app shows.
    code: String,
    /// Whether all other sessions end.
    #[serde(default)]
    end_sessions: bool,
}

/// Codes that are shown once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// Turn the second factor on with a code of the app
///
/// It asks for a confirmation (`/auth/confirm`).
#[utoipa::path(
    post,
    path = "/account/two-factor/confirm",
    operation_id = "turn_on_two_factor",
    tag = "account",
    request_body = FirstCode,
    responses(
        (status = OK, description = "It is on", body = RecoveryCodes),
        Errors<(Json<FirstCode>, Off)>,
    ),
)]
async fn turn_on(
    State(state): State<AppState>,
    client: Client,
    Confirmed(session): Confirmed,
    Json(FirstCode { code, end_sessions }): Json<FirstCode>,
) -> Result<JsonBody<RecoveryCodes>> {
    let recovery_codes = factor::turn_on(&state, &client, &session, &code).await?;
    if end_sessions {
        auth::end_sessions(&state, &client, &session, Which::Others).await?;
    }
    Ok(JsonBody(RecoveryCodes { recovery_codes }))
}

/// Make other recovery codes
///
/// It asks for a confirmation (`/auth/confirm`). Those from before count no more.
#[utoipa::path(
    post,
    path = "/account/two-factor/recovery-codes",
    operation_id = "make_recovery_codes",
    tag = "account",
    responses((status = OK, description = "The new codes", body = RecoveryCodes), Errors<Off>),
)]
async fn make_codes(
    State(state): State<AppState>,
    client: Client,
    Confirmed(session): Confirmed,
) -> Result<JsonBody<RecoveryCodes>> {
    let recovery_codes = factor::make_codes(&state, &client, &session).await?;
    Ok(JsonBody(RecoveryCodes { recovery_codes }))
}

/// Say that the recovery codes are saved
#[utoipa::path(
    post,
    path = "/account/two-factor/recovery-codes/saved",
    operation_id = "save_recovery_codes",
    tag = "account",
    responses((status = NO_CONTENT, description = "Nobody is reminded any more"), Errors<Off>),
)]
async fn save_codes(State(state): State<AppState>, session: Session) -> Result<StatusCode> {
    let mut transaction = database::begin(&state.db).await?;
    let is_on = factor::set_saved(&mut transaction, session.user, true).await?;
    transaction.commit().await?;
    if is_on { Ok(StatusCode::NO_CONTENT) } else { Err(kernel::Error::NotFound) }
}

/// Adds to the login what it answers when a code is due, and to whatever is read that it may be refused to somebody without a
/// second factor.
pub fn describe_login(document: &mut OpenApi) {
    let method = ObjectBuilder::new().schema_type(Type::String).examples(["code"]).build();
    let methods: Object = ObjectBuilder::new().property("methods", Array::new(method)).required("methods").build();
    let due = ResponseBuilder::new()
        .description("The password is right, and `/auth/second-factor` has to follow")
        .content("application/json", ContentBuilder::new().schema(Some(methods)).build())
        .build();
    for (path, PathItem { get, post, .. }) in &mut document.paths.paths {
        if let Some(get) = get {
            let refusal = Ref::from_response_name("Forbidden");
            get.responses.responses.entry("403".to_owned()).or_insert_with(|| refusal.into());
        }
        if let Some(login) = post.as_mut().filter(|_| path.ends_with("/auth/login")) {
            login.responses.responses.insert("202".to_owned(), due.clone().into());
        }
    }
}
