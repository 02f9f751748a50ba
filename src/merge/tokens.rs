//! Three-way merge of code, token by token, for languages in which blanks do not matter.
//!
//! It merges what line by line conflicts without need: code that somebody has formatted in another way, and two changes of
//! one line, such as two names added to one import. Every token keeps the blanks of the side that it comes from. What it
//! makes has to be parsed before it is believed.

use super::diff3::{self, Stretch};

/// A token and the blanks before it. Tokens are the same when their texts are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) blanks: &'a str,
    pub(super) text: &'a str,
}

/// The merged text; nothing when both sides changed the same tokens.
pub(super) fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let (base, old_end) = tokens(base);
    let (ours, end) = tokens(ours);
    let (theirs, new_end) = tokens(theirs);
    let [base_texts, our_texts, their_texts] =
        [&base, &ours, &theirs].map(|tokens| tokens.iter().map(|token| token.text).collect::<Vec<_>>());
    let mut merged = Merged::default();
    for stretch in diff3::merge(&base_texts, &our_texts, &their_texts) {
        match stretch {
            Stretch::Same { base: a, ours: b, theirs: c } => {
                let unformatted = base[a].iter().zip(&ours[b]).zip(&theirs[c]);
                let tokens =
                    unformatted.map(|((before, our), their)| if our.blanks == before.blanks { *their } else { *our });
                merged.push(&tokens.collect::<Vec<_>>());
            }
            Stretch::Ours { ours: range } => merged.push(&ours[range]),
            Stretch::Theirs { theirs: range } => merged.push(&theirs[range]),
            // Two names in one list of imports get along; two arguments in one call might not.
            Stretch::Insertions { ours: a, theirs: b } if is_import(&our_texts[..a.start]) => {
                // A comma behind the last name ends the list.
                let (first, last) =
                    if our_texts[a.clone()] == [","] { (&theirs[b], &ours[a]) } else { (&ours[a], &theirs[b]) };
                merged.push(first);
                merged.push(last);
            }
            Stretch::Insertions { .. } | Stretch::Conflict { .. } => return None,
        }
    }
    merged.text.push_str(if end == old_end { new_end } else { end });
    Some(merged.text)
}

/// Whether two texts differ by nothing but how they are formatted: by blanks, and by the commas and the braces around single
/// expressions that come and go with the width of the lines.
pub(super) fn same(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|text| tokens(text).0.into_iter().map(|token| token.text));
    let telling = |text: &&str| !matches!(*text, "," | "{" | "}");
    one.filter(telling).eq(other.filter(telling))
}

/// The code without the comments on top of it that tell its licence, as companies put them on all files.
pub(super) fn without_licence(code: &str) -> &str {
    let mut rest = code.trim_start();
    while rest.starts_with('/') {
        let comment = &rest[..token_length(rest)];
        let words = comment.to_ascii_lowercase();
        if !["copyright", "license", "licence"].iter().any(|word| words.contains(word)) {
            break;
        }
        rest = rest[comment.len()..].trim_start();
    }
    rest
}

/// The code with another name for its own crate: in paths, and `with_binary` where the tests find what cargo has built.
pub(super) fn rename_crate(code: &str, old: &str, new: &str, with_binary: bool) -> String {
    let (tokens, end) = tokens(code);
    let in_code = [old, new].map(|name| name.replace('-', "_"));
    let binary = [old, new].map(|name| format!("\"CARGO_BIN_EXE_{name}\""));
    let is_colon = |at: Option<usize>| at.and_then(|at| tokens.get(at)).is_some_and(|token| token.text == ":");
    let mut renamed = String::new();
    for (at, token) in tokens.iter().enumerate() {
        let is_path = is_colon(Some(at + 1)) && is_colon(Some(at + 2)) && !is_colon(at.checked_sub(1));
        renamed.push_str(token.blanks);
        renamed.push_str(match token.text {
            text if is_path && text == in_code[0] => &in_code[1],
            text if with_binary && text == binary[0] => &binary[1],
            text => text,
        });
    }
    renamed + end
}

/// Text that is put together, and whether a comment to the end of the line came last.
#[derive(Default)]
struct Merged {
    text: String,
    after_comment: bool,
}

impl Merged {
    fn push(&mut self, tokens: &[Token<'_>]) {
        for token in tokens {
            // What follows a comment must not become a part of it.
            if self.after_comment && !token.blanks.contains('\n') {
                self.text.push('\n');
            }
            self.text.push_str(token.blanks);
            self.text.push_str(token.text);
            self.after_comment = token.text.starts_with("//");
        }
    }
}

/// Whether the item that these tokens end in is an import.
fn is_import(before: &[&str]) -> bool {
    let item = before.iter().rev().take_while(|token| **token != ";");
    let beginning = item.copied().find(|token| matches!(*token, "use" | "fn" | "struct" | "enum" | "impl" | "="));
    beginning == Some("use")
}

/// The tokens of a text, and the blanks after the last one.
pub(super) fn tokens(text: &str) -> (Vec<Token<'_>>, &str) {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        let start = rest.trim_start();
        let blanks = &rest[..rest.len() - start.len()];
        if start.is_empty() {
            return (tokens, blanks);
        }
        let (text, after) = start.split_at(token_length(start));
        tokens.push(Token { blanks, text });
        rest = after;
    }
}

