//! The books that we sell.

use axum::{Json as JsonBody, extract::State};
use kernel::{AppState, Error, Module, Policy, Result, database::Migration};
use listing::{Column, Everyone, List, ListQuery, Listed};
use rest::Path;
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create books", sql: include_str!("../migrations/0001_create_books.sql") }];

#[derive(Debug, Serialize, FromRow, ToSchema)]
pub struct Book {
    pub id: i64,
    pub title: String,
    pub cents: i64,
}

impl Listed for Book {
    type Owner = Everyone;

    const FROM: &'static str = "books";
    const COLUMNS: &'static [Column] = &[Column::text("title").sortable().filterable()];
    const DEFAULT_SORT: &'static str = "title";
}

pub fn module() -> Module {
    let api: OpenApiRouter<AppState> = OpenApiRouter::new().routes(routes!(list)).routes(routes!(read));
    Module::new("books").migrations(MIGRATIONS).api(Policy::PUBLIC, api)
}

/// List books
#[utoipa::path(get, path = "/books", operation_id = "list_books", params(ListQuery<Book>), responses((status = OK, body = List<Book>)))]
async fn list(State(state): State<AppState>, query: ListQuery<Book>) -> Result<List<Book>> {
    query.fetch(&state.db).await
}

/// Read a book
#[utoipa::path(get, path = "/books/{id}", operation_id = "read_book", params(("id" = i64, Path)), responses((status = OK, body = Book)))]
async fn read(State(state): State<AppState>, Path(id): Path<i64>) -> Result<JsonBody<Book>> {
    let book = sqlx::query_as("SELECT * FROM books WHERE id = $1").bind(id).fetch_optional(&state.db).await?;
    book.map(JsonBody).ok_or(Error::NotFound)
}
