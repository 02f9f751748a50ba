use axum::{Json as JsonBody, extract::State, http::StatusCode, response::IntoResponse};
use kernel::{AppState, Error, Result, Visitor};
use rest::{Errors, Json, Path, Query};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Mailing, Once, Owned,
    login::{ACCEPTED, Accepted},
};
use crate::{
    account::{self, Listed, NewPassword, Which},
    accounts::{self, Asked},
    client::Client,
    deletion,
    links::{self, Purpose},
    sessions::{Confirmed, Session},
    users::{self, User},
};

/// Read the own account
#[utoipa::path(
    get,
    path = "/account",
    operation_id = "read_account",
    tag = "account",
    responses((status = OK, description = "Whoever has signed in", body = User), Errors<Owned>),
)]
pub async fn read(State(state): State<AppState>, visitor: Visitor) -> Result<JsonBody<User>> {
    Ok(JsonBody(users::find(&state.db, visitor.id).await?.ok_or(Error::NotFound)?))
}

/// What can be changed at once.
#[derive(Deserialize, ToSchema)]
pub struct Changes {
    #[schema(schema_with = accounts::name_schema)]
    name: String,
}

/// Change the own name
#[utoipa::path(
    patch,
    path = "/account",
    operation_id = "rename_account",
    tag = "account",
    request_body = Changes,
    responses((status = OK, description = "The account as it is now", body = User), Errors<(Json<Changes>, Owned)>),
)]
pub async fn rename(
    State(state): State<AppState>,
    session: Session,
    Json(Changes { name }): Json<Changes>,
) -> Result<JsonBody<User>> {
    Ok(JsonBody(account::rename(&state, &session, &name).await?))
}

/// Delete the own account
///
/// It asks for a confirmation (`/auth/confirm`). The account is deactivated, and deleted some days later: the link that is
/// mailed keeps it.
#[utoipa::path(
    delete,
    path = "/account",
    operation_id = "delete_account",
    tag = "account",
    request_body = Asked,
    responses(
        (status = NO_CONTENT, description = "Nobody can use the account any more"),
        Errors<(Json<Asked>, Owned)>,
    ),
)]
pub async fn delete(
    State(state): State<AppState>,
    client: Client,
    session: Confirmed,
    Json(Asked { email }): Json<Asked>,
) -> Result<impl IntoResponse> {
    Ok((StatusCode::NO_CONTENT, deletion::ask(&state, &client, &session, &email).await?))
}

/// The password that somebody has, and the one that it becomes.
#[derive(Deserialize, ToSchema)]
pub struct PasswordChange {
    #[schema(format = Password)]
    current: String,
    #[schema(format = Password)]
    password: String,
    /// Whether all other sessions end.
    #[serde(default = "yes")]
    end_sessions: bool,
    /// Whether all API tokens are revoked.
    #[serde(default)]
    end_tokens: bool,
}

const fn yes() -> bool {
    true
}

/// Change the own password
#[utoipa::path(
    put,
    path = "/account/password",
    operation_id = "change_password",
    tag = "account",
    request_body = PasswordChange,
    responses(
        (status = NO_CONTENT, description = "It is changed", headers(("Set-Cookie" = String))),
        Errors<(Json<PasswordChange>, Owned, Mailing)>,
    ),
)]
pub async fn change_password(
    State(state): State<AppState>,
    client: Client,
    session: Session,
    Json(change): Json<PasswordChange>,
) -> Result<impl IntoResponse> {
    let PasswordChange { current, password, end_sessions, end_tokens } = change;
    let new = NewPassword { current, new: password, end_sessions, end_tokens };
    Ok((StatusCode::NO_CONTENT, account::change_password(&state, &client, &session, new).await?))
}

/// Ask for another address
///
/// It asks for a confirmation (`/auth/confirm`). The answer is the same for every address. A mail with a link follows.
#[utoipa::path(
    post,
    path = "/account/email",
    operation_id = "ask_for_email",
    tag = "account",
    request_body = Asked,
    responses(
        (status = ACCEPTED, description = "A mail may follow", body = Accepted),
        Errors<(Json<Asked>, Owned, Mailing)>,
    ),
)]
pub async fn ask_for_email(
    State(state): State<AppState>,
    client: Client,
    session: Confirmed,
    Json(Asked { email }): Json<Asked>,
) -> Result<impl IntoResponse> {
    account::ask_for_email(&state, &client, &session, &email).await?;
    Ok((StatusCode::ACCEPTED, JsonBody(ACCEPTED)))
}