/// The length of the token that `text` begins with, in bytes. Texts in quotes and comments are one token, since blanks
/// matter in them.
fn token_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let word = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    match bytes {
        [b'/', b'/', ..] => text.find('\n').unwrap_or(text.len()),
        [b'/', b'*', ..] => text.find("*/").map_or(text.len(), |end| end + 2),
        [b'"', ..] => quoted(bytes, 1),
        [b'b' | b'c', b'"', ..] => quoted(bytes, 2),
        [b'r', b'"' | b'#', ..] => raw(text, 1).unwrap_or(word.max(1)),
        [b'b' | b'c', b'r', b'"' | b'#', ..] => raw(text, 2).unwrap_or(word),
        [b'\'', b'\\', _, rest @ ..] => rest.iter().position(|byte| *byte == b'\'').map_or(text.len(), |end| end + 4),
        // A character such as 'x', and not a lifetime such as 'x.
        [b'\'', ..] => match text[1..].char_indices().nth(1) {
            Some((end, '\'')) => end + 2,
            _ => 1,
        },
        [b'0'..=b'9', ..] => number(text),
        _ if word > 0 => word,
        _ => text.chars().next().map_or(1, char::len_utf8),
    }
}

/// The length of a number, with its fraction and its unit. A version such as 1.2.3 is one number.
fn number(text: &str) -> usize {
    let word = |from: usize| {
        let rest = &text[from..];
        from + rest
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '%')
            .unwrap_or(rest.len())
    };
    let mut end = word(0);
    while text[end..].starts_with('.') && text[end + 1..].starts_with(|letter: char| letter.is_ascii_digit()) {
        end = word(end + 1);
    }
    end
}

/// The end of a text in quotes whose content starts at `start`.
fn quoted(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of a raw text, `r#"…"#`, whose hashes start at `start`; nothing when it is something else.
fn raw(text: &str, start: usize) -> Option<usize> {
    let hashes = text[start..].len() - text[start..].trim_start_matches('#').len();
    let content = text[start + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(content.find(&end).map_or(text.len(), |at| start + hashes + 1 + at + end.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_formatted_file_still_merges() {
        let base = "fn main() {\n    run(one, two);\n}\n";
        let ours = "fn main() {\n    run(\n        one,\n        two,\n    );\n}\n";
        let theirs = "fn main() {\n    start();\n    run(one, two);\n}\n";
        let merged = merge(base, ours, theirs).expect("only the blanks and a comma differ");
        assert_eq!(merged, "fn main() {\n    start();\n    run(\n        one,\n        two,\n    );\n}\n");
    }

    #[test]
    fn what_a_formatter_does_changes_nothing() {
        assert!(same("match a { b => c(d, e) }\n", "match a {\n    b => {\n        c(d, e,)\n    }\n}\n"));
        assert!(!same("// a\nb\n", "// a, too\nb\n"));
        assert!(!same("f(\"a, b\")", "f(\"a b\")"));
    }

    #[test]
    fn a_licence_on_top_is_none_of_the_code() {
        assert_eq!(without_licence("// Copyright Ada\n/* SPDX-License-Identifier: MIT */\n\n//! a\nb\n"), "//! a\nb\n");
        assert_eq!(without_licence("// Ask Ada.\n// Copyright Ada\na\n"), "// Ask Ada.\n// Copyright Ada\na\n");
        assert_eq!(without_licence("// Copyright Ada"), "");
    }

    #[test]
    fn a_crate_has_another_name_in_paths_alone() {
        let code = "use app::a;\nlet app = b::app::c(app::d(), \"app::e\"); // app::f\nenv!(\"CARGO_BIN_EXE_app\")\n";
        let renamed = "use my_shop::a;\nlet app = b::app::c(my_shop::d(), \"app::e\"); // app::f\nenv!(\"CARGO_BIN_EXE_my-shop\")\n";
        assert_eq!(rename_crate(code, "app", "my-shop", true), renamed);
        let binary = "env!(\"CARGO_BIN_EXE_app\")";
        assert_eq!(rename_crate(binary, "app", "my-shop", false), binary);
    }

    #[test]
    fn names_are_added_to_one_import() {
        let merged = merge("use a::{B, D};\n", "use a::{B, C, D};\n", "use a::{A, B, D};\n");
        assert_eq!(merged.as_deref(), Some("use a::{A, B, C, D};\n"));
        let merged = merge("use a::{B};\n", "use a::{B, C};\n", "use a::{B, D};\n");
        assert_eq!(merged.as_deref(), Some("use a::{B, C, D};\n"));
    }

    #[test]
    fn two_arguments_at_one_place_are_for_a_person_to_decide() {
        assert_eq!(merge("f(a);\n", "f(a, x);\n", "f(a, y);\n"), None);
    }

    #[test]
    fn a_comment_swallows_nothing() {
        let merged = merge("a(); b();\n", "a(); // first\nb();\n", "a(); c();\n");
        assert_eq!(merged.as_deref(), Some("a(); // first\n c();\n"));
    }

    #[test]
    fn texts_in_quotes_are_one_token() {
        let texts = |text: &'static str| tokens(text).0.iter().map(|token| token.text).collect::<Vec<_>>();
        assert_eq!(texts(r#"f("a \" b", 'x', '\'', 'a)"#).len(), 11);
        assert_eq!(texts("r#\"a \" b\"# x"), ["r#\"a \" b\"#", "x"]);
        assert_eq!(texts("// a b\nc /* d e */"), ["// a b", "c", "/* d e */"]);
    }

    proptest! {
        #[test]
        fn tokens_make_up_the_text(text in "[a-z\"'#r/*\\\\ \n{};ü]{0,40}") {
            let (tokens, end) = tokens(&text);
            let whole: String = tokens.iter().flat_map(|token| [token.blanks, token.text]).chain([end]).collect();
            prop_assert_eq!(whole, text);
        }
    }
}
