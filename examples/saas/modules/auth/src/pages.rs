//! The pages of an account. They say what the API says, and follow the same rules.

mod account;
mod links;
mod login;
mod refusal;
mod tokens;

use askama::Template;
use axum::{
    http::{Method, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use kernel::{AppState, Problem, Routes, Visitor};

use crate::next;

pub use refusal::Refusal;

/// What strangers may see.
pub fn public() -> Routes {
    Routes::new()
        .route("/login", get(login::form).post(login::sign_in))
        .route("/logout", post(login::sign_out))
        .route("/sign-up", get(login::sign_up_form).post(login::sign_up))
        .route("/sign-up/confirm", get(links::sign_up_form).post(links::sign_up))
        .route("/password/forgot", get(login::forgot_form).post(login::forgot))
        .route("/password/reset", get(links::reset_form).post(links::reset))
        .route("/account/email/undo", get(links::undo_form).post(links::undo))
        .route("/account/keep", get(links::keep_form).post(links::keep))
        .route("/.well-known/change-password", get(async || Redirect::to("/account/security")))
}

/// What somebody sees of the own account.
pub fn personal() -> Routes {
    Routes::new()
        .route("/confirm-access", get(login::confirm_form).post(login::confirm))
        .route("/account", get(account::show).post(account::rename))
        .route("/account/security", get(account::security).post(account::change_password))
        .route("/account/sessions/end", post(account::end_others))
        .route("/account/sessions/{id}/end", post(account::end_one))
        .route("/account/email", get(account::email_form).post(account::ask_for_email))
        .route("/account/email/confirm", get(links::change_form).post(links::change))
        .route("/account/tokens", get(tokens::list).post(tokens::create))
        .route("/account/tokens/{id}/revoke", post(tokens::revoke))
        .route("/account/export", get(account::export))
        .route("/account/delete", get(account::delete_form).post(account::delete))
}

/// Sends whoever has to sign in to where that is done, and shows the page for errors otherwise.
pub fn refuse(state: &AppState, problem: &Problem, request: &Parts) -> Response {
    if problem.status != 401 {
        return ui::error_page(state, problem, request);
    }
    let wanted = if request.method == Method::GET { request.uri.path_and_query() } else { None };
    Redirect::to(&next::link("/login", wanted.map_or("", |path| path.as_str()))).into_response()
}

#[derive(Template)]
#[template(path = "sign-out.html")]
struct SignOut;

/// The button in the header of every page.
pub fn sign_out(_: &AppState, request: &Parts) -> Option<String> {
    request.extensions.get::<Visitor>()?;
    SignOut.render().ok()
}
