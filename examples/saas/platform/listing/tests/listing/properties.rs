//! Whatever clients send, it is understood, or refused with a message at its name.

use axum::response::IntoResponse;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::Problem;
use listing::ListQuery;
use proptest::{collection::vec, prelude::*};
use serde_json::json;

use crate::Thing;

const KNOWN: &[&str] =
    &["limit", "sort", "cursor", "name", "size", "state", "price.from", "sold_on.to", "done", "made_at.from"];

/// The names of the parameters that are refused.
fn refused(path: &str, query: &str) -> Vec<String> {
    let Err(error) = ListQuery::<Thing>::parse(path, query) else { return Vec::new() };
    let response = error.into_response();
    assert_eq!(response.status(), 400, "{query}");
    response.extensions().get::<Problem>().expect("it says why").errors.keys().cloned().collect()
}

fn encode(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![3 => prop::sample::select(KNOWN).prop_map(str::to_owned), 1 => "[a-z._]{0,12}"]
}

fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        r"-?[0-9]{0,20}(\.[0-9]{0,4})?",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{0,20}(Z|\+[0-9:]{5}))?",
        "-?[a-z_]{1,8}(,-?[a-z_]{1,8}){0,2}",
        prop::sample::select(&["true", "new", "-price,name", "made_at"][..]).prop_map(str::to_owned),
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn a_query_is_understood_or_refused_by_name(pairs in vec((names(), values()), 0..5)) {
        let query = encode(&pairs);
        for name in refused("/api/v1/things", &query) {
            prop_assert!(pairs.iter().any(|(given, _)| *given == name), "{} was not sent in {}", name, query);
        }
    }

    #[test]
    fn any_text_may_stand_where_a_query_is(query in any::<String>()) {
        let _ = (refused("/api/v1/things", &query), refused("/things", &query));
    }

    /// Links of a page keep what was asked for.
    #[test]
    fn a_query_that_is_understood_survives_its_links(pairs in vec((names(), values()), 0..4)) {
        if let Ok(query) = ListQuery::<Thing>::parse("/things", &encode(&pairs)) {
            let first = query.first_url();
            let (path, again) = first.split_once('?').unwrap_or((&first, ""));
            let again = ListQuery::<Thing>::parse(path, again);
            prop_assert_eq!(again.map(|again| again.first_url()).ok(), Some(first));
        }
    }

    #[test]
    fn a_cursor_is_one_of_this_list_or_refused(
        sort in "-?(name|size|state|price|sold_on|done|made_at)",
        values in vec(prop_oneof![
            Just(json!(null)), any::<bool>().prop_map(|value| json!(value)), any::<i64>().prop_map(|value| json!(value)),
            any::<f64>().prop_map(|value| json!(value)), any::<String>().prop_map(|value| json!(value)), Just(json!([1])),
        ], 0..4),
    ) {
        let cursor = URL_SAFE_NO_PAD.encode(json!([sort, false, values]).to_string());
        let refused = refused("/api/v1/things", &encode(&[("sort".to_owned(), sort), ("cursor".to_owned(), cursor)]));
        let plausible = values.len() == 2 && values[1].is_i64();
        prop_assert!(plausible || refused == ["cursor"], "{:?} was taken", values);
    }

    #[test]
    fn nonsense_is_no_cursor(cursor in prop_oneof!["[A-Za-z0-9_-]{1,60}", r"\PC{1,20}"]) {
        prop_assert_eq!(refused("/api/v1/things", &encode(&[("cursor".to_owned(), cursor)])), ["cursor"]);
    }
}
