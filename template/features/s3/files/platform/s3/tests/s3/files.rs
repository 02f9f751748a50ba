use std::time::Duration;

use hyper::Request;
use s3::PART;
use serde_json::Value;
use uploads::{
    Storage,
    commands::{Command, run},
};

use crate::{begin, content, id, rows, server, start, stored, upload, used, wait_until};

#[tokio::test]
async fn files_of_all_sizes_come_and_go() {
    let Some(storage) = server::Storage::start() else { return };
    let app = start(&storage.variables()).await;
    for length in [1, 100_000, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 12_345] {
        let content = content(length);
        let made = upload(&app, content.clone()).await;
        assert_eq!(made.status, 201, "{length}: {}", made.body);
        let file: Value = made.json();
        assert_eq!(stored(&app).await, [id(&file)], "{length}");
        let path = format!("/files/{}/a.txt", id(&file));
        let whole = app.get(&path).await;
        assert!(whole.status == 200 && whole.bytes == content, "{length}: {} of {}", whole.bytes.len(), content.len());
        let part = app.send(Request::get(&path).header("range", "bytes=-1"), "").await;
        assert_eq!((part.status.as_u16(), &*part.bytes), (206, &content[length - 1..]), "{length}");
        assert_eq!(app.delete(&format!("/api/v1/files/{}", id(&file))).await.status, 204);
        app.run_jobs().await;
        assert_eq!((rows(&app).await, used(&app).await, stored(&app).await.len()), (0, 0, 0), "{length}");
    }
}

#[tokio::test]
async fn scenario_19_a_connection_that_is_cut_leaves_nothing() {
    let Some(storage) = server::Storage::start() else { return };
    let app = start(&storage.variables()).await;
    let content = content(3 * PART);
    for sent in [0, 600, PART - 1, PART + 1, 2 * PART + 1, 3 * PART - 1] {
        let connection = begin(app.address, content.len(), &content[..sent]).await;
        wait_until(async || rows(&app).await == 1).await;
        if sent > PART {
            wait_until(async || !stored(&app).await.is_empty()).await;
        }
        drop(connection);
        wait_until(async || rows(&app).await == 0).await;
        assert_eq!((used(&app).await, stored(&app).await.len()), (0, 0), "cut after {sent} bytes");
    }
}

/// A bucket may have more in it than files of people, and of this application.
#[tokio::test]
async fn a_prefix_keeps_applications_apart() {
    let Some(storage) = server::Storage::start() else { return };
    let with = |prefix: &'static str| [storage.variables(), vec![("S3_PREFIX", prefix)]].concat();
    let (shop, blog) = (start(&with("shop/")).await, start(&with("blog/")).await);
    let file: Value = upload(&shop, content(100)).await.json();
    upload(&blog, content(100)).await;
    assert_eq!(stored(&shop).await, [id(&file)]);
    shop.clock().advance(Duration::from_hours(25));
    let cleaned = run(&shop.application.state, Command::Clean { dry_run: false }).await.unwrap();
    assert_eq!(cleaned, "there is nothing to remove\n");
    assert_eq!(run(&shop.application.state, Command::Verify).await.unwrap(), "all files of the table are stored\n");
    assert_eq!(stored(&blog).await.len(), 1);
}

/// The storage checks signatures, and so these tests prove that ours are right.
#[tokio::test]
async fn nobody_stores_anything_without_the_key() {
    let Some(storage) = server::Storage::start() else { return };
    let wrong = [storage.variables(), vec![("S3_SECRET_ACCESS_KEY", "another")]].concat();
    let app = start(&wrong).await;
    let refused = upload(&app, content(100)).await;
    assert_eq!(refused.status, 500);
    assert!(!refused.body.contains("Signature"), "{}", refused.body);
    let state = &app.application.state;
    assert!(state.service::<Storage>().0.check(state).await.is_err());
    let right = start(&storage.variables()).await;
    let state = &right.application.state;
    state.service::<Storage>().0.check(state).await.unwrap();
    assert!(stored(&right).await.is_empty());
}

/// In development nothing has to be set up.
#[tokio::test]
async fn without_an_endpoint_files_are_in_the_folder() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let app = start(&[("UPLOADS_FOLDER", path), ("S3_ENDPOINT", "")]).await;
    let file: Value = upload(&app, content(100)).await.json();
    assert_eq!(stored(&app).await, [id(&file)]);
    assert!(folder.path().join("tmp").exists());
}
