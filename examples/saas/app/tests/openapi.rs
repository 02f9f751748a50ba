//! The description of the API is complete, whichever modules there are.

use std::collections::HashSet;

use serde_json::Value;

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

fn document() -> Value {
    serde_json::to_value(kernel::openapi(&app::modules())).expect("the document can be written")
}

/// Every operation, with a name for messages.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("there are paths") {
        for method in METHODS {
            operations.extend(item.get(method).map(|operation| (format!("{method} {path}"), operation)));
        }
    }
    operations
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_operation_says_what_it_is() {
    let document = document();
    let tags = document["tags"].as_array().cloned().unwrap_or_default();
    let mut ids = HashSet::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no operationId"));
        assert!(ids.insert(id), "{name} shares its operationId {id} with another operation");
        assert!(operation["summary"].is_string(), "{name} has no summary");
        let tag = &operation["tags"][0];
        let described = tags.iter().any(|known| known["name"] == *tag && known["description"].is_string());
        assert!(described, "the tag {tag} of {name} has no description");
    }
}

#[test]
fn every_operation_says_how_it_answers() {
    let document = document();
    for (name, operation) in operations(&document) {
        let answers = operation["responses"].as_object().expect("an operation has answers");
        let success = answers.iter().find(|(status, _)| status.starts_with('2'));
        let (status, answer) = success.unwrap_or_else(|| panic!("{name} never succeeds"));
        assert!(status == "204" || answer["content"].is_object(), "{name} has no body for {status}");
        for status in ["500", "503"] {
            assert!(answers.contains_key(status), "{name} does not describe {status}");
        }
        for (status, answer) in answers.iter().filter(|(status, _)| status.as_str() >= "400") {
            let has_body = answer["content"].is_object() || answer["$ref"].is_string();
            assert!(has_body, "{name} has no body for {status}");
        }
        let needs_body = operation.get("requestBody").is_some();
        for status in ["413", "415", "422"] {
            assert_eq!(answers.contains_key(status), needs_body, "{name} and {status}");
        }
        assert_eq!(answers.contains_key("304"), name.starts_with("get "), "{name} and 304");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{name}: {} has no description", parameter["name"]);
        }
    }
}

#[test]
fn every_error_is_a_problem_with_an_example() {
    let document = document();
    for (name, answer) in document["components"]["responses"].as_object().into_iter().flatten() {
        let content = &answer["content"]["application/problem+json"];
        assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{name}");
        assert!(content["example"]["status"].is_u64(), "{name}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    for reference in found {
        let path = reference.strip_prefix('#').expect("references stay inside of the document");
        assert!(document.pointer(path).is_some(), "{reference} leads nowhere");
    }
}
