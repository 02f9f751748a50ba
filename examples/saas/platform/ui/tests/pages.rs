//! The pages that every project has.

use axum::http::Request;
use kernel::{APP_NAME, Link, Module, Place};
use testkit::TestApp;
use ui::{Fragment, Region};

async fn start() -> TestApp {
    let library =
        Module::new("library").link(Link::new(Place::Main, "Books <new>", "/books").about("Everything to read"));
    TestApp::start(vec![ui::module(), library]).await
}

#[tokio::test]
async fn home_shows_the_modules_and_needs_no_script() {
    let response = start().await.get("/").await;
    assert_eq!(response.status, 200);
    assert!(response.header("content-type").starts_with("text/html"));
    assert!(response.body.contains(APP_NAME));
    assert!(response.body.contains("Everything to read"));
    assert!(!response.body.contains("<new>"), "labels are escaped");
    assert!(!response.body.contains("<script"));
}

#[tokio::test]
async fn every_menu_has_its_place() {
    let module = Module::new("library")
        .link(Link::new(Place::Footer, "Imprint", "/imprint"))
        .link(Link::new(Place::Account, "Sign in", "/sign-in"))
        .link(Link::new(Place::Account, "Sign out", "/sign-out").shown_to(|visitor| visitor.is_some()));
    let app = TestApp::start(vec![ui::module(), module]).await;
    let page = app.get("/nothing-here").await.body;
    let (header, footer) = page.split_once("</header>").expect("the page has a header");
    assert!(header.contains("<nav aria-label=\"Account\">") && header.contains("href=\"/sign-in\""));
    assert!(!header.contains("aria-label=\"Main\""), "a menu without entries is left out");
    assert!(!page.contains("Sign out") && !header.contains("Imprint") && footer.contains("href=\"/imprint\""));

    let page = app.as_user().get("/nothing-here").await;
    assert!(page.body.contains("Sign out") && page.header("cache-control") == "no-store");
}

async fn stylesheet(app: &TestApp) -> String {
    let home = app.get("/").await.body;
    let path = home.split('"').find(|part| part.starts_with("/assets/app-"));
    path.expect("the page links a stylesheet").to_owned()
}

#[tokio::test]
async fn the_stylesheet_is_kept_for_a_year() {
    let app = start().await;
    let path = stylesheet(&app).await;
    let response = app.get(&path).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), "text/css");
    assert!(response.header("cache-control").contains("immutable"));
    assert_eq!(response.header("content-encoding"), "");

    for (accepted, encoding) in [("br, gzip;q=0.8", "gzip"), ("gzip;q=0, br", "")] {
        let request = Request::head(&path).header("accept-encoding", accepted);
        assert_eq!(app.send(request, String::new()).await.header("content-encoding"), encoding, "{accepted}");
    }
}

#[tokio::test]
async fn a_page_of_another_release_gets_the_stylesheet_of_this_one_and_does_not_keep_it() {
    let app = start().await;
    let path = stylesheet(&app).await;
    let current = app.get(&path).await;
    let hash = path.trim_start_matches("/assets/app-").trim_end_matches(".css");
    assert_eq!(hash.len(), 32, "no two files share 128 bits of SHA-256");
    let other = app.get(&path.replace(hash, &"0".repeat(32))).await;
    assert_eq!((other.status, &other.body), (current.status, &current.body));
    assert_eq!([other.header("content-type"), other.header("cache-control")], ["text/css", "no-cache"]);

    for unknown in ["app.css", "app-.css", "app-00.css", &format!("{hash}.css"), &format!("icon-{hash}.css")] {
        assert_eq!(app.get(&format!("/assets/{unknown}")).await.status, 404, "{unknown}");
    }
}

#[tokio::test]
async fn an_unknown_page_is_friendly() {
    let response = start().await.get("/nothing-here").await;
    assert_eq!(response.status, 404);
    assert!(response.header("content-type").starts_with("text/html"));
    assert!(response.body.contains("Page not found"));
    assert!(response.body.contains(response.header("x-request-id")));
}

#[tokio::test]
async fn a_module_adds_to_every_page() {
    let module = Module::new("visits")
        .add(Fragment(Region::Head, |_, _| Some("<meta name=\"robots\">".to_owned())))
        .add(Fragment(Region::Header, |_, request| Some(format!("<p>{}</p>", request.uri.path()))))
        .add(Fragment(Region::Main, |_, _| Some("<p>First</p>".to_owned())))
        .add(Fragment(Region::Main, |_, _| Some("<p>Second</p>".to_owned())))
        .add(Fragment(Region::Footer, |_, _| None));
    let app = TestApp::start(vec![ui::module(), module]).await;
    for path in ["/", "/nothing-here"] {
        let page = app.get(path).await.body;
        let (head, body) = page.split_once("</head>").expect("the page has a head");
        let (header, rest) = body.split_once("</header>").expect("the page has a header");
        let (main, _) = rest.split_once("<h1>").expect("the page has a heading");
        assert!(head.contains("<meta name=\"robots\">"), "{path}");
        assert!(header.contains(&format!("<p>{path}</p>")), "{path}");
        assert!(main.contains("<p>First</p><p>Second</p>"), "{path}");
    }
}
