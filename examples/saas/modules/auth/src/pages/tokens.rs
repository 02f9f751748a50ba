use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{Html, IntoResponse, Response},
};
use kernel::{AppState, Error, Result};
use rest::Path;
use serde::Deserialize;
use ui::{Page, components::flash};
use uuid::Uuid;

use super::refusal::Refusal;
use crate::{
    client::Client,
    sessions::{Confirmed, Session},
    tokens::{self, LONGEST, NAME, Scope, Token, USUAL, Wanted},
};

const SCOPES: [(&str, &str); 2] = [("read", "Only read"), ("write", "Read and change")];

#[derive(Template)]
#[template(path = "tokens.html")]
struct TokensPage {
    page: Page,
    tokens: Vec<Token>,
    form: TokenForm,
    /// The one that was just made: the only time that it is shown.
    made: Option<String>,
    refusal: Refusal,
}

impl TokensPage {
    async fn new(state: &AppState, page: Page, session: &Session) -> Result<Self> {
        let tokens = tokens::all(&state.db, session.user).await?;
        Ok(Self { page, tokens, form: TokenForm::default(), made: None, refusal: Refusal::default() })
    }
}

pub async fn list(State(state): State<AppState>, page: Page, session: Confirmed) -> Result<Html<String>> {
    Ok(Html(TokensPage::new(&state, page, &session.0).await?.render()?))
}

#[derive(Deserialize)]
pub struct TokenForm {
    name: String,
    scope: Scope,
    expires_in_days: String,
}

impl Default for TokenForm {
    fn default() -> Self {
        Self { name: String::new(), scope: Scope::Read, expires_in_days: USUAL.to_string() }
    }
}

pub async fn create(
    State(state): State<AppState>,
    page: Page,
    client: Client,
    session: Confirmed,
    Form(form): Form<TokenForm>,
) -> Result<Response> {
    // What is no number is none that can be accepted.
    let expires_in_days = form.expires_in_days.trim().parse().unwrap_or_default();
    let wanted = Wanted { name: form.name.clone(), scope: form.scope, expires_in_days };
    match tokens::create(&state, session.0.user, &wanted, Some(&client)).await {
        Ok((_, made)) => {
            let page = TokensPage { made: Some(made), ..TokensPage::new(&state, page, &session.0).await? };
            Ok(Html(page.render()?).into_response())
        }
        Err(error) => {
            let refusal = Refusal::of(error)?;
            let (status, wait) = refusal.head();
            let page = TokensPage::new(&state, page, &session.0).await?;
            Refusal::answer(status, wait, &TokensPage { form, refusal, ..page })
        }
    }
}

pub async fn revoke(
    State(state): State<AppState>,
    client: Client,
    session: Confirmed,
    Path(id): Path<Uuid>,
) -> Result<Response> {
    if tokens::revoke(&state, session.0.user, id, Some(&client)).await? {
        Ok(flash::success("The token is revoked.").redirect("/account/tokens"))
    } else {
        Err(Error::NotFound)
    }
}
