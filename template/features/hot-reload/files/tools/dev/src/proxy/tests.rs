use std::future::IntoFuture;

use axum::{http::HeaderMap, response::Html};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

/// Serves on a free port.
async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
    address
}

async fn application() -> SocketAddr {
    let page = "<html><head><title>x</title></head><body>";
    serve(
        Router::new()
            .route("/page", get(async move || Html(page)))
            .route("/data", get(async || "{}</head>"))
            .route("/headers", get(async |headers: HeaderMap| format!("{headers:?}")))
            .route("/echo", get(echo)),
    )
    .await
}

/// Speaks a protocol of its own after the first answer, as web sockets do.
async fn echo(mut request: Request) -> (StatusCode, [(header::HeaderName, &'static str); 2]) {
    let browser = upgrade::on(&mut request);
    tokio::spawn(async {
        let mut stream = TokioIo::new(browser.await.unwrap());
        let mut word = [0; 4];
        stream.read_exact(&mut word).await.unwrap();
        stream.write_all(&word).await.unwrap();
    });
    (StatusCode::SWITCHING_PROTOCOLS, [(header::CONNECTION, "upgrade"), (header::UPGRADE, "echo")])
}

fn works(address: SocketAddr, build: u128) -> Progress {
    Progress { target: Some(Target { address, build }), failure: None }
}

async fn fetch(address: SocketAddr, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).header(header::HOST, "app.test").header(header::ACCEPT_ENCODING, "gzip");
    let response = exchange(address, request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status();
    let content = body::to_bytes(response.into_body(), PAGE_LIMIT).await.unwrap();
    (status, String::from_utf8(content.into()).unwrap())
}

#[tokio::test]
async fn only_pages_get_the_script() {
    let (_sender, targets) = watch::channel(works(application().await, 7));
    let address = serve(router(targets)).await;

    let (_, page) = fetch(address, "/page").await;
    assert!(page.contains("<script src=\"/dev/reload.js?7\" async></script>\n</head><body>"), "{page}");
    assert_eq!(fetch(address, "/data").await.1, "{}</head>");
    assert_eq!(fetch(address, "/nothing").await.0, StatusCode::NOT_FOUND);
    assert_eq!(fetch(address, "/dev/reload.js").await.1, SCRIPT);
}

#[tokio::test]
async fn the_application_sees_the_request_as_it_was_sent() {
    let (_sender, targets) = watch::channel(works(application().await, 7));
    let (_, headers) = fetch(serve(router(targets)).await, "/headers").await;
    assert!(headers.contains("app.test"), "{headers}");
    assert!(!headers.contains("gzip"), "{headers}");
}

#[tokio::test]
async fn a_page_learns_of_another_build() {
    let application = application().await;
    let (sender, targets) = watch::channel(works(application, 7));
    let address = serve(router(targets)).await;
    let mut news = Box::pin(fetch(address, "/dev/reload?7"));
    tokio::select! {
        biased;
        _ = &mut news => panic!("there is no other build yet"),
        _ = fetch(address, "/page") => {}
    }
    sender.send_replace(works(application, 8));
    assert_eq!(news.await.1, "data: reload\n\n");
    assert_eq!(fetch(address, "/dev/reload?7").await.1, "data: reload\n\n", "also when it asks late");
}

#[tokio::test]
async fn a_page_learns_why_there_is_no_other_build_and_when_all_is_well_again() {
    let application = application().await;
    let failure = Some(Failure { id: 8, text: "error: a <b>\n --> c".to_owned() });
    let (sender, targets) = watch::channel(Progress { failure, ..works(application, 7) });
    let address = serve(router(targets)).await;
    assert!(fetch(address, "/page").await.1.contains("/dev/reload.js?7"), "the old build goes on");
    let event = "event: failure\nid: 8\ndata: error: a <b>\ndata:  --> c\n\n";
    assert_eq!(fetch(address, "/dev/reload?7").await.1, event);
    sender.send_replace(works(application, 7));
    assert_eq!(fetch(address, "/dev/reload?8").await.1, "data: reload\n\n", "for what the page shows has passed");
}

#[tokio::test]
async fn without_any_build_the_page_says_why() {
    let failure = Failure { id: 8, text: "error: a <b> & c".to_owned() };
    let (_sender, targets) = watch::channel(Progress { target: None, failure: Some(failure) });
    let (status, page) = fetch(serve(router(targets)).await, "/page").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.contains("<pre>error: a &lt;b> &amp; c</pre>") && page.contains("/dev/reload.js?8"), "{page}");
}

#[tokio::test]
async fn requests_wait_for_a_build() {
    let (sender, targets) = watch::channel(Progress::default());
    let address = serve(router(targets)).await;
    let request = tokio::spawn(async move { fetch(address, "/data").await });
    // The script does not need a build: when it is here, the other request has been waiting.
    fetch(address, "/dev/reload.js").await;
    assert!(!request.is_finished());
    sender.send_replace(works(application().await, 1));
    assert_eq!(request.await.unwrap().0, StatusCode::OK);
}

#[tokio::test]
async fn an_application_that_does_not_answer_is_named() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (_sender, targets) = watch::channel(works(gone, 1));
    let (status, message) = fetch(serve(router(targets)).await, "/page").await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(message.starts_with("the application does not answer"), "{message}");
}

#[tokio::test]
async fn protocols_can_be_switched() {
    let (_sender, targets) = watch::channel(works(application().await, 1));
    let mut stream = TcpStream::connect(serve(router(targets)).await).await.unwrap();
    let request = "GET /echo HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    stream.write_all(b"ping").await.unwrap();
    let mut word = [0; 4];
    stream.read_exact(&mut word).await.unwrap();
    assert_eq!(&word, b"ping");
}
