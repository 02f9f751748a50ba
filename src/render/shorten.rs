//! Texts without what liquid would only copy.
//!
//! liquid's grammar tries every rule at every character of plain text: 160 lines take it half a millisecond, whatever is
//! in them. So the stretches between tags are set aside, a short mark stands in for each, and comes back after the render.

/// Stands before and after the number of a stretch. No text has it that a person has typed.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// Shorter stretches than this stay: setting them aside would not pay off.
const SHORTEST: usize = 32;

/// Tags that look at the text in them, and would see the marks.
const LOOKING: [&str; 2] = ["capture", "ifchanged"];

/// A text with marks, and what they stand for.
#[derive(Debug)]
pub(super) struct Shortened<'a> {
    /// What liquid is to render.
    pub text: String,
    stretches: Vec<&'a str>,
}

impl<'a> Shortened<'a> {
    /// Sets aside the stretches of `source`; `None` where they might be missed, or where there are none.
    pub(super) fn new(source: &'a str) -> Option<Self> {
        if has_mark(source) || LOOKING.iter().any(|tag| source.contains(tag)) {
            return None;
        }
        let mut short = Self { text: String::new(), stretches: Vec::new() };
        let mut rest = source;
        while let Some(start) =
            rest.match_indices('{').map(|(at, _)| at).find(|at| rest[at + 1..].starts_with(['{', '%']))
        {
            short.set_aside(&rest[..start]);
            let end = if rest[start + 1..].starts_with('{') { "}}" } else { "%}" };
            let end = start + rest[start..].find(end)? + end.len();
            let tag = &rest[start..end];
            // A quote that is still open: this is not yet the end of the tag.
            if tag.matches('"').count() % 2 == 1 || tag.matches('\'').count() % 2 == 1 {
                return None;
            }
            short.text.push_str(tag);
            rest = &rest[end..];
        }
        short.set_aside(rest);
        (!short.stretches.is_empty()).then_some(short)
    }

    fn set_aside(&mut self, plain: &'a str) {
        let stretch = plain.trim();
        if stretch.len() < SHORTEST {
            return self.text.push_str(plain);
        }
        // The white space around it stays, because the tags beside it may want to trim that.
        let start = plain.len() - plain.trim_start().len();
        self.text.push_str(&plain[..start]);
        self.text.extend([OPEN.to_string(), self.stretches.len().to_string(), CLOSE.to_string()]);
        self.text.push_str(&plain[start + stretch.len()..]);
        self.stretches.push(stretch);
    }

    /// Puts the stretches back into what liquid has made; `None` if it is not what was expected.
    pub(super) fn restore(&self, rendered: &str) -> Option<String> {
        let mut parts = rendered.split(OPEN);
        let mut text =
            String::with_capacity(rendered.len() + self.stretches.iter().map(|stretch| stretch.len()).sum::<usize>());
        text.push_str(parts.next()?);
        for part in parts {
            let (number, after) = part.split_once(CLOSE)?;
            text.push_str(self.stretches.get(number.parse::<usize>().ok()?)?);
            text.push_str(after);
        }
        Some(text)
    }
}

/// Whether a text could be mistaken for a mark.
pub(super) fn has_mark(text: &str) -> bool {
    text.contains([OPEN, CLOSE])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::answers::Value;
    use crate::render::text::{Liquid, Variables};

    const LONG: &str = "some plain text that is long enough to be set aside";

    #[test]
    fn the_white_space_beside_a_tag_stays() {
        let source = format!("{LONG}\n\n  {{{{- a -}}}}  \n{LONG}{{% if a %}}b{{% endif %}}");
        let short = Shortened::new(&source).expect("long enough");
        assert_eq!(short.text, "\u{1}0\u{2}\n\n  {{- a -}}  \n\u{1}1\u{2}{% if a %}b{% endif %}");
        assert_eq!(short.restore("\u{1}0\u{2}A\u{1}1\u{2}b").expect("its own marks"), format!("{LONG}A{LONG}b"));
    }

    #[test]
    fn what_might_go_wrong_is_left_to_liquid() {
        for source in [
            format!("{{% capture x %}}{LONG}{{% endcapture %}}{{{{ x | upcase }}}}"),
            format!("{{{{ \"}}}} {LONG}\" }}}} {LONG}"),
            format!("\u{1}0\u{2} {{{{ a }}}} {LONG}"),
            format!("{LONG} {{{{ a"),
            "{{ a }} short".to_owned(),
        ] {
            assert!(Shortened::new(&source).is_none(), "{source}");
        }
    }

    /// Well-formed templates: at broken ones liquid may panic, whether shortened or not.
    fn template() -> impl Strategy<Value = String> {
        let fixed = [
            "{{ a }}",
            "{{- a -}}",
            "{{ a | upcase }}",
            "{{ \"}}\" }}",
            "{{ '%} {{ some text in quotes, with closing braces }}' }}",
            "{% assign c = a %}{{ c }}",
            "{% comment %} {{ a }} some plain text that is long enough {% endcomment %}",
            "{% raw %} {{ a }} some plain text that is long enough to be set aside {% endraw %}",
            "{% capture d %} some plain text that is long enough to be set aside {% endcapture %}{{ d | upcase }}",
            "\n",
            "  ",
            "'",
            "\"",
            LONG,
            "\n    let value = compute(1, 2, 3, 4, 5);\n",
            "ä🦀 und noch etwas mehr Text, lang genug",
        ];
        let leaf = prop::sample::select(fixed.to_vec()).prop_map(str::to_owned);
        leaf.prop_recursive(4, 32, 6, |inner| {
            let many = prop::collection::vec(inner, 0..6).prop_map(|pieces| pieces.concat());
            prop_oneof![
                many.clone(),
                (many.clone(), many.clone())
                    .prop_map(|(yes, no)| format!("{{% if a == 'x' %}}{yes}{{%- else -%}}{no}{{% endif %}}")),
                many.clone().prop_map(|body| format!("{{%- unless b -%}}{body}{{%- endunless -%}}")),
                many.prop_map(|body| format!("{{% for i in (1..3) %}}{body}{{{{ i }}}}{{% endfor %}}")),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_result_is_the_same_as_without(source in template()) {
            let variables: Variables =
                [("a".to_owned(), Value::Text("x".to_owned())), ("b".to_owned(), Value::Bool(true))].into_iter().collect();
            let liquid = Liquid::new();
            prop_assert_eq!(liquid.render(&source, &variables), liquid.render_whole(&source, &variables));
        }
    }
}
