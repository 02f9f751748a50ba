//! Lists over a real database: nothing is lost, doubled or spliced into SQL.

mod filters;
mod owners;
mod pages;
mod properties;

use axum::extract::State;
use kernel::{AppState, Db, Module, Policy, Result, database::Migration};
use listing::{Column, Everyone, List, ListQuery, Listed};
use serde::Serialize;
use sqlx::FromRow;
use testkit::TestApp;
use time::{Date, Duration, OffsetDateTime};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

const MIGRATIONS: &[Migration] = &[Migration { version: 1, name: "create things", sql: include_str!("../things.sql") }];

const STATES: &[&str] = &["new", "used"];

#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
struct Thing {
    id: i64,
    name: String,
    size: Option<i64>,
    state: String,
    /// In cents.
    price: i64,
    #[schema(value_type = Option<String>, format = Date)]
    sold_on: Option<Date>,
    done: bool,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    made_at: OffsetDateTime,
}

impl Listed for Thing {
    type Owner = Everyone;

    const ID: Column = Column::integer("id");
    const FROM: &'static str = "things";
    const COLUMNS: &'static [Column] = &[
        Column::text("name").sortable().filterable(),
        Column::integer("size").nullable().sortable().filterable(),
        Column::one_of("state", STATES).sortable().filterable(),
        Column::decimal("price", 2).sortable().filterable(),
        Column::date("sold_on").nullable().sortable().filterable(),
        Column::boolean("done").sortable().filterable(),
        Column::timestamp("made_at").sortable().filterable(),
    ];
    const DEFAULT_SORT: &'static str = "-made_at";
}

#[utoipa::path(get, path = "/things", params(ListQuery<Thing>), responses((status = OK, body = List<Thing>)))]
async fn list(State(state): State<AppState>, query: ListQuery<Thing>) -> Result<List<Thing>> {
    query.fetch(&state.db).await
}

async fn start() -> TestApp {
    let things =
        Module::new("things").migrations(MIGRATIONS).api(Policy::PUBLIC, OpenApiRouter::new().routes(routes!(list)));
    TestApp::start(vec![things]).await
}

/// A thing of the owner `ann`, unless it has no size: that one belongs to nobody, and has not been sold. It costs half a coin
/// less than its size.
async fn add(db: &Db, name: &str, size: Option<i64>) {
    let made_at = OffsetDateTime::UNIX_EPOCH + Duration::days(size.unwrap_or_default());
    let sql = "INSERT INTO things (owner, name, size, state, price, sold_on, done, made_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(sql)
        .bind(if size.is_some() { "ann" } else { "" })
        .bind(name)
        .bind(size)
        .bind(STATES[usize::from(size == Some(2))])
        .bind(size.unwrap_or_default() * 100 - 50)
        .bind(size.map(|_| made_at.date()))
        .bind(size == Some(1))
        .bind(made_at)
        .execute(db)
        .await
        .expect("the thing is stored");
}

async fn fetch(db: &Db, url: &str) -> List<Thing> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    ListQuery::<Thing>::parse(path, query).expect("the query is valid").fetch(db).await.expect("the list is fetched")
}

fn ids(things: &[Thing]) -> Vec<i64> {
    things.iter().map(|thing| thing.id).collect()
}
