//! Paging: every row once, whatever the order, while rows come and go.

use std::cmp::Ordering;

use kernel::Db;
use listing::{Listed, MAX_BYTES, MAX_LIMIT};
use serde_json::Value;

use crate::{Thing, add, fetch, ids, start};

/// Few different values, so that most rows tie in most columns.
async fn add_many(db: &Db) {
    for number in 0..17 {
        let name = ["a", "b", "c"][number % 3];
        let size = [None, Some(1), Some(2), Some(1)][number % 4];
        add(db, name, size).await;
    }
}

/// Every way to sort by one or two columns.
fn orders() -> Vec<String> {
    let keys: Vec<_> =
        Thing::COLUMNS.iter().flat_map(|column| [column.name().to_owned(), format!("-{}", column.name())]).collect();
    let mut orders = keys.clone();
    for first in &keys {
        let others = keys.iter().filter(|second| second.trim_matches('-') != first.trim_matches('-'));
        orders.extend(others.map(|second| format!("{first},{second}")));
    }
    orders
}

/// The order that the database should come to, worked out without it.
fn compare(left: &Thing, right: &Thing, order: &str) -> Ordering {
    let mut last = Ordering::is_lt as fn(Ordering) -> bool;
    for key in order.split(',') {
        let descending = key.starts_with('-');
        last = if descending { Ordering::is_gt } else { Ordering::is_lt };
        let ordering = match key.trim_matches('-') {
            "name" => left.name.cmp(&right.name),
            "state" => left.state.cmp(&right.state),
            "price" => left.price.cmp(&right.price),
            "sold_on" => with_nulls_last(left.sold_on, right.sold_on, descending),
            "done" => left.done.cmp(&right.done),
            "made_at" => left.made_at.cmp(&right.made_at),
            _ => with_nulls_last(left.size, right.size, descending),
        };
        if ordering.is_ne() {
            return if descending { ordering.reverse() } else { ordering };
        }
    }
    if last(left.id.cmp(&right.id)) { Ordering::Less } else { Ordering::Greater }
}

/// What is missing comes last in either direction.
fn with_nulls_last<T: Ord>(left: Option<T>, right: Option<T>, descending: bool) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) => left.cmp(&right),
        (left, right) if descending => left.is_some().cmp(&right.is_some()),
        (left, right) => left.is_none().cmp(&right.is_none()),
    }
}

#[tokio::test]
async fn every_order_is_walked_forwards_and_backwards() {
    let app = start().await;
    add_many(app.db()).await;
    let mut things = fetch(app.db(), &format!("/things?limit={MAX_LIMIT}")).await.items;
    for order in orders() {
        things.sort_by(|left, right| compare(left, right, &order));
        for limit in [1, 5, 16, 17] {
            let mut page = fetch(app.db(), &format!("/things?sort={order}&limit={limit}")).await;
            assert_eq!(page.previous, None);
            let mut walked = ids(&page.items);
            while let Some(url) = page.next_url() {
                page = fetch(app.db(), &url).await;
                assert!(!page.items.is_empty() && page.items.len() <= limit);
                walked.extend(ids(&page.items));
            }
            assert_eq!(walked, ids(&things), "{order} by {limit}");

            let mut returned = ids(&page.items);
            while let Some(url) = page.previous_url() {
                page = fetch(app.db(), &url).await;
                returned.splice(..0, ids(&page.items));
            }
            assert_eq!(returned, ids(&things), "{order} by {limit}, backwards");
        }
    }
}

