//! The JSON Schema of the manifests, for editors.

use serde_json::{Value, json};

use super::manifest::{FeatureManifest, TemplateManifest};

/// One schema with both manifests in it: `$defs.template` describes `template.toml`, `$defs.feature` every `feature.toml`.
///
/// # Panics
/// Never: a schema is JSON.
#[must_use]
pub fn schema() -> Value {
    let schema = |schema: schemars::Schema| serde_json::to_value(schema).expect("a schema is JSON");
    json!({ "template": schema(schemars::schema_for!(TemplateManifest)), "feature": schema(schemars::schema_for!(FeatureManifest)) })
}
