//! What the page shows, read from the `OpenAPI` document.

use serde_json::{Map, Value, json};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Types may contain themselves: an example ends at this depth.
const DEPTH: usize = 6;

/// The `OpenAPI` document of the application.
#[derive(Clone, Copy)]
pub struct Document<'a>(&'a Value);

/// Operations that belong together.
pub struct Tag<'a> {
    pub name: &'a str,
    pub about: &'a str,
    pub operations: Vec<Operation<'a>>,
}

pub struct Operation<'a> {
    pub id: &'a str,
    pub method: &'static str,
    pub path: &'a str,
    pub summary: &'a str,
    pub about: &'a str,
    pub needs_login: bool,
    pub parameters: Vec<Parameter<'a>>,
    pub body: Option<Body<'a>>,
    pub answers: Vec<Answer<'a>>,
}

pub struct Parameter<'a> {
    pub name: &'a str,
    /// `path`, `query`, `header` or `cookie`.
    pub place: &'a str,
    pub required: bool,
    pub about: &'a str,
    pub kind: String,
    pub example: String,
}

/// The content of a request or an answer.
pub struct Body<'a> {
    pub content_type: &'a str,
    /// The name of its type, if it has one.
    pub type_name: &'a str,
    pub example: String,
}

pub struct Answer<'a> {
    pub status: &'a str,
    pub about: &'a str,
    pub headers: Vec<&'a str>,
    pub body: Option<Body<'a>>,
}

/// A schema with a name.
pub struct Type<'a> {
    pub name: &'a str,
    pub about: &'a str,
    pub fields: Vec<Field<'a>>,
}

pub struct Field<'a> {
    pub name: &'a str,
    pub required: bool,
    pub about: &'a str,
    pub kind: String,
}

impl Answer<'_> {
    pub fn is_success(&self) -> bool {
        self.status.starts_with('2')
    }
}

impl<'a> Document<'a> {
    pub const fn new(document: &'a Value) -> Self {
        Self(document)
    }

    pub fn version(self) -> &'a str {
        text(&self.0["info"]["version"])
    }

    pub fn description(self) -> &'a str {
        text(&self.0["info"]["description"])
    }

    /// The tags in the order of the operations; each operation stands under its first tag.
    pub fn tags(self) -> Vec<Tag<'a>> {
        let mut tags: Vec<Tag<'a>> = Vec::new();
        for (path, item) in entries(&self.0["paths"]) {
            for method in METHODS {
                let Some(operation) = item.get(method) else { continue };
                let name = text(&operation["tags"][0]);
                let operation = self.operation(method, path, operation);
                match tags.iter_mut().find(|tag| tag.name == name) {
                    Some(tag) => tag.operations.push(operation),
                    None => tags.push(Tag { name, about: self.about_tag(name), operations: vec![operation] }),
                }
            }
        }
        tags
    }

    pub fn types(self) -> Vec<Type<'a>> {
        let types = entries(&self.0["components"]["schemas"]);
        types.map(|(name, schema)| Type { name, about: text(&schema["description"]), fields: fields(schema) }).collect()
    }

    fn about_tag(self, name: &str) -> &'a str {
        let tag = items(&self.0["tags"]).find(|tag| tag["name"] == name);
        tag.map_or("", |tag| text(&tag["description"]))
    }

    fn operation(self, method: &'static str, path: &'a str, operation: &'a Value) -> Operation<'a> {
        let security = operation.get("security").unwrap_or_else(|| &self.0["security"]);
        Operation {
            id: text(&operation["operationId"]),
            method,
            path,
            summary: text(&operation["summary"]),
            about: text(&operation["description"]),
            needs_login: items(security).next().is_some(),
            parameters: items(&operation["parameters"])
                .map(|parameter| self.parameter(self.resolve(parameter)))
                .collect(),
            body: self.body(self.resolve(&operation["requestBody"])),
            answers: entries(&operation["responses"]).map(|(status, answer)| self.answer(status, answer)).collect(),
        }
    }

    fn parameter(self, parameter: &'a Value) -> Parameter<'a> {
        let schema = self.resolve(&parameter["schema"]);
        let example = [&parameter["example"], &schema["example"]].into_iter().find(|example| !example.is_null());
        Parameter {
            name: text(&parameter["name"]),
            place: text(&parameter["in"]),
            required: parameter["required"] == true,
            about: text(&parameter["description"]),
            kind: kind(schema),
            example: example.map(plain).unwrap_or_default(),
        }
    }

    fn body(self, body: &'a Value) -> Option<Body<'a>> {
        let (content_type, content) = entries(&body["content"]).next()?;
        let schema = &content["schema"];
        let example = content.get("example").cloned().unwrap_or_else(|| self.example(schema, DEPTH));
        let type_name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        Some(Body { content_type, type_name, example: format!("{example:#}") })
    }

    fn answer(self, status: &'a str, answer: &'a Value) -> Answer<'a> {
        let answer = self.resolve(answer);
        let headers = entries(&answer["headers"]).map(|(name, _)| name).collect();
        Answer { status, about: text(&answer["description"]), headers, body: self.body(answer) }
    }

    /// Follows a reference to where it leads.
    fn resolve(self, value: &'a Value) -> &'a Value {
        let target = value["$ref"].as_str().and_then(|path| self.0.pointer(path.trim_start_matches('#')));
        target.unwrap_or(value)
    }

    /// The example that a schema has, or one made of its parts.
    fn example(self, schema: &Value, depth: usize) -> Value {
        let given = [&schema["example"], &schema["examples"][0], &schema["default"], &schema["enum"][0]];
        if let Some(example) = given.into_iter().find(|example| !example.is_null()) {
            return example.clone();
        }
        if let Some(target) = schema["$ref"].as_str().and_then(|path| self.0.pointer(path.trim_start_matches('#'))) {
            return if depth == 0 { Value::Null } else { self.example(target, depth - 1) };
        }
        let kind = schema["type"].as_str().unwrap_or_else(|| text(&schema["type"][0]));
        match kind {
            "object" => {
                let fields = entries(&schema["properties"]);
                Value::Object(fields.map(|(name, field)| (name.to_owned(), self.example(field, depth))).collect())
            }
            "array" => json!([self.example(&schema["items"], depth)]),
            "boolean" => json!(true),
            "integer" | "number" => json!(schema["minimum"].as_i64().unwrap_or(1)),
            "string" => json!("text"),
            _ => Value::Null,
        }
    }
}

fn fields(schema: &Value) -> Vec<Field<'_>> {
    let fields = entries(&schema["properties"]).map(|(name, field)| {
        let required = items(&schema["required"]).any(|required| required == name);
        Field { name, required, about: text(&field["description"]), kind: kind(field) }
    });
    fields.collect()
}

/// The type in words: `integer, from 1, to 100`.
fn kind(schema: &Value) -> String {
    if let Some(path) = schema["$ref"].as_str() {
        return path.rsplit('/').next().unwrap_or(path).to_owned();
    }
    let name = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect::<Vec<_>>().join(" or "),
        Value::String(name) if name == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(name) => name.clone(),
        _ => "any value".to_owned(),
    };
    let limits = [
        ("format", ""),
        ("enum", "one of "),
        ("minimum", "from "),
        ("maximum", "to "),
        ("minLength", "characters from "),
        ("maxLength", "characters up to "),
        ("default", "default "),
    ];
    let limits = limits.into_iter().filter_map(|(key, words)| Some(format!("{words}{}", plain(schema.get(key)?))));
    std::iter::once(name).chain(limits).collect::<Vec<_>>().join(", ")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A value as people write it: texts without quotation marks.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        _ => value.to_string(),
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