/// What a mailed link carries.
#[derive(Deserialize, ToSchema)]
pub struct Carried {
    token: String,
}

/// Use another address with a mailed link
#[utoipa::path(
    post,
    path = "/account/email/confirm",
    operation_id = "confirm_email",
    tag = "account",
    request_body = Carried,
    responses((status = NO_CONTENT, description = "It is changed"), Errors<(Json<Carried>, Owned, Once)>),
)]
pub async fn confirm_email(
    State(state): State<AppState>,
    client: Client,
    session: Session,
    Json(Carried { token }): Json<Carried>,
) -> Result<StatusCode> {
    let link = links::find(&state, &token, &[Purpose::Change]).await?;
    account::change_email(&state, &client, &session, &link).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a change of the address back with a mailed link
///
/// It ends all sessions and tokens, and a mail to choose another password follows.
#[utoipa::path(
    post,
    path = "/auth/email/undo",
    operation_id = "undo_email",
    tag = "account",
    request_body = Carried,
    responses((status = NO_CONTENT, description = "It is as it was"), Errors<(Json<Carried>, Once)>),
)]
pub async fn undo_email(
    State(state): State<AppState>,
    client: Client,
    Json(Carried { token }): Json<Carried>,
) -> Result<StatusCode> {
    let link = links::find(&state, &token, &[Purpose::Undo]).await?;
    account::undo_email(&state, &client, &link).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keep an account that is to be deleted with a mailed link
#[utoipa::path(
    post,
    path = "/auth/keep",
    operation_id = "keep_account",
    tag = "account",
    request_body = Carried,
    responses((status = NO_CONTENT, description = "It can be used again"), Errors<(Json<Carried>, Once)>),
)]
pub async fn keep(
    State(state): State<AppState>,
    client: Client,
    Json(Carried { token }): Json<Carried>,
) -> Result<StatusCode> {
    let link = links::find(&state, &token, &[Purpose::Keep]).await?;
    deletion::keep(&state, &client, &link).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Export the own data
///
/// It asks for a confirmation (`/auth/confirm`).
#[utoipa::path(
    get,
    path = "/account/export",
    operation_id = "export_account",
    tag = "account",
    responses(
        (status = OK, description = "All that there is about the account, by what it is", body = Object),
        (status = FORBIDDEN, description = "It was not confirmed"),
        Errors<Owned>,
    ),
)]
pub async fn export(State(state): State<AppState>, session: Confirmed) -> Result<JsonBody<Value>> {
    Ok(JsonBody(deletion::export(&state, &session).await?))
}

/// List the own sessions
#[utoipa::path(
    get,
    path = "/account/sessions",
    operation_id = "list_sessions",
    tag = "account",
    responses((status = OK, description = "The newest first", body = Vec<Listed>), Errors<Owned>),
)]
pub async fn sessions(State(state): State<AppState>, session: Session) -> Result<JsonBody<Vec<Listed>>> {
    Ok(JsonBody(account::sessions(&state.db, &session).await?))
}

#[derive(Deserialize)]
pub struct Ending {
    except: Option<Except>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Except {
    Current,
}

/// End the own sessions
///
/// It asks for a confirmation (`/auth/confirm`).
#[utoipa::path(
    delete,
    path = "/account/sessions",
    operation_id = "end_sessions",
    tag = "account",
    params(("except" = Option<String>, Query, description = "`current` keeps the one of the request")),
    responses((status = NO_CONTENT, description = "They are over"), Errors<(Query<Ending>, Owned)>),
)]
pub async fn end_sessions(
    State(state): State<AppState>,
    client: Client,
    session: Confirmed,
    Query(Ending { except }): Query<Ending>,
) -> Result<StatusCode> {
    let which = except.map_or(Which::All, |Except::Current| Which::Others);
    account::end_sessions(&state, &client, &session.0, which).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End one of the own sessions
///
/// It asks for a confirmation (`/auth/confirm`).
#[utoipa::path(
    delete,
    path = "/account/sessions/{id}",
    operation_id = "end_session",
    tag = "account",
    params(("id" = Uuid, Path, description = "The `id` of the session")),
    responses((status = NO_CONTENT, description = "It is over"), Errors<Path<Uuid>>),
)]
pub async fn end_session(
    State(state): State<AppState>,
    client: Client,
    session: Confirmed,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    account::end_sessions(&state, &client, &session.0, Which::One(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
