//! Values that are not meant to be values: SQL and markup.

use hyper::Method;
use serde_json::{Map, Value, json};
use testkit::TestApp;

use crate::{
    IDS, encoded, operations, send, start,
    treasure::{API, PAGE, entries},
};

const HOSTILE: [&str; 12] = [
    "'; DROP TABLE treasure; --",
    "' OR '1'='1",
    "\" OR \"\"=\"",
    "1); DELETE FROM treasure; --",
    "gold' UNION SELECT sql FROM sqlite_master --",
    "\\'; DELETE FROM treasure; --",
    "%' OR entry LIKE '%",
    "$1",
    "?1",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}${7*7}",
];

#[tokio::test]
async fn a_value_is_never_a_part_of_a_query() {
    let app = start().await;
    let mut expected = vec!["gold".to_owned()];
    for value in HOSTILE {
        let nothing = app.get(&format!("{PAGE}/{}", encoded(value))).await;
        assert_eq!(nothing.json::<Value>(), json!([]), "{value}");
        assert_eq!(app.post_json(API, &json!({ "entry": value })).await.status, 200, "{value}");
        assert_eq!(app.post_form(PAGE, &format!("entry={}", encoded(value))).await.status, 200, "{value}");
        let found = app.get(&format!("{PAGE}/{}", encoded(value))).await;
        assert_eq!(found.json::<Value>(), json!([value, value]), "{value}");
        expected.extend([value.to_owned(), value.to_owned()]);
    }
    let mut found = entries(&app).await;
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

/// The fields of the body of an operation.
fn fields(app: &TestApp, operation: &Value) -> Vec<String> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let reference = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    let schema = reference.and_then(|path| app.application.state.openapi.pointer(path)).unwrap_or(schema);
    schema["properties"].as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
}

/// A request with a hostile value in one place.
pub struct Attempt<'a> {
    pub address: String,
    pub headers: Vec<(&'a str, &'a str)>,
    pub body: String,
}

/// Values that are too much for somebody: SQL and markup, and what is odd.
pub fn values() -> impl Iterator<Item = &'static str> {
    let odd = ["'", "\"", "\\", "\0", "%00", "\u{202e}", "-1", "9223372036854775808", "1e999", "NaN", "null", "[]"];
    HOSTILE.into_iter().chain(odd)
}

/// The value in each parameter and each field of an operation.
pub fn attempts<'a>(app: &TestApp, path: &str, operation: &'a Value, value: &'a str) -> Vec<Attempt<'a>> {
    let kind = ("content-type", "application/json");
    let mut attempts = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().expect("a parameter has a name");
        let (mut address, mut headers) = (path.to_owned(), vec![kind]);
        match parameter["in"].as_str() {
            Some("query") => address = format!("{path}?{name}={}", encoded(value)),
            Some("path") => address = with_id(path, &encoded(value)),
            // Others cannot be sent.
            Some("header") if value.bytes().all(|byte| byte.is_ascii_graphic()) => headers.push((name, value)),
            _ => continue,
        }
        attempts.push(Attempt { address, headers, body: String::new() });
    }
    // Otherwise no body of an operation that sets a condition would be read.
    let any = ("if-match", "*");
    let fields = fields(app, operation);
    for hostile in &fields {
        let fill = |field: &String| (field.clone(), Value::from(if field == hostile { value } else { "1" }));
        let body: Map<_, _> = fields.iter().map(fill).collect();
        attempts.push(Attempt {
            address: path.to_owned(),
            headers: vec![kind, any],
            body: Value::Object(body).to_string(),
        });
    }
    attempts
}

/// The path with another id.
fn with_id(path: &str, id: &str) -> String {
    let parts: Vec<_> = path.split('/').map(|part| if IDS.contains(&part) { id } else { part }).collect();
    parts.join("/")
}

/// Whatever the modules are: no value of any parameter or field is too much for them.
#[tokio::test]
async fn no_parameter_or_field_breaks_an_operation() {
    let app = start().await.as_user();
    for (method, path, operation) in operations(&app) {
        for value in values() {
            for Attempt { address, headers, body } in attempts(&app, &path, &operation, value) {
                let answer = send(&app, &method, &address, &headers, &body).await;
                let context = format!("{method} {address} {headers:?} {body}: {} {}", answer.status, answer.body);
                assert!(!answer.status.is_server_error(), "{context}");
                let is_problem = answer.header("content-type") == "application/problem+json";
                assert_eq!(answer.status.is_client_error(), is_problem, "{context}");
            }
        }
    }
    let gold = entries(&app).await.into_iter().filter(|entry| entry == "gold").count();
    assert_eq!(gold, 1);
}

#[tokio::test]
async fn an_error_never_carries_markup() {
    let app = start().await;
    let id = "<script>alert(1)</script>\"'><img/src=x>";
    let page = send(&app, &Method::GET, "/nothing/%3Cscript%3E?%3Cscript%3E", &[("x-request-id", id)], "").await;
    assert_eq!(page.status, 404);
    assert!(!page.body.contains("<script>") && !page.body.contains("<img/"), "{}", page.body);

    let problem =
        send(&app, &Method::GET, "/api/%3Cscript%3E", &[("x-request-id", id), ("accept", "text/html")], "").await;
    assert_eq!((problem.status.as_u16(), problem.header("content-type")), (404, "application/problem+json"));
    assert_eq!(problem.header("x-content-type-options"), "nosniff");
    assert_ne!(problem.json::<Value>()["request_id"], id, "strangers do not choose it");
}
