//! Which states of a resource a client accepts.

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderValue, Request, StatusCode},
    response::IntoResponse,
};
use proptest::{collection::vec, prelude::*};
use rest::{ETag, IfMatch};
use tokio::runtime::Builder;

/// What the header says about version 7 of a row: the version to expect, or the status of the refusal.
fn check(values: &[&str], tags: &[ETag]) -> Result<Option<i64>, StatusCode> {
    let mut parts = Request::new(()).into_parts().0;
    for value in values {
        parts.headers.append("if-match", HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let runtime = Builder::new_current_thread().build().unwrap();
    let read = runtime.block_on(<IfMatch as FromRequestParts<()>>::from_request_parts(&mut parts, &()));
    read.and_then(|condition| condition.check(7, tags)).map_err(|error| error.into_response().status())
}

fn tags() -> [ETag; 2] {
    [ETag::of_version(7), ETag::of_version("7-counted")]
}

#[test]
fn a_client_names_the_states_that_it_accepts() {
    for values in
        [&["\"7\""][..], &["\"6\", \"7\""], &["\"6\" ,\t\"7-counted\""], &["\"a,b\"", "\"7\""], &["W/\"7\",\"7\""]]
    {
        assert_eq!(check(values, &tags()), Ok(Some(7)), "{values:?}");
    }
    assert_eq!(check(&["*"], &tags()), Ok(None), "any version will do when it is written");
}

#[test]
fn another_state_is_refused() {
    // A weak tag does not tell every change.
    for value in ["\"6\"", "W/\"7\"", "", "7", "\"7", "w/\"7\"", "**", "\"77\"", "\"*\"", "\"7\"\"6\""] {
        assert_eq!(check(&[value], &tags()), Err(StatusCode::PRECONDITION_FAILED), "{value}");
    }
    assert_eq!(check(&["\"7 \""], &tags()), Err(StatusCode::BAD_REQUEST));
    assert_eq!(check(&[], &tags()), Err(StatusCode::PRECONDITION_REQUIRED));
}

/// Otherwise it would be as if the client had set no condition.
#[tokio::test]
async fn a_condition_that_cannot_be_read_is_not_left_out() {
    let mut parts = Request::builder().header("if-match", "\"a b\"").body(()).unwrap().into_parts().0;
    let read = <IfMatch as OptionalFromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
    assert_eq!(read.unwrap_err().into_response().status(), 400);
}

#[test]
fn bodies_have_tags_that_stay_the_same_for_good() {
    let tag = (ETag::of_body(b"milk"), "").into_response().headers()["etag"].clone();
    assert_eq!(tag, "W/\"8825e76530f87ff5c737b3254c6936bc\"");
}

proptest! {
    /// Whatever comes, in as many lines as you like.
    #[test]
    fn no_header_is_too_much(values in vec("[ -~\u{80}-\u{ff}\t]{0,40}", 0..4)) {
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        if let Ok(expected) = check(&values, &tags()) {
            let is_any = values == ["*"];
            prop_assert_eq!(expected, (!is_any).then_some(7));
            prop_assert!(is_any || values.iter().any(|value| value.contains("\"7")), "{:?}", values);
        }
    }

    /// Lists of tags, and of what looks like tags.
    #[test]
    fn a_list_accepts_what_is_in_it(items in vec(r#"(W/)?"[!#-~]{0,6}"|"7"|"[a-z ]*|\*"#, 1..6)) {
        let is_clean = |item: &&String| !item.contains(' ');
        if items.iter().all(|item| is_clean(&item) && item.len() > 1 && item.ends_with('"')) {
            let accepted = check(&[&items.join(", ")], &tags()).is_ok();
            prop_assert_eq!(accepted, items.iter().any(|item| item == "\"7\"" || item == "\"7-counted\""));
        } else {
            let _ = check(&[&items.join(", ")], &tags());
        }
    }
}
