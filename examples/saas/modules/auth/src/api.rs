//! The API of an account. It says what the pages say, and follows the same rules.

mod account;
mod login;
mod tokens;

use axum::http::StatusCode;
use kernel::AppState;
use rest::Refuses;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(OpenApi)]
#[openapi(tags((name = "account", description = "Accounts, and the sessions of their owners")))]
struct Api;

/// What strangers may call.
pub fn public() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(login::sign_up))
        .routes(routes!(login::confirm_sign_up))
        .routes(routes!(login::login))
        .routes(routes!(login::logout))
        .routes(routes!(login::forgot))
        .routes(routes!(login::reset))
        .routes(routes!(account::undo_email))
        .routes(routes!(account::keep))
}

/// What somebody does with the own account.
pub fn personal() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(login::confirm))
        .routes(routes!(account::read, account::rename, account::delete))
        .routes(routes!(account::change_password))
        .routes(routes!(account::ask_for_email))
        .routes(routes!(account::confirm_email))
        .routes(routes!(account::export))
        .routes(routes!(account::sessions, account::end_sessions))
        .routes(routes!(account::end_session))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
}

/// A wrong password, and too many of them.
struct Guess;

impl Refuses for Guess {
    fn statuses() -> Vec<StatusCode> {
        vec![StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS]
    }
}

/// A token, where only a session will do, and nothing of this account.
struct Owned;

impl Refuses for Owned {
    fn statuses() -> Vec<StatusCode> {
        vec![StatusCode::FORBIDDEN, StatusCode::NOT_FOUND]
    }
}

/// Too many requests.
struct Mailing;

impl Refuses for Mailing {
    fn statuses() -> Vec<StatusCode> {
        vec![StatusCode::TOO_MANY_REQUESTS]
    }
}

/// A link that was used or has expired.
struct Once;

impl Refuses for Once {
    fn statuses() -> Vec<StatusCode> {
        vec![StatusCode::GONE]
    }
}
