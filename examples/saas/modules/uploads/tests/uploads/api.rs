use hyper::Request;
use serde_json::{Value, json};

use crate::{NOTHING, PNG, content_of, start, start_with_people, text, traces, upload, uploaded};

#[tokio::test]
async fn a_file_comes_and_goes() {
    let files = start().await;
    let answer = upload(&files, "photo.png", PNG).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let file: Value = answer.json();
    assert_eq!(answer.header("location"), format!("/api/v1/files/{}", text(&file, "id")));
    assert_eq!((text(&file, "name"), text(&file, "kind")), ("photo.png", "image/png"));
    assert_eq!((&file["size"], text(&file, "purpose")), (&json!(PNG.len()), "uploads.files"));
    assert_eq!(text(&file, "sha256").len(), 64);
    let size = i64::try_from(PNG.len()).unwrap();
    assert_eq!(traces(&files).await, (1, size, 1, 1));

    let list: Value = files.get("/api/v1/files").await.json();
    assert_eq!(list["items"], json!([file]));
    let path = format!("/api/v1/files/{}", text(&file, "id"));
    assert_eq!(files.get(&path).await.json::<Value>(), file);
    assert_eq!(files.get(&content_of(&file)).await.bytes, PNG);

    assert_eq!(files.delete(&path).await.status, 204);
    for gone in [&path, &content_of(&file)] {
        assert_eq!(files.get(gone).await.status, 404, "{gone}");
    }
    assert_eq!(files.delete(&path).await.status, 404);
    assert_eq!(traces(&files).await, (1, 0, 0, 1), "its room is free at once");
    files.run_jobs().await;
    assert_eq!(traces(&files).await, NOTHING);
}

#[tokio::test]
async fn what_arrives_is_what_was_sent() {
    let files = start().await;
    let (right, wrong) = ("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", "sha-256=:AAAA:");
    let send = |digest: &'static str, content: &'static str| {
        let request = Request::post("/api/v1/files?name=a.txt").header("content-digest", digest);
        files.send(request, content)
    };
    assert_eq!(send(wrong, "two bottles").await.status, 400);
    let refused = send(right, "two bottles").await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    // Calculated by `sha256sum`.
    let digest = "md5=:AAAA:, sha-256=:8ni4rgsSyKsR/J5Kb7prFGzjlHvwn2H21Sfp4CUJVMU=:";
    let accepted = send(digest, "two bottles").await;
    assert_eq!(accepted.status, 201, "{}", accepted.body);
    assert_eq!(traces(&files).await.0, 1);
}

#[tokio::test]
async fn what_a_file_is_for_must_be_known() {
    let files = start().await;
    let refused = files.send(Request::post("/api/v1/files?name=a.txt&purpose=nothing"), "two bottles").await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json::<Value>()["errors"]["purpose"], "There is no such purpose.");
    assert_eq!(files.send(Request::post("/api/v1/files"), "two bottles").await.status, 400);
    assert_eq!(upload(&files, "a.txt", b"").await.status, 422, "an empty file is none");
    assert_eq!(traces(&files).await, NOTHING);
}

#[tokio::test]
async fn files_of_others_are_not_there() {
    let files = start_with_people(&[]).await;
    let (ann, bob) = (files.as_user(), files.as_user());
    let file = uploaded(&ann, "photo.png", PNG).await;
    let (api, page) = (format!("/api/v1/files/{}", text(&file, "id")), format!("/files/{}", text(&file, "id")));
    for path in [&api, &page, &format!("{page}/delete"), &content_of(&file)] {
        assert_eq!(ann.get(path).await.status, 200, "{path}");
        assert_eq!(bob.get(path).await.status, 404, "{path}");
        assert_eq!(files.get(path).await.status, 401, "{path}");
    }
    assert_eq!(bob.delete(&api).await.status, 404);
    assert_eq!(bob.post_form(&format!("{page}/delete"), "").await.status, 404);
    assert_eq!(bob.send(Request::post(format!("{api}/links")), "").await.status, 404);
    assert_eq!(bob.get("/api/v1/files").await.json::<Value>()["items"], json!([]));
    assert!(!bob.get("/files").await.body.contains("photo.png"));
    assert_eq!(upload(&files, "a.txt", b"two bottles").await.status, 401);
    assert_eq!(traces(&files).await.0, 1);
}