#[tokio::test]
async fn rows_that_come_and_go_shift_nothing() {
    let app = start().await;
    add_many(app.db()).await;
    let mut page = fetch(app.db(), "/things?sort=name&limit=4").await;
    let mut walked = ids(&page.items);
    while let Some(url) = page.next_url() {
        // One before the page, one where the next page begins, and the last row that was seen goes away.
        add(app.db(), "0", None).await;
        sqlx::query("DELETE FROM things WHERE id = $1").bind(walked.last()).execute(app.db()).await.unwrap();
        page = fetch(app.db(), &url).await;
        walked.extend(ids(&page.items));
    }
    walked.sort_unstable();
    assert_eq!(walked, (1..=17).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_is_found_again_and_knows_the_way_to_the_whole_list() {
    let app = start().await;
    add_many(app.db()).await;
    let first = fetch(app.db(), "/things?sort=name&limit=3&size=").await;
    assert!(first.query.is_first_page() && !first.is_complete());
    assert_eq!(first.query.this_url(), "/things?sort=name&limit=3");
    assert!(fetch(app.db(), &format!("/things?limit={MAX_LIMIT}")).await.is_complete());

    let filtered = fetch(app.db(), "/things?name=a&done=false&sort=name&limit=1").await;
    let next = filtered.next_url().expect("there are more");
    let next = fetch(app.db(), &next).await;
    assert!(!next.query.is_first_page() && !next.is_complete());
    assert_eq!(ids(&fetch(app.db(), &next.query.this_url()).await.items), ids(&next.items));
    assert_eq!(next.query.unfiltered_url(), "/things?sort=name&limit=1");

    sqlx::query("DELETE FROM things").execute(app.db()).await.unwrap();
    let gone = fetch(app.db(), &next.query.this_url()).await;
    assert!(gone.items.is_empty() && !gone.query.is_first_page(), "behind the end");
}

#[tokio::test]
async fn an_answer_links_its_neighbours() {
    let app = start().await;
    add_many(app.db()).await;
    let first = app.get("/api/v1/things?limit=3&name=a&sort=-size").await;
    let next = first.json::<Value>()["next"].as_str().unwrap().to_owned();
    assert_eq!(first.json::<Value>()["previous"], Value::Null);
    let base = "/api/v1/things?name=a&sort=-size&limit=3";
    assert_eq!(first.header("link"), format!("<{base}>; rel=\"first\", <{base}&cursor={next}>; rel=\"next\""));
    let second = app.get(&format!("{base}&cursor={next}")).await;
    assert!(second.header("link").contains("rel=\"prev\""), "{}", second.header("link"));
    assert_eq!(second.json::<Value>()["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn an_empty_list_has_no_neighbours() {
    let app = start().await;
    let page = fetch(app.db(), "/things").await;
    assert!(page.items.is_empty() && page.next.is_none() && page.previous.is_none());
}

#[tokio::test]
async fn links_for_pages_keep_the_filters() {
    let app = start().await;
    let query = fetch(app.db(), "/things?name=a%26b&limit=5&sort=name").await.query;
    assert_eq!((query.aria_sort("name"), query.aria_sort("size")), ("ascending", "none"));
    assert_eq!(query.sort_url("name"), "/things?name=a%26b&sort=-name&limit=5");
    assert_eq!(query.sort_url("size"), "/things?name=a%26b&sort=size&limit=5");
    assert_eq!((query.filter("name"), query.filter("size"), query.is_filtered()), ("a&b", "", true));
    assert_eq!(fetch(app.db(), "/things").await.query.first_url(), "/things");
}

#[tokio::test]
async fn large_rows_make_a_page_shorter() {
    let app = start().await;
    let large = "x".repeat(MAX_BYTES / 2 - 100);
    for size in 0..5 {
        add(app.db(), &large, Some(size)).await;
    }
    add(app.db(), &large.repeat(3), Some(5)).await;
    let mut page = fetch(app.db(), "/things?sort=size&limit=100").await;
    let mut walked = vec![page.items.len()];
    while let Some(url) = page.next_url() {
        page = fetch(app.db(), &url).await;
        walked.push(page.items.len());
    }
    assert_eq!(walked, [2, 2, 1, 1], "a row that is larger than a page has one of its own");
    let mut back = Vec::new();
    while let Some(url) = page.previous_url() {
        page = fetch(app.db(), &url).await;
        back.push(page.items.len());
    }
    assert_eq!(back, [2, 2, 1]);
}
