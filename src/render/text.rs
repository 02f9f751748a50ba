//! Liquid, made strict: an unknown variable is an error everywhere, and every error has a position.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};

use liquid::model::{DisplayCow, KStringCow, Scalar, State, Value as LiquidValue};
use liquid::{ObjectView, ValueView};

use super::filters::FILTERS;
use super::shorten::{self, Shortened};
use crate::answers::Value;
use crate::template::problem::ProblemKind;

/// The variables of a render.
#[derive(Debug, Clone, Default)]
pub struct Variables(liquid::Object);

impl Variables {
    /// Defines a variable, or redefines it.
    pub fn set(&mut self, key: &str, value: &Value) {
        let value = match value {
            Value::Bool(value) => LiquidValue::scalar(*value),
            Value::Integer(value) => LiquidValue::scalar(*value),
            Value::Text(value) => LiquidValue::Scalar(Scalar::new(value.clone())),
            Value::List(values) => LiquidValue::Array(values.iter().cloned().map(LiquidValue::scalar).collect()),
        };
        self.0.insert(key.to_owned().into(), value);
    }

    /// The text, where it holds nothing but `{{ name }}` of texts and numbers: most files do, and liquid's parser takes longer
    /// for one of them than everything else that is done with it.
    fn substitute(&self, source: &str) -> Option<String> {
        if source.contains("{%") {
            return None;
        }
        let mut text = String::with_capacity(source.len());
        let mut rest = source;
        while let Some((before, tag)) = rest.split_once("{{") {
            let (key, after) = tag.split_once("}}")?;
            let LiquidValue::Scalar(value) = self.0.get(key.trim_matches(' '))? else { return None };
            text.push_str(before);
            text.push_str(&value.to_kstr());
            rest = after;
        }
        text.push_str(rest);
        Some(text)
    }

    /// Whether the variable is defined.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    fn have_mark(&self) -> bool {
        self.0.values().any(|value| shorten::has_mark(&value.to_kstr()))
    }

    /// The names of all variables, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.0.keys().map(ToString::to_string).collect();
        names.sort();
        names
    }
}

impl FromIterator<(String, Value)> for Variables {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(values: I) -> Self {
        let mut variables = Self::default();
        for (key, value) in values.into_iter().collect::<BTreeMap<_, _>>() {
            variables.set(&key, &value);
        }
        variables
    }
}

thread_local! {
    static PARSING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is in liquid's parser. A panic there becomes an error of the template, and need not be told twice.
#[must_use]
pub fn is_parsing() -> bool {
    PARSING.get()
}

/// What went wrong in a text, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextError {
    /// The byte of the text.
    pub offset: usize,
    /// What went wrong: a [`ProblemKind::Liquid`] or a [`ProblemKind::UnknownVariable`].
    pub kind: ProblemKind,
}

/// The renderer of texts.
pub struct Liquid(liquid::Parser);

impl std::fmt::Debug for Liquid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Liquid")
    }
}

impl Default for Liquid {
    fn default() -> Self {
        Self::new()
    }
}

impl Liquid {
    /// A renderer with liquid's standard library and our filters.
    ///
    /// # Panics
    /// Never: building a parser fails for broken partials alone, and there are none.
    #[must_use]
    pub fn new() -> Self {
        let builder =
            FILTERS.iter().fold(liquid::ParserBuilder::with_stdlib(), |builder, filter| builder.filter(*filter));
        Self(builder.build().expect("a parser without partials"))
    }

    /// Renders a text.
    ///
    /// # Errors
    /// The first syntax error, or the first unknown variable, wherever it stands.
    pub fn render(&self, source: &str, variables: &Variables) -> Result<String, TextError> {
        if !source.contains("{{") && !source.contains("{%") {
            return Ok(source.to_owned());
        }
        if let Some(text) = variables.substitute(source) {
            return Ok(text);
        }
        if !variables.have_mark()
            && let Some(short) = Shortened::new(source)
            && let Ok(rendered) = self.render_whole(&short.text, variables)
            && let Some(text) = short.restore(&rendered)
        {
            return Ok(text);
        }
        // Also for what fails: an error has its place in the text as it was written.
        self.render_whole(source, variables)
    }

