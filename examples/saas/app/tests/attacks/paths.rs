//! Paths that lead out of the assets, or around them.

use crate::{send_raw, start, status};

#[tokio::test]
async fn no_path_leads_out_of_the_assets() {
    let app = start().await;
    let stylesheet =
        app.get("/").await.body.split('"').find(|part| part.starts_with("/assets/app-")).map(str::to_owned);
    let stylesheet = stylesheet.expect("the page links a stylesheet");
    let mut targets =
        vec![format!("{stylesheet}/../../Cargo.toml"), format!("{stylesheet}%00.html"), format!("/{stylesheet}")];
    for up in [
        "../",
        "..%2f",
        "%2e%2e/",
        "%2e%2e%2f",
        "..%5c",
        "%252e%252e%252f",
        "..;/",
        "....//",
        "..%c0%af",
        "%u002e%u002e/",
    ] {
        let depth = up.repeat(12);
        targets.extend(["Cargo.toml", "etc/passwd", ".env"].map(|file| format!("/assets/{depth}{file}")));
    }
    targets.extend(
        ["/assets/", "/assets", "/assets//etc/passwd", "/.env", "//etc/passwd", "/assets/app.css"].map(str::to_owned),
    );
    for target in &targets {
        let answer = send_raw(&app, &format!("GET {target} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")).await;
        assert_eq!(status(&answer), "404", "{target}: {answer}");
        assert!(answer.to_lowercase().contains("content-type: text/html"), "{target}: {answer}");
        assert!(!answer.contains("[package]") && !answer.contains("root:"), "{target}: {answer}");
        assert!(!answer.to_lowercase().contains("cache-control: public"), "{target} is kept by caches");
    }
    // The path of a whole address counts, and not its host.
    let answer =
        send_raw(&app, "GET http://evil.example/.env HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await;
    assert_eq!(status(&answer), "404", "{answer}");
    let answer = send_raw(&app, "CONNECT evil.example:443 HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await;
    assert_eq!(status(&answer), "404", "{answer}");
    let answer = send_raw(&app, "GET ../../etc/passwd HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert_eq!(status(&answer), "400", "{answer}");
}
