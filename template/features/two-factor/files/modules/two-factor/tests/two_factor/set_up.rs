use std::{collections::HashSet, time::Duration};

use rqrr::PreparedImage;
use serde_json::{Value, json};
use testkit::Response;

use crate::{
    ANN, Phone, api, begin, browser, enter, leads, mail_to, sign_in, start, status, turn_on, wait_for_a_code, waiting,
};

const PAGE: &str = "/account/two-factor";

#[tokio::test]
async fn somebody_sets_it_up_on_the_pages() {
    let app = start().await;
    let mut browser = browser(&app, ANN).await;
    assert_eq!(browser.get("/account").await.link("Second factor"), PAGE);
    let form = browser.get(PAGE).await.form("main form");
    let page = browser.submit_and_follow(&form).await;
    assert!(page.all("main svg path").len() == 1 && !page.body.contains("<?xml"), "{}", page.body);
    let phone = Phone(page.one("main code").text());
    assert_eq!(phone.0.len(), 39, "160 bits in groups");

    let form = page.form("main form");
    let refused = browser.submit(&form.clone().set("code", &phone.code_at(&app, 5))).await;
    assert_eq!((refused.status.as_u16(), refused.one("main code").text()), (422, phone.0.clone()));
    let shown = browser.submit(&form.set("code", &phone.code(&app))).await;
    let codes: Vec<_> = shown.all("main ol code").iter().map(testkit::Element::text).collect();
    assert_eq!((codes.len(), codes[0].len()), (10, 29), "{codes:?}");
    let file = shown.link("Download").replace("%20", " ").replace("%0A", "\n");
    assert_eq!(file, format!("data:text/plain,{}\n", codes.join("\n")));

    assert!(browser.get("/account").await.body.contains("not said yet that your recovery codes are saved"));
    let page = browser.submit_and_follow(&shown.form("main form").check("saved", "true")).await;
    assert!(page.body.contains(">On<") && !page.body.contains("not said yet") && !page.body.contains(&codes[0]));
    assert_eq!(status(&mut browser, "/account/two-factor/set-up").await, 404, "the key is not shown again");
    assert!(browser.get("/account").await.body.contains("Turned the second factor on"));
    assert_eq!(mail_to(&app, ANN).content.subject.split(" · ").next(), Some("Signing in takes a code now"));

    wait_for_a_code(&app);
    assert_eq!(enter(&mut waiting(&app, crate::PASSWORD).await, &phone.code(&app)).await, leads("/"));
}

#[tokio::test]
async fn the_key_tells_an_app_what_it_is_for() {
    let app = start().await;
    let mut browser = browser(&app, ANN).await;
    let begun: Value = api(&mut browser, "POST", "/api/v1/account/two-factor", &Value::Null).await.json();
    let (key, uri) = (begun["key"].as_str().unwrap(), begun["uri"].as_str().unwrap());
    assert!(uri.starts_with("otpauth://totp/") && uri.contains(":ann%40example%2Ecom?secret="), "{uri}");
    assert!(uri.contains(&format!("secret={key}&issuer=")), "{uri}");
}

#[tokio::test]
async fn nothing_changes_before_the_app_has_given_a_code() {
    let app = start().await;
    let mut ann = browser(&app, ANN).await;
    let (first, second) = (begin(&mut ann).await, begin(&mut ann).await);
    assert_ne!(first.0, second.0);
    for wrong in [first.code(&app), second.code_at(&app, 5), String::new(), "123".to_owned()] {
        let refused = api(&mut ann, "POST", "/api/v1/account/two-factor/confirm", &json!({ "code": wrong })).await;
        assert_eq!(refused.status, 422, "{wrong}");
    }
    assert_eq!(sign_in(&mut app.browser(), ANN, crate::PASSWORD).await.header("location"), "/");
    let state: Value = ann.get("/api/v1/account/two-factor").await.json();
    let off = json!({
        "since": null, "recovery_codes_left": 0, "recovery_codes_saved": false, "is_required": false,
    });
    assert_eq!(state, off);
}

#[tokio::test]
async fn a_factor_that_is_on_cannot_be_begun_again() {
    let app = start().await;
    let mut browser = browser(&app, ANN).await;
    let (phone, _) = turn_on(&app, &mut browser).await;
    assert_eq!(api(&mut browser, "POST", "/api/v1/account/two-factor", &Value::Null).await.status, 409);
    wait_for_a_code(&app);
    let again = json!({ "code": phone.code(&app) });
    assert_eq!(api(&mut browser, "POST", "/api/v1/account/two-factor/confirm", &again).await.status, 404);
}

