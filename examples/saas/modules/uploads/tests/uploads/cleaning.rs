use std::time::Duration;

use kernel::{BoxFuture, Job, Module, database};
use schedules::Schedule;
use testkit::Response;
use time::OffsetDateTime;
use uploads::{
    Clean, IMAGES, Owner, Purpose, TEXT,
    commands::{Command, run},
};
use uuid::Uuid;

use crate::{Files, NOTHING, PNG, start, start_with, text, traces, upload, uploaded};

const COVERS: Purpose = Purpose::new("books.covers", IMAGES).attached().at_most(100);

async fn clean(files: &Files) {
    let state = files.application.state.clone();
    Clean::due(OffsetDateTime::UNIX_EPOCH).run(state).await.unwrap();
    files.run_jobs().await;
}

async fn cover(files: &Files, content: &[u8]) -> Response {
    let request = hyper::Request::post("/api/v1/files?name=cover.png&purpose=books.covers");
    files.send(request, content.to_vec()).await
}

#[tokio::test]
async fn a_purpose_takes_its_own_kinds_and_sizes() {
    let files = start_with(&[], vec![Module::new("books").add(COVERS)]).await;
    assert_eq!(cover(&files, PNG).await.status, 201);
    assert_eq!(cover(&files, &[PNG, &[0; 100]].concat()).await.status, 413);
    assert_eq!(cover(&files, b"two bottles").await.status, 415);
    assert!(COVERS.accept().starts_with(".jpg,.jpeg,.png"));
    assert_eq!(Purpose::new("a", &[TEXT]).accept(), ".txt,.csv,.log,.md");
}

#[tokio::test]
async fn what_nobody_attaches_is_removed_after_a_day() {
    let files = start_with(&[], vec![Module::new("books").add(COVERS)]).await;
    let (kept, lost): (serde_json::Value, serde_json::Value) =
        (cover(&files, PNG).await.json(), cover(&files, PNG).await.json());
    let own = uploaded(&files, "a.txt", b"two bottles").await;
    let (book, id) = (Uuid::now_v7(), text(&kept, "id").parse().unwrap());
    let mut transaction = database::begin(files.db()).await.unwrap();
    uploads::attach(&mut transaction, Owner(None), id, &COVERS, book).await.unwrap();
    let again = uploads::attach(&mut transaction, Owner(None), id, &COVERS, Uuid::now_v7()).await;
    assert!(again.is_err(), "a file is attached once");
    let other = text(&own, "id").parse().unwrap();
    assert!(uploads::attach(&mut transaction, Owner(None), other, &COVERS, book).await.is_err(), "another purpose");
    let stranger = Owner(Some(Uuid::now_v7()));
    let lost_id = text(&lost, "id").parse().unwrap();
    assert!(uploads::attach(&mut transaction, stranger, lost_id, &COVERS, book).await.is_err(), "another owner");
    transaction.commit().await.unwrap();
    assert_eq!(uploads::attached(files.db(), book).await.unwrap()[0].id, id);

    clean(&files).await;
    assert_eq!(traces(&files).await.0, 3, "a day has not passed");
    files.clock().advance(Duration::from_hours(25));
    clean(&files).await;
    assert_eq!(traces(&files).await.0, 2, "what is attached stays, and what needs no attachment");
    let mut transaction = database::begin(files.db()).await.unwrap();
    uploads::delete_attached(&mut transaction, book).await.unwrap();
    transaction.commit().await.unwrap();
    files.run_jobs().await;
    assert_eq!(traces(&files).await.0, 1);
}

/// A store that fails: at the first byte, at a later one, or at the end.
struct Broken(&'static str);

impl uploads::Store for Broken {
    fn create<'a>(
        &'a self,
        _: &'a kernel::AppState,
        _: Uuid,
        _: u64,
    ) -> BoxFuture<'a, kernel::Result<Box<dyn uploads::Sink>>> {
        let sink: Box<dyn uploads::Sink> = Box::new(BrokenSink(self.0, 0));
        Box::pin(async move { if self.0 == "create" { Err(broken()) } else { Ok(sink) } })
    }

    fn open<'a>(
        &'a self,
        _: &'a kernel::AppState,
        _: Uuid,
        _: std::ops::Range<u64>,
    ) -> BoxFuture<'a, kernel::Result<uploads::Content>> {
        Box::pin(async { Err(broken()) })
    }

    fn delete<'a>(&'a self, _: &'a kernel::AppState, _: Uuid) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move { if self.0 == "all" { Err(anyhow::anyhow!("broken")) } else { Ok(()) } })
    }

    fn list<'a>(&'a self, _: &'a kernel::AppState) -> BoxFuture<'a, anyhow::Result<Vec<Uuid>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn check<'a>(&'a self, _: &'a kernel::AppState) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