    pub(super) fn render_whole(&self, source: &str, variables: &Variables) -> Result<String, TextError> {
        // liquid-core 0.26 panics on some texts in which a block or a quote is never closed.
        PARSING.set(true);
        let parsed = panic::catch_unwind(AssertUnwindSafe(|| self.0.parse(source)));
        PARSING.set(false);
        let parsed = parsed.map_err(|_| {
            let message = "liquid gives up on this text; look for a block or a quote that is never closed".to_owned();
            TextError { offset: first_tag(source), kind: ProblemKind::Liquid { message } }
        })?;
        let template = parsed.map_err(|error| locate(&error.to_string(), source, variables))?;
        let globals = Globals { variables, unknown: RefCell::default() };
        let rendered = template.render(&globals);
        // A condition takes an unknown variable for false, so the verdict is here and not in liquid's result.
        if let Some(name) = globals.unknown.into_inner() {
            return Err(TextError { offset: find_word(source, &name), kind: unknown(name, variables) });
        }
        rendered.map_err(|error| locate(&error.to_string(), source, variables))
    }

    /// Whether a condition, such as `license == 'mit'`, holds.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn condition(&self, condition: &str, variables: &Variables) -> Result<bool, TextError> {
        const OPEN: &str = "{% if ";
        let rendered = self.render(&format!("{OPEN}{condition} %}}true{{% endif %}}"), variables).map_err(|error| {
            TextError { offset: error.offset.saturating_sub(OPEN.len()).min(condition.len()), ..error }
        })?;
        Ok(rendered == "true")
    }
}

/// The place of an error of liquid's. Parse errors hold line and column; runtime errors quote what they stumbled over.
fn locate(error: &str, source: &str, variables: &Variables) -> TextError {
    let after = |marker: &str| error.split(marker).nth(1).map(|rest| rest.lines().next().unwrap_or(rest).trim());
    if let Some(name) = after("requested variable=") {
        return TextError { offset: find_word(source, name), kind: unknown(name.to_owned(), variables) };
    }
    let offset = after("--> ")
        .and_then(|position| {
            let (line, column) = position.split_once(':')?;
            position_to_offset(source, line.parse().ok()?, column.parse().ok()?)
        })
        .or_else(|| after("requested filter=").map(|name| find_word(source, name)))
        .or_else(|| after("from: ").and_then(|quoted| source.find(quoted)))
        .unwrap_or_else(|| first_tag(source));
    // pest draws the line below the position; its last line says what it expected.
    let said = if error.contains("--> ") {
        error.lines().rev().find_map(|line| line.trim().strip_prefix("= "))
    } else {
        error.lines().next().and_then(|line| line.strip_prefix("liquid: "))
    };
    let mut message = format!("liquid: {}", said.unwrap_or(error).trim());
    if let Some(name) = after("requested filter=") {
        message = format!("liquid: there is no filter `{name}`; see the list in docs/template-format.md");
    }
    TextError { offset, kind: ProblemKind::Liquid { message } }
}

fn unknown(name: String, variables: &Variables) -> ProblemKind {
    ProblemKind::UnknownVariable { name, known: variables.names() }
}

fn position_to_offset(source: &str, line: usize, column: usize) -> Option<usize> {
    let start: usize = source.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let (offset, _) = source.get(start..)?.char_indices().nth(column.checked_sub(1)?)?;
    Some(start + offset)
}

/// The first place of `word`, whole, inside of a tag.
fn find_word(source: &str, word: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    source
        .match_indices(word)
        .find(|(at, _)| {
            let before = &source[..*at];
            let inside = before.rfind("{{").max(before.rfind("{%")) > before.rfind("}}").max(before.rfind("%}"));
            inside && !before.ends_with(is_part) && !source[at + word.len()..].starts_with(is_part)
        })
        .map_or_else(|| first_tag(source), |(at, _)| at)
}

fn first_tag(source: &str) -> usize {
    [source.find("{{"), source.find("{%")].into_iter().flatten().min().unwrap_or(0)
}

/// The variables as liquid sees them; remembers the first name that it asks for in vain.
#[derive(Debug)]
struct Globals<'a> {
    variables: &'a Variables,
    unknown: RefCell<Option<String>>,
}

impl ObjectView for Globals<'_> {
    fn as_value(&self) -> &dyn ValueView {
        self
    }

    fn size(&self) -> i64 {
        ObjectView::size(&self.variables.0)
    }

    fn keys<'k>(&'k self) -> Box<dyn Iterator<Item = KStringCow<'k>> + 'k> {
        ObjectView::keys(&self.variables.0)
    }

    fn values<'k>(&'k self) -> Box<dyn Iterator<Item = &'k dyn ValueView> + 'k> {
        ObjectView::values(&self.variables.0)
    }

    fn iter<'k>(&'k self) -> Box<dyn Iterator<Item = (KStringCow<'k>, &'k dyn ValueView)> + 'k> {
        ObjectView::iter(&self.variables.0)
    }

    fn contains_key(&self, index: &str) -> bool {
        let known = self.variables.0.contains_key(index);
        // The `for` tag asks for the loop around it, which need not exist.
        if !known && index != "forloop" {
            self.unknown.borrow_mut().get_or_insert_with(|| index.to_owned());
        }
        known
    }

    fn get<'s>(&'s self, index: &str) -> Option<&'s dyn ValueView> {
        ObjectView::get(&self.variables.0, index)
    }
}

