use testkit::Multipart;

use crate::{PNG, start, traces};

#[tokio::test]
async fn people_upload_look_and_delete() {
    let files = start().await;
    let mut browser = files.browser();
    let page = browser.get("/files").await;
    assert!(page.body.contains("No files yet") && page.body.contains("0 bytes of 1.0 GiB used."), "{}", page.body);
    let form = page.one("main form[enctype='multipart/form-data']");
    assert_eq!((form.attribute("method"), form.attribute("action")), ("post", "/files/upload"));
    assert!(page.one("input[type=file]").attribute("accept").contains(".png"));

    let sent =
        files.post_multipart("/files/upload", Multipart::new().file("file", "My photo.png", "image/png", PNG)).await;
    assert_eq!((sent.status.as_u16(), sent.header("location")), (303, "/files"));
    let list = browser.get("/files").await;
    let link = list.one("main td:first-child a");
    assert_eq!(link.text(), "My photo.png");
    let shown = browser.get(link.attribute("href")).await;
    let image = shown.one("main img").attribute("src").to_owned();
    assert!(image.ends_with("/My%20photo.png"), "{image}");
    assert_eq!(browser.get(&image).await.bytes, PNG);
    let shared = shown.all("main code").iter().map(testkit::Element::text).find(|text| text.contains("?e=")).unwrap();
    assert!(shared.starts_with("https://app.test/files/"), "{shared}");

    let ask = browser.get(list.one("main td.actions a").attribute("href")).await;
    let deleted = browser.submit(&ask.form("main form")).await;
    let after = browser.follow(&deleted).await;
    assert!(after.body.contains("The file was deleted.") && after.body.contains("No files yet"), "{}", after.body);
    files.run_jobs().await;
    assert_eq!(traces(&files).await.0, 0);
}

#[tokio::test]
async fn a_refused_form_says_why() {
    let files = start().await;
    let form = Multipart::new().file("file", "a.html", "text/html", b"<p>");
    let refused = files.post_multipart("/files/upload", form).await;
    assert_eq!(refused.status, 415);
    assert!(refused.body.contains("Files of this kind are not accepted."));
    assert!(refused.body.contains("aria-describedby=\"file-message file-hint\""), "{}", refused.body);
}

#[tokio::test]
async fn names_are_text_and_no_markup() {
    let files = start().await;
    let form = Multipart::new().file("file", "<img src=x onerror=alert(1)>.png", "image/png", PNG);
    assert_eq!(files.post_multipart("/files/upload", form).await.status, 303);
    let list = files.get("/files").await;
    let page = files.get(list.one("main td:first-child a").attribute("href")).await;
    for body in [&list.body, &page.body] {
        assert!(!body.contains("<img src=x"), "{body}");
    }
}
