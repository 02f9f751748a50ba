//! What the attacks are after: entries of the database. Pages and API have every method, so that any of them could be abused.

use axum::{
    Form, Json,
    extract::{Path, State},
    routing::get,
};
use kernel::{AppState, Error, Module, Policy, Result, Routes, database::Migration};
use serde::Deserialize;
use testkit::TestApp;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub const PAGE: &str = "/treasure";
pub const API: &str = "/api/v1/treasure";

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create the treasure", sql: "CREATE TABLE treasure (entry TEXT NOT NULL)" }];

#[derive(Deserialize, ToSchema)]
struct Item {
    entry: String,
}

pub fn module() -> Module {
    let pages = Routes::new()
        .route(PAGE, get(list).post(write_form).put(write_form).patch(write_form).delete(clear))
        .route("/treasure/{entry}", get(find));
    let api =
        OpenApiRouter::new().routes(routes!(write)).route("/treasure", get(list).put(write).patch(write).delete(clear));
    Module::new("treasure").migrations(MIGRATIONS).api(Policy::PUBLIC, api).pages(Policy::PUBLIC, pages)
}

/// What is there, in the order of the alphabet.
pub async fn entries(app: &TestApp) -> Vec<String> {
    sqlx::query_scalar("SELECT entry FROM treasure ORDER BY entry")
        .fetch_all(app.db())
        .await
        .expect("it is still there")
}

async fn list(State(state): State<AppState>) -> Result<Json<Vec<String>>> {
    Ok(Json(sqlx::query_scalar("SELECT entry FROM treasure").fetch_all(&state.db).await?))
}

async fn find(State(state): State<AppState>, Path(entry): Path<String>) -> Result<Json<Vec<String>>> {
    let found = sqlx::query_scalar("SELECT entry FROM treasure WHERE entry = $1").bind(entry);
    Ok(Json(found.fetch_all(&state.db).await?))
}

async fn write_form(state: State<AppState>, Form(item): Form<Item>) -> Result<()> {
    write(state, Json(item)).await
}

#[utoipa::path(post, path = "/treasure", request_body = Item, responses((status = OK, description = "It is there")))]
async fn write(State(state): State<AppState>, Json(item): Json<Item>) -> Result<()> {
    // Not every database has this character in its texts.
    if item.entry.contains('\0') {
        return Err(Error::Invalid([("entry", "Leave out the character NUL.".to_owned())].into()));
    }
    sqlx::query("INSERT INTO treasure (entry) VALUES ($1)").bind(item.entry).execute(&state.db).await?;
    Ok(())
}

async fn clear(State(state): State<AppState>) -> Result<()> {
    sqlx::query("DELETE FROM treasure").execute(&state.db).await?;
    Ok(())
}
