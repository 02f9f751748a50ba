use axum::{Json as JsonBody, extract::State, http::StatusCode, response::IntoResponse};
use kernel::{AppState, Result};
use rest::{Errors, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Guess, Mailing, Once};
use crate::{
    accounts::{self, Asked, Choice},
    client::Client,
    links::{self, Purpose},
    login::{self, Credentials, Outcome},
    passwords::Password,
    sessions::Session,
    users::User,
};

/// What is said to everybody.
#[derive(Serialize, ToSchema)]
pub struct Accepted {
    message: &'static str,
}

pub const ACCEPTED: Accepted =
    Accepted { message: "If this address can be used, a mail with a link is on its way to it." };

/// Ask for an account
///
/// The answer is the same for every address. A mail with a link follows.
#[utoipa::path(
    post,
    path = "/auth/sign-up",
    operation_id = "sign_up",
    tag = "account",
    request_body = Asked,
    responses(
        (status = ACCEPTED, description = "A mail may follow", body = Accepted),
        Errors<(Json<Asked>, Mailing)>,
    ),
)]
pub async fn sign_up(
    State(state): State<AppState>,
    client: Client,
    Json(asked): Json<Asked>,
) -> Result<impl IntoResponse> {
    accounts::ask_for_sign_up(&state, &client, &asked.email, None).await?;
    Ok((StatusCode::ACCEPTED, JsonBody(ACCEPTED)))
}

/// What finishes a sign-up.
#[derive(Deserialize, ToSchema)]
pub struct SignUpConfirmation {
    /// From the mailed link.
    token: String,
    #[schema(schema_with = accounts::name_schema)]
    name: String,
    #[schema(format = Password)]
    password: String,
}

/// Make an account with a mailed link
#[utoipa::path(
    post,
    path = "/auth/sign-up/confirm",
    operation_id = "confirm_sign_up",
    tag = "account",
    request_body = SignUpConfirmation,
    responses(
        (status = CREATED, description = "The account; its owner is signed in", body = User, headers(("Set-Cookie" = String))),
        Errors<(Json<SignUpConfirmation>, Once)>,
    ),
)]
pub async fn confirm_sign_up(
    State(state): State<AppState>,
    client: Client,
    Json(SignUpConfirmation { token, name, password }): Json<SignUpConfirmation>,
) -> Result<impl IntoResponse> {
    let link = links::find(&state, &token, &[Purpose::SignUp]).await?;
    let (user, cookies) = accounts::sign_up(&state, &client, &link, &Choice { name, password }).await?;
    Ok((StatusCode::CREATED, cookies, JsonBody(user)))
}

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
pub struct Login {
    #[schema(schema_with = accounts::email_schema)]
    email: String,
    #[schema(format = Password)]
    password: String,
    /// Whether to stay signed in for longer.
    #[serde(default)]
    remember: bool,
}

/// What has to follow the password. The module that asks for it describes it.
#[derive(Serialize)]
struct Due {
    methods: Vec<&'static str>,
}

/// Sign in
#[utoipa::path(
    post,
    path = "/auth/login",
    operation_id = "login",
    tag = "account",
    request_body = Login,
    responses(
        (status = OK, description = "Whoever is signed in now", body = User, headers(("Set-Cookie" = String))),
        Errors<(Json<Login>, Guess)>,
    ),
)]
pub async fn login(
    State(state): State<AppState>,
    client: Client,
    Json(Login { email, password, remember }): Json<Login>,
) -> Result<impl IntoResponse> {
    let credentials = Credentials { email: &email, password: Password::new(&password), remember, next: "" };
    Ok(match login::login(&state, &client, credentials).await? {
        Outcome::SignedIn(user, cookies) => (cookies, JsonBody(user)).into_response(),
        Outcome::Due(steps, cookies) => {
            let methods = steps.iter().map(|step| step.method).collect();
            (StatusCode::ACCEPTED, cookies, JsonBody(Due { methods })).into_response()
        }
    })
}

/// Sign out
#[utoipa::path(
    post,
    path = "/auth/logout",
    operation_id = "logout",
    tag = "account",
    responses((status = NO_CONTENT, description = "The session is over")),
)]
pub async fn logout(State(state): State<AppState>, client: Client) -> Result<impl IntoResponse> {
    Ok((StatusCode::NO_CONTENT, login::logout(&state, &client).await?))
}

/// Ask for another password
///
/// The answer is the same for every address. A mail with a link follows if there is an account.
#[utoipa::path(
    post,
    path = "/auth/password/forgot",
    operation_id = "forget_password",
    tag = "account",
    request_body = Asked,
    responses(
        (status = ACCEPTED, description = "A mail may follow", body = Accepted),
        Errors<(Json<Asked>, Mailing)>,
    ),
)]
pub async fn forgot(
    State(state): State<AppState>,
    client: Client,
    Json(asked): Json<Asked>,
) -> Result<impl IntoResponse> {
    accounts::ask_for_reset(&state, &client, &asked.email).await?;
    Ok((StatusCode::ACCEPTED, JsonBody(ACCEPTED)))
}

/// Another password, and what allows to choose it.
#[derive(Deserialize, ToSchema)]
pub struct Reset {
    /// From the mailed link.
    token: String,
    #[schema(format = Password)]
    password: String,
}

/// Choose another password with a mailed link
///
/// It ends all sessions of the account.
#[utoipa::path(
    post,
    path = "/auth/password/reset",
    operation_id = "reset_password",
    tag = "account",
    request_body = Reset,
    responses((status = NO_CONTENT, description = "It is changed"), Errors<(Json<Reset>, Once)>),
)]
pub async fn reset(
    State(state): State<AppState>,
    client: Client,
    Json(Reset { token, password }): Json<Reset>,
) -> Result<impl IntoResponse> {
    let link = links::find(&state, &token, &[Purpose::Reset, Purpose::Invite]).await?;
    let cookies = accounts::reset(&state, &client, &link, &Choice { name: String::new(), password }).await?;
    Ok((StatusCode::NO_CONTENT, cookies))
}

/// The password once more.
#[derive(Deserialize, ToSchema)]
pub struct Confirmation {
    #[schema(format = Password)]
    password: String,
}

/// Confirm who you are
///
/// Operations that change the account itself ask for it, unless it was done in the last ten minutes.
#[utoipa::path(
    post,
    path = "/auth/confirm",
    operation_id = "confirm_access",
    tag = "account",
    request_body = Confirmation,
    responses(
        (status = NO_CONTENT, description = "The session may do more for ten minutes", headers(("Set-Cookie" = String))),
        (status = NOT_FOUND, description = "Not for this client"),
        Errors<(Json<Confirmation>, Guess)>,
    ),
)]
pub async fn confirm(
    State(state): State<AppState>,
    session: Session,
    Json(Confirmation { password }): Json<Confirmation>,
) -> Result<impl IntoResponse> {
    let cookies = login::confirm(&state, &session, &Password::new(&password)).await?;
    Ok((StatusCode::NO_CONTENT, cookies))
}