struct BrokenSink(&'static str, usize);

impl uploads::Sink for BrokenSink {
    fn write(&mut self, _: hyper::body::Bytes) -> BoxFuture<'_, kernel::Result<()>> {
        self.1 += 1;
        let fails = self.0 == "write" || self.0 == "all" || self.0 == "later" && self.1 > 1;
        Box::pin(async move { if fails { Err(broken()) } else { Ok(()) } })
    }

    fn finish(self: Box<Self>) -> BoxFuture<'static, kernel::Result<()>> {
        Box::pin(async move { if self.0 == "finish" { Err(broken()) } else { Ok(()) } })
    }
}

fn broken() -> kernel::Error {
    anyhow::anyhow!("the store is broken").into()
}

#[tokio::test]
async fn a_store_that_fails_leaves_nothing() {
    let stores: [fn(&kernel::Config, &kernel::Db) -> anyhow::Result<uploads::Storage>; 4] = [
        |_, _| Ok(uploads::Storage(Box::new(Broken("create")))),
        |_, _| Ok(uploads::Storage(Box::new(Broken("write")))),
        |_, _| Ok(uploads::Storage(Box::new(Broken("later")))),
        |_, _| Ok(uploads::Storage(Box::new(Broken("finish")))),
    ];
    for store in stores {
        let files = start_with(&[], vec![Module::new("broken").provide(store)]).await;
        let answer = upload(&files, "a.txt", &vec![b'x'; 3_000_000]).await;
        assert_eq!(answer.status, 500);
        assert!(!answer.body.contains("broken"), "{}", answer.body);
        assert_eq!(traces(&files).await, NOTHING);
    }
}

/// Then the room is back nevertheless, and the row remembers what is to be removed.
#[tokio::test]
async fn what_cannot_be_removed_is_remembered() {
    let module = Module::new("broken").provide(|_, _| Ok(uploads::Storage(Box::new(Broken("all")))));
    let files = start_with(&[], vec![module]).await;
    assert_eq!(upload(&files, "a.txt", b"two bottles").await.status, 500);
    assert_eq!(traces(&files).await, (1, 0, 0, 0));
    let state: String = sqlx::query_scalar("SELECT state FROM files").fetch_one(files.db()).await.unwrap();
    assert_eq!(state, "deleting");
    assert_eq!(files.get("/api/v1/files").await.json::<serde_json::Value>()["items"], serde_json::json!([]));
}

#[tokio::test]
async fn the_command_finds_what_does_not_fit() {
    let files = start().await;
    let state = &files.application.state;
    let file = uploaded(&files, "a.txt", b"two bottles").await;
    assert_eq!(run(state, Command::Verify).await.unwrap(), "all files of the table are stored\n");
    assert!(run(state, Command::Usage).await.unwrap().contains("11 bytes"));
    assert_eq!(run(state, Command::Clean { dry_run: false }).await.unwrap(), "there is nothing to remove\n");

    let id = text(&file, "id");
    let place = |id: &str| files.folder.path().join("files").join(&id[id.len() - 2..]).join(id);
    let unknown = Uuid::now_v7();
    let stray = place(&unknown.to_string());
    std::fs::create_dir_all(stray.parent().unwrap()).unwrap();
    std::fs::rename(place(id), &stray).unwrap();
    assert_eq!(
        run(state, Command::Clean { dry_run: false }).await.unwrap(),
        "there is nothing to remove\n",
        "it is young"
    );
    files.clock().advance(Duration::from_hours(25));
    let missing = run(state, Command::Verify).await.unwrap_err().to_string();
    assert!(missing.contains(&format!("{id} is not stored")), "{missing}");
    assert!(missing.contains(&format!("{unknown} is stored, and no row knows it")), "{missing}");
    let said = format!("{unknown} would be removed: no row knows it\n");
    assert_eq!(run(state, Command::Clean { dry_run: true }).await.unwrap(), said);
    assert!(stray.exists());
    run(state, Command::Clean { dry_run: false }).await.unwrap();
    assert!(!stray.exists());
    // A file that is gone is an error of ours, and no empty file.
    assert_eq!(files.get(&crate::content_of(&file)).await.status, 500);
}
