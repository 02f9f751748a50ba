//! Filters, and what a list refuses.

use listing::ListQuery;
use serde_json::{Value, json};

use crate::{Thing, add, fetch, ids, start};

#[tokio::test]
async fn filters_find_what_they_say() {
    let app = start().await;
    for (name, size) in [("Milk", None), ("buttermilk", Some(1)), ("100% juice", Some(2)), (r"a_b\c", Some(3))] {
        add(app.db(), name, size).await;
    }
    for (filter, found) in [
        ("name=MILK", vec![1, 2]),
        ("name=%25", vec![3]),
        ("name=_", vec![4]),
        (r"name=\", vec![4]),
        ("name=%27%29%20OR%20TRUE--", vec![]),
        ("name=milk&size=1", vec![2]),
        ("name=", vec![1, 2, 3, 4]),
        ("done=true", vec![2]),
        ("done=false", vec![1, 3, 4]),
        ("made_at.from=1970-01-03", vec![3, 4]),
        ("made_at.to=1970-01-02", vec![1, 2]),
        ("made_at.to=1970-01-02T00:00:00Z", vec![1, 2]),
        ("made_at.to=1970-01-01T23:59:59Z", vec![1]),
        ("made_at.from=1970-01-02T01:00:00%2B01:00&made_at.to=1970-01-03", vec![2, 3]),
        // In a text, a fraction of a second would come before the second itself.
        ("made_at.from=1970-01-02T00:00:00.000Z", vec![2, 3, 4]),
        ("made_at.from=1970-01-02T00:00:00.001Z", vec![3, 4]),
        ("made_at.from=1970-01-01T23:59:59.999999999Z", vec![2, 3, 4]),
        ("made_at.to=1970-01-02T00:00:00.999Z", vec![1, 2]),
        ("made_at.to=1970-01-01T23:59:59.999Z", vec![1]),
        ("state=used", vec![3]),
        ("price.from=0.5&price.to=1.50", vec![2, 3]),
        ("price.to=-0.5", vec![1]),
        ("price.from=2", vec![4]),
        ("sold_on.from=1970-01-03", vec![3, 4]),
        ("sold_on.to=1970-01-03", vec![2, 3]),
    ] {
        let things = fetch(app.db(), &format!("/things?sort=made_at&{filter}")).await.items;
        assert_eq!(ids(&things), found, "{filter}");
    }
}

#[tokio::test]
async fn a_condition_of_the_handler_holds_on_every_page() {
    let app = start().await;
    for size in [Some(1), None, Some(2), None, Some(3)] {
        add(app.db(), "thing", size).await;
    }
    let mut url = Some("/things?limit=2&sort=made_at".to_owned());
    let mut found = Vec::new();
    while let Some(next) = url {
        let query = ListQuery::<Thing>::parse("/things", next.split_once('?').unwrap().1).unwrap();
        let page = query.fetch_where(app.db(), |sql| {
            sql.push(" AND owner = ").push_bind("ann");
        });
        let page = page.await.unwrap();
        found.extend(ids(&page.items));
        url = page.next_url();
    }
    assert_eq!(found, [1, 3, 5]);
}

#[tokio::test]
async fn a_query_gets_a_message_for_every_mistake() {
    let app = start().await;
    let response =
        app.get("/api/v1/things?limit=0&sort=owner&owner=ann&size=big&made_at.from=soon&name=a&name=b").await;
    assert_eq!(response.status, 400);
    assert_eq!(response.header("content-type"), "application/problem+json");
    let timestamp = "Use a date such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z.";
    assert_eq!(
        response.json::<Value>()["errors"],
        json!({
            "limit": "Use a number from 1 to 100.",
            "sort": "Sort by name, size, state, price, sold_on, done, made_at; a minus sign in front reverses the order.",
            "owner": "This list has no such parameter.",
            "size": "Use a whole number.",
            "made_at.from": timestamp,
            "name": "Give this parameter once.",
        })
    );
}

/// A newsletter adds `utm_source` to the links in it.
#[test]
fn a_page_leaves_out_what_is_meant_for_others() {
    let query = ListQuery::<Thing>::parse("/things", "utm_source=post&utm_source=mail&name=milk&gclid=").unwrap();
    assert_eq!((query.filter("name"), query.first_url().as_str()), ("milk", "/things?name=milk"));
    assert!(ListQuery::<Thing>::parse("/things", "name=milk&name=bread").is_err());
    assert!(ListQuery::<Thing>::parse("/things", "limit=0").is_err());
}

#[tokio::test]
async fn hostile_values_are_refused() {
    let app = start().await;
    let long = format!("name={}", "x".repeat(201));
    for query in [
        "limit=101",
        "limit=-1",
        "limit=99999999999999999999",
        "size=99999999999999999999",
        "name=%00",
        &long,
        "done=yes",
        "sort=name,name",
        "sort=name%20DESC;--",
        "sort=,",
        "made_at.to=9999-12-31",
        "made_at.from=0000-01-01T00:00:00%2B10:00",
        "state=broken",
        "price.from=1.234",
        "price.from=1.",
        "price.from=.5",
        "price.from=1e9",
        "price.from=--1",
        "price.to=99999999999999999999",
        "price=1",
        "sold_on.from=soon",
        "sold_on.to=2026-02-30",
    ] {
        let response = app.get(&format!("/api/v1/things?{query}")).await;
        assert_eq!(response.status, 400, "{query}");
        assert_eq!(response.json::<Value>()["errors"].as_object().unwrap().len(), 1, "{query}");
    }
}

#[tokio::test]
async fn a_cursor_that_was_tampered_with_is_refused() {
    let app = start().await;
    for size in 1..=3 {
        add(app.db(), "thing", Some(size)).await;
    }
    let cursor = fetch(app.db(), "/things?limit=1").await.next.unwrap();
    let cut = &cursor[..cursor.len() - 2];
    let queries = [
        // `["state",false,["broken",1]]`, `["price",false,[0.5,1]]`, `["sold_on",false,["soon",1]]`
        "sort=state&cursor=WyJzdGF0ZSIsZmFsc2UsWyJicm9rZW4iLDFdXQ".to_owned(),
        "sort=price&cursor=WyJwcmljZSIsZmFsc2UsWzAuNSwxXV0".to_owned(),
        "sort=sold_on&cursor=WyJzb2xkX29uIixmYWxzZSxbInNvb24iLDFdXQ".to_owned(),
        // `["-made_at",false,["soon",1]]`, `["-made_at",false,[1]]`, `["name",false,["\u0000",1]]`
        "cursor=WyItbWFkZV9hdCIsZmFsc2UsWyJzb29uIiwxXV0".to_owned(),
        "cursor=WyItbWFkZV9hdCIsZmFsc2UsWzFdXQ".to_owned(),
        "sort=name&cursor=WyJuYW1lIixmYWxzZSxbIlx1MDAwMCIsMV1d".to_owned(),
        format!("cursor={cut}"),
        "cursor=%00".to_owned(),
        // In another order it would point to another place.
        format!("sort=name&cursor={cursor}"),
    ];
    for query in queries {
        let response = app.get(&format!("/api/v1/things?{query}")).await;
        assert_eq!(response.status, 400, "{query}");
        assert!(response.json::<Value>()["errors"]["cursor"].is_string(), "{query}");
    }
}

#[tokio::test]
async fn the_api_document_lists_every_parameter() {
    let app = start().await;
    let document: Value = app.get("/api/openapi.json").await.json();
    let parameters = document["paths"]["/api/v1/things"]["get"]["parameters"].as_array().unwrap();
    let names: Vec<_> = parameters.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
    let ranges = ["price.from", "price.to", "sold_on.from", "sold_on.to", "done", "made_at.from", "made_at.to"];
    assert_eq!(names, [["limit", "sort", "cursor", "name", "size", "state"].as_slice(), &ranges].concat());
    let state = parameters.iter().find(|parameter| parameter["name"] == "state").unwrap();
    assert_eq!(state["schema"]["enum"], json!(["new", "used"]));
}