impl ValueView for Globals<'_> {
    fn as_debug(&self) -> &dyn std::fmt::Debug {
        self
    }

    fn render(&self) -> DisplayCow<'_> {
        self.variables.0.render()
    }

    fn source(&self) -> DisplayCow<'_> {
        self.variables.0.source()
    }

    fn type_name(&self) -> &'static str {
        "object"
    }

    fn query_state(&self, state: State) -> bool {
        self.variables.0.query_state(state)
    }

    fn to_kstr(&self) -> KStringCow<'_> {
        self.variables.0.to_kstr()
    }

    fn to_value(&self) -> LiquidValue {
        self.variables.0.to_value()
    }

    fn as_object(&self) -> Option<&dyn ObjectView> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::problem::Place;

    fn variables() -> Variables {
        [
            ("name".to_owned(), Value::Text("my-great app".into())),
            ("on".to_owned(), Value::Bool(true)),
            ("parts".to_owned(), Value::List(vec!["a".into(), "b".into()])),
        ]
        .into_iter()
        .collect()
    }

    fn render(source: &str) -> String {
        Liquid::new().render(source, &variables()).unwrap_or_else(|error| panic!("{source}: {error:?}"))
    }

    fn error(source: &str) -> String {
        let error = Liquid::new().render(source, &variables()).expect_err(source);
        format!("{}: {}", Place::at("f", source, error.offset), error.kind)
    }

    #[test]
    fn texts_render() {
        assert_eq!(render("a {{ name | snake_case }} b\n"), "a my_great_app b\n");
        assert_eq!(
            render("{{ name | kebab_case }} {{ name | pascal_case }} {{ name | title_case }}"),
            "my-great-app MyGreatApp My Great App"
        );
        assert_eq!(render("{% for part in parts %}{{ part }}{{ forloop.index }}{% endfor %}"), "a1b2");
        assert_eq!(render("{% assign x = name %}{% if x and on %}{{ x }}{% endif %}"), "my-great app");
        assert_eq!(render("{% raw %}${{ github.sha }}{% endraw %}"), "${{ github.sha }}");
        assert_eq!(render(r#"{{ 'a "b" \ c' | toml_string }}"#), r#""a \"b\" \\ c""#);
    }

    #[test]
    fn unknown_variables_are_errors_with_a_position_also_in_conditions() {
        assert_eq!(
            error("x\n {{ nope }}"),
            "f:2:5: nobody defines the variable `nope`; the variables here are name, on, parts"
        );
        for source in [
            "{{ nope | default: 'x' }}",
            "{% if nope %}{% endif %}",
            "{% unless on and nope %}{% endunless %}",
            "{% for x in nope %}{% endfor %}",
            "{% case nope %}{% when 1 %}{% endcase %}",
            "{% if on == nope %}{% endif %}",
            "{{ name | append: nope }}",
        ] {
            assert!(error(source).contains("nobody defines the variable `nope`"), "{source}");
        }
    }

    #[test]
    fn syntax_errors_have_a_position() {
        assert_eq!(
            error("a\nb {{ name | bogus }}"),
            "f:2:13: liquid: there is no filter `bogus`; see the list in docs/template-format.md"
        );
        assert_eq!(error("a\n{% if on %}\n"), "f:2:1: liquid: Unclosed block. {% endif %} tag expected.");
        assert!(error("a\n{{ name").starts_with("f:2:"), "{}", error("a\n{{ name"));
        assert!(error("ü {% bogus %}").starts_with("f:1:"), "{}", error("ü {% bogus %}"));
    }

    #[test]
    fn what_makes_liquid_panic_is_an_error() {
        let said = error("a\n{% comment %}{% if a == 'x' %}");
        assert!(said.starts_with("f:2:1: liquid gives up on this text"), "{said}");
    }

    #[test]
    fn the_clock_is_out_of_reach() {
        assert!(error("{{ 'now' | date: '%Y' }}").contains("must not depend on the clock"));
    }

    #[test]
    fn conditions_hold_or_not() {
        let liquid = Liquid::new();
        assert_eq!(liquid.condition("on and name contains 'app'", &variables()), Ok(true));
        assert_eq!(liquid.condition("name == 'x'", &variables()), Ok(false));
        assert_eq!(liquid.condition("on and nope", &variables()).expect_err("unknown").offset, 7);
    }
}
