//! Cookies that the application has not set, and pages to go back to that are not its own.

use hyper::Method;

use crate::{send, start};

#[tokio::test]
async fn a_forged_message_is_no_more_than_text() {
    let app = start().await;
    for cookie in [
        "flash=success:<script>alert(1)</script>",
        "flash=success%3A%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "flash=error:\"><img src=x onerror=alert(1)>",
        "flash=\"><script>:x",
        "theme=\"><script>alert(1)</script>",
        "theme=dark\"%20onload=\"alert(1)",
    ] {
        let page = send(&app, &Method::GET, "/", &[("cookie", cookie)], "").await;
        assert_eq!(page.status, 200, "{cookie}");
        assert!(!page.body.contains("<script>") && !page.body.contains("<img src=x"), "{cookie}: {}", page.body);
        assert!(!page.body.contains("onload="), "{cookie}: {}", page.body);
    }
}

#[tokio::test]
async fn a_theme_is_one_of_ours() {
    let app = start().await;
    for theme in ["dark%0d%0aset-cookie:%20session=stolen", "dark%3B%20Domain=evil.example", "%3Cscript%3E", "DARK"] {
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let answer = send(&app, &Method::POST, "/theme", &kind, &format!("theme={theme}")).await;
        assert_eq!(answer.status, 303, "{theme}");
        let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["theme=system; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"], "{theme}");
    }
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    let app = start().await;
    for (referer, expected) in [
        ("https://evil.example/", "/"),
        ("https://evil.example//evil.example/x", "/evil.example/x"),
        ("https://evil.example/%2f/evil.example", "/%2f/evil.example"),
        ("//evil.example", "/evil.example"),
        ("javascript:alert(1)", "/"),
        ("data:text/html,x", "/"),
    ] {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("referer", referer)];
        let answer = send(&app, &Method::POST, "/theme", &headers, "theme=dark").await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, expected), "{referer}");
    }
}