#[tokio::test]
async fn other_sessions_end_where_that_is_wanted() {
    let app = start().await;
    for (end_sessions, expected) in [(false, 200), (true, 303)] {
        let (mut other, mut ann) = (browser(&app, ANN).await, browser(&app, ANN).await);
        let phone = begin(&mut ann).await;
        let body = json!({ "code": phone.code(&app), "end_sessions": end_sessions });
        assert_eq!(api(&mut ann, "POST", "/api/v1/account/two-factor/confirm", &body).await.status, 200);
        assert_eq!((status(&mut other, "/account").await, status(&mut ann, "/account").await), (expected, 200));
        assert_eq!(api(&mut ann, "DELETE", "/api/v1/account/two-factor", &Value::Null).await.status, 204);
    }
}

/// 12: whoever finds an open session cannot turn it off, or set it up.
/// What a camera reads in the picture of a page, from what is drawn.
fn read_picture(page: &Response) -> String {
    let size: usize = page.one("main svg").attribute("width").parse().unwrap();
    let background = page.one("main svg rect");
    assert_eq!((background.attribute("width"), background.attribute("fill")), (&*size.to_string(), "#fff"));
    let path = page.one("main svg path");
    assert_eq!(path.attribute("fill"), "#000");
    let mut dark = HashSet::new();
    // Each part is a rectangle, such as `M24 24h42v6H24V24`.
    for part in path.attribute("d").split('M').skip(1) {
        let numbers = part.split(|char: char| !char.is_ascii_digit()).map(|number| number.parse().unwrap());
        let [left, top, width, height, ..] = numbers.collect::<Vec<usize>>()[..] else { panic!("{part}") };
        dark.extend((left..left + width).flat_map(|x| (top..top + height).map(move |y| (x, y))));
    }
    let colour = |x, y| if dark.contains(&(x, y)) { 0 } else { 255 };
    let mut picture = PreparedImage::prepare_from_greyscale(size, size, colour);
    let [code] = &picture.detect_grids()[..] else { panic!("there is one code") };
    code.decode().unwrap().1
}

#[tokio::test]
async fn a_camera_reads_the_key() {
    let app = start().await;
    let mut browser = browser(&app, ANN).await;
    let form = browser.get(PAGE).await.form("main form");
    let page = browser.submit_and_follow(&form).await;
    let key = page.one("main code").text().replace(' ', "");
    let uri = read_picture(&page);
    let (label, parameters) = uri.strip_prefix("otpauth://totp/").and_then(|rest| rest.split_once('?')).unwrap();
    let (issuer, account) = label.split_once(':').unwrap();
    assert_eq!((account, parameters), ("ann%40example%2Ecom", &*format!("secret={key}&issuer={issuer}")));
}

#[tokio::test]
async fn changes_ask_for_a_confirmation() {
    let app = start().await;
    let mut browser = browser(&app, ANN).await;
    turn_on(&app, &mut browser).await;
    app.clock().advance(Duration::from_mins(11));
    for (method, path) in [("DELETE", ""), ("POST", ""), ("POST", "/confirm"), ("POST", "/recovery-codes")] {
        let path = format!("/api/v1/account/two-factor{path}");
        let refused = api(&mut browser, method, &path, &json!({ "code": "000000" })).await;
        assert_eq!(
            (refused.status.as_u16(), refused.body.contains("Confirm who you are")),
            (403, true),
            "{method} {path}"
        );
    }
    for path in ["/off", "/codes", "/set-up", ""] {
        let path = format!("{PAGE}{path}");
        let asked = format!("/confirm-access?next={}", path.replace('/', "%2F"));
        assert_eq!(browser.get(&path).await.header("location"), asked);
        let form = hyper::Request::post(&path).header("referer", format!("https://app.test{path}"));
        let posted = browser.send(form, "").await;
        assert_eq!(posted.header("location"), asked);
    }
    let state: Value = browser.get("/api/v1/account/two-factor").await.json();
    assert!(state["since"].is_string() && state["recovery_codes_left"] == 10, "{state}");
}

#[tokio::test]
async fn somebody_turns_it_off() {
    let app = start().await;
    let mut browser = browser(&app, ANN).await;
    turn_on(&app, &mut browser).await;
    let form = browser.get("/account/two-factor/off").await.form("main form");
    let page = browser.submit_and_follow(&form).await;
    assert!(page.body.contains("The second factor is off."));
    assert!(mail_to(&app, ANN).content.subject.starts_with("Signing in takes no code any more"));
    assert_eq!((crate::count(&app, "two_factor").await, crate::count(&app, "recovery_codes").await), (0, 0));
    assert_eq!(sign_in(&mut app.browser(), ANN, crate::PASSWORD).await.header("location"), "/");
    assert_eq!(api(&mut browser, "DELETE", "/api/v1/account/two-factor", &Value::Null).await.status, 404);
}
