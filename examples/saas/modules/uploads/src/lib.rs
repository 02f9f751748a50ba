//! Files that people upload: received in pieces, kept by a [`Store`], and handed out again in ways that nothing in them can run.
//!
//! ```no_run
//! use axum::{body::Body, http::HeaderMap};
//! use kernel::{AppState, Module, Result, database};
//! use uploads::{IMAGES, Owner, Purpose, attach, receive_form};
//! use uuid::Uuid;
//!
//! const COVERS: Purpose = Purpose::new("books.covers", IMAGES).attached();
//!
//! pub fn module() -> Module {
//!     Module::new("books").add(COVERS)
//! }
//!
//! async fn add(state: AppState, owner: Owner, book: Uuid, headers: HeaderMap, body: Body) -> Result<()> {
//!     let file = receive_form(&state, owner, COVERS, &headers, body).await?;
//!     let mut transaction = database::begin(&state.db).await?;
//!     attach(&mut transaction, owner, file.id, &COVERS, book).await?;
//!     transaction.commit().await?;
//!     Ok(())
//! }
//! ```

mod api;
pub mod commands;
mod file;
mod folder;
mod gate;
mod health;
mod jobs;
mod kind;
mod links;
mod multipart;
mod name;
mod owner;
mod pages;
mod people;
mod receive;
mod serve;
mod settings;
mod store;

use kernel::{AppState, Inspect, Link as Entry, Module, Place, Policy, Result, Time, database::Migration};
use listing::{List, ListQuery};
use schedules::ModuleExt as _;

pub use file::{File, Usage, attach, attached, delete, delete_attached, find};
pub use folder::storage as folder;
pub use jobs::{Clean, Sweep};
pub use kind::{COMMON, DOCX, GIF, IMAGES, JPEG, Kind, PDF, PNG, Purpose, TEXT, WEBP, XLSX, ZIP};
pub use links::{Link, link};
pub use owner::Owner;
pub use receive::{Upload, receive, receive_form};
pub use settings::UploadSettings;
pub use store::{Content, Sink, Storage, Store};

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create files", sql: include_str!("../migrations/0001_create_files.sql") }];

/// Files that stand for themselves, on the page `/files`.
pub const FILES: Purpose = Purpose::new("uploads.files", COMMON);

/// What takes files. How large one may be is for [`UploadSettings`] and its [`Purpose`] to say, and each is held to it while it
/// arrives.
pub const LARGE: Policy = Policy::PERSONAL.body(usize::MAX).time(Time::WhileItMoves);

/// What this crate brings to the application.
pub fn module() -> Module {
    Module::new("uploads")
        .migrations(MIGRATIONS)
        .settings::<UploadSettings>()
        .needs::<signing::Signer>()
        .provide(folder::storage)
        .provide(gate::Gate::new)
        .add(FILES)
        .add(Inspect(|state| Box::pin(inspect(state))))
        .job::<Sweep>()
        .schedule::<Clean>()
        .command::<commands::Files>()
        .api(Policy::PERSONAL, api::routes())
        .api(LARGE, api::large())
        .pages(Policy::PERSONAL, pages::routes())
        .pages(LARGE, pages::large())
        .pages(Policy::PUBLIC.time(Time::WhileItMoves), pages::content())
        .link(Entry::new(Place::Main, "Files", "/files").about("Keep files, and share them for a while."))
        .on::<auth::Adoption>(people::adopt)
        .on::<auth::Export>(people::export)
        .on::<auth::UserDeleted>(people::delete)
        .add(Inspect(people::inspect))
        .add(health::STORE)
}

async fn list(state: &AppState, Owner(owner): Owner, query: ListQuery<File>) -> Result<List<File>> {
    match owner {
        Some(owner) => query.fetch_of(owner, &state.db).await,
        None => query.fetch_of_all(&state.db).await,
    }
}

/// Says why no file can be kept.
async fn inspect(state: AppState) -> anyhow::Result<Option<String>> {
    let outcome = state.service::<Storage>().0.check(&state).await;
    Ok(outcome.err().map(|error| format!("no file can be uploaded: {error:#}")))
}
