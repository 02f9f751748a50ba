use askama::Template;
use axum::{extract::State, response::Html};
use kernel::{AppState, Error, Result};
use ui::Page;

use crate::{
    activity::{self, Entry},
    sessions::Session,
    users::{self, User},
};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Page,
    user: User,
    activity: Vec<Entry>,
}

pub async fn show(State(state): State<AppState>, page: Page, session: Session) -> Result<Html<String>> {
    let user = users::find(&state.db, session.user).await?.ok_or(Error::SignIn)?;
    let activity = activity::recent(&state.db, user.id).await?;
    Ok(Html(AccountPage { page, user, activity }.render()?))
}
