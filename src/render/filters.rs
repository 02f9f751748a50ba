//! The filters that we add to liquid's own, and the one that we take away.

use std::fmt;

use heck::{ToKebabCase, ToPascalCase, ToSnakeCase, ToTitleCase};
use liquid_core::parser::{Filter, FilterArguments, FilterReflection, ParameterReflection, ParseFilter};
use liquid_core::{Error, Result, Runtime, Value, ValueView};

/// A filter without arguments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    name: &'static str,
    about: &'static str,
    apply: fn(&str) -> Result<String>,
}

/// All of them.
pub(super) const FILTERS: [Named; 7] = [
    Named { name: "kebab_case", about: "my-great-app", apply: |text| Ok(text.to_kebab_case()) },
    Named { name: "snake_case", about: "my_great_app", apply: |text| Ok(text.to_snake_case()) },
    Named { name: "pascal_case", about: "MyGreatApp", apply: |text| Ok(text.to_pascal_case()) },
    Named { name: "title_case", about: "My Great App", apply: |text| Ok(text.to_title_case()) },
    Named { name: "toml_string", about: "a quoted TOML string", apply: |text| Ok(basic_string(text)) },
    Named {
        name: "json_string",
        about: "a quoted JSON string",
        apply: |text| Ok(serde_json::Value::from(text).to_string()),
    },
    // liquid's own reads the clock for `now` and `today`, and a template is a pure function of its answers.
    Named {
        name: "date",
        about: "refused",
        apply: |_| Err(Error::with_msg("`date` is not available: a template must not depend on the clock")),
    },
];

/// A TOML basic string; its escapes are those of JSON, and `\u007F`, which JSON leaves as it is.
fn basic_string(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

impl ParseFilter for Named {
    fn parse(&self, mut arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        if self.name != "date" && arguments.positional.next().is_some() {
            return Err(Error::with_msg("Invalid number of positional arguments").context("filter", self.name));
        }
        Ok(Box::new(*self))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

impl Filter for Named {
    fn evaluate(&self, input: &dyn ValueView, _runtime: &dyn Runtime) -> Result<Value> {
        (self.apply)(&input.to_kstr()).map(Value::scalar)
    }
}

impl FilterReflection for Named {
    fn name(&self) -> &str {
        self.name
    }

    fn description(&self) -> &str {
        self.about
    }

    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }

    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
