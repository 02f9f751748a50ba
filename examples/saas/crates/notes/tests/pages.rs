use testkit::TestApp;

async fn start() -> TestApp {
    TestApp::start(vec![ui::module(), notes::module()]).await
}

#[tokio::test]
async fn a_note_is_written_with_the_form() {
    let app = start().await;
    assert!(app.get("/notes").await.body.contains("No notes yet"));

    let response = app.post_form("/notes", "title=Milk&body=two+bottles").await;
    assert_eq!(response.status, 303);
    assert_eq!(response.header("location"), "/notes");

    let page = app.get("/notes").await.body;
    assert!(page.contains("Milk") && page.contains("two bottles"));
}

#[tokio::test]
async fn a_refused_form_comes_back_with_its_values_and_a_message() {
    let app = start().await;
    let response = app.post_form("/notes", "title=+&body=keep+me").await;
    assert_eq!(response.status, 422);
    assert!(response.body.contains("Give the note a title."));
    assert!(response.body.contains("aria-describedby=\"title-message\""));
    assert!(response.body.contains("keep me"));
}

#[tokio::test]
async fn text_cannot_become_markup() {
    let app = start().await;
    app.post_form("/notes", "title=%3Cscript%3E&body=%3Cimg%3E").await;
    let page = app.get("/notes").await.body;
    assert!(!page.contains("<script>") && !page.contains("<img>"));
}

#[tokio::test]
async fn a_note_is_deleted_with_its_button() {
    let app = start().await;
    app.post_form("/notes", "title=Milk&body=").await;
    let page = app.get("/notes").await.body;
    let action = page.split('"').find(|part| part.ends_with("/delete")).expect("the note has a button to delete it");
    assert_eq!(app.post_form(action, "").await.status, 303);
    assert_eq!(app.post_form(action, "").await.status, 404);
    assert!(app.get("/notes").await.body.contains("No notes yet"));
}
