//! What cargo-generate says, in our words and with flags that we have.

use std::path::Path;

use console::strip_ansi_codes;
use regex::Regex;

/// The marks at the beginning of its lines.
const INFORMATION: char = '🔸';
const END: char = '✨';
const WARNING: char = '⚠';
const ERROR: char = '⛔';

/// Our words for what its library says; `$1` is the first group.
const SENTENCES: [(&str, &str); 7] = [
    (
        r"variable `(.+?)` is missing default value",
        "the placeholder `$1` has no default; give its value with `--set $1=…`",
    ),
    (
        r#"Sorry,\s+"(.*)" (?:is not a valid value|are not valid values) for (\S+)"#,
        "`$1` is no value for the placeholder `$2`; give another one with `--set $2=…`",
    ),
    (
        r"Cannot prompt for system command confirmation in silent mode",
        "the template's hooks run commands, which nobody has allowed; look at them, then allow them with `--trust`; a dry run \
         never runs them",
    ),
    (
        r"User denied execution of system command `(.*?)`",
        "the template's hooks need to run `$1`, which was not allowed",
    ),
    (
        r"Required cargo-generate version not met\. Required:\s+(.*?)\s+was:\s+(\S+)",
        "the template needs cargo-generate $1, and this program has its version $2; take a version of the template that \
         fits, or a newer NeoForge",
    ),
    (
        r"(?s)Substitution skipped, found invalid syntax in\s+(.*?)\n\s*\n",
        "these files are no valid liquid, or no text: $1; copy them as they are with `--continue-on-error`, or list them \
         under `exclude` in the template's cargo-generate.toml",
    ),
    (r"(?s)^Failed executing script:\s+(\S+?):\s+(.*)$", "the template's hook $1 failed: $2"),
];

/// What it says that concerns nobody here: how the name was changed shows in the plan, and values are given on purpose.
const NO_NEWS: [&str; 5] = [
    "Renaming project called",
    "Overriding builtin placeholder",
    "Consider adding these files",
    "Learn more:",
    "Template specifies --init",
];

/// Replaces what was said in a process that works in these folders.
pub(super) struct Words {
    places: Regex,
}

impl Words {
    pub(super) fn new(temporary: &Path, destination: &Path) -> Self {
        let [temporary, destination] = [temporary, destination].map(|path| regex::escape(&path.to_string_lossy()));
        let places = format!(r"{temporary}[/\\]cargo-generate\w+[/\\]?|{destination}[/\\]?");
        Self { places: Regex::new(&places).expect("escaped paths") }
    }

    /// An error of the library.
    pub(super) fn error(&self, text: &str) -> String {
        let text = self.plain(text);
        let said = SENTENCES.iter().find_map(|(pattern, sentence)| {
            let pattern = Regex::new(pattern).expect("regular expressions that never change");
            let mut said = String::new();
            pattern.captures(&text)?.expand(sentence, &mut said);
            Some(said)
        });
        let said = said.unwrap_or_else(|| format!("cargo-generate does not render the template: {text}"));
        said.replace("\n\t", ", ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// What it has printed that somebody should know: warnings, and what the template's hooks print.
    pub(super) fn notes(&self, printed: &str) -> Vec<String> {
        let mut notes: Vec<String> = Vec::new();
        let mut from_hook = true;
        for line in strip_ansi_codes(printed).lines() {
            let text = self.plain(line);
            if line.starts_with(ERROR) {
                break;
            }
            if line.starts_with([INFORMATION, END]) {
                from_hook = true;
            } else if text.is_empty() || NO_NEWS.iter().any(|news| text.starts_with(news)) {
                // Nobody needs to know.
            } else if line.starts_with(WARNING) {
                from_hook = false;
                notes.push(text);
            } else if let (false, Some(note)) = (from_hook, notes.last_mut()) {
                *note = format!("{note}\n  {text}");
            } else {
                from_hook = false;
                notes.push(format!("the template says:\n  {text}"));
            }
        }
        notes
    }

    /// Without colours, marks and folders that will be gone.
    fn plain(&self, text: &str) -> String {
        let text = strip_ansi_codes(text).replace([INFORMATION, END, WARNING, ERROR, '\u{fe0f}'], "");
        self.places.replace_all(text.trim(), "").into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_our_flags() {
        let words = Words::new(Path::new("/s/temporary"), Path::new("/w/.x.neoforge-0"));
        let cases = [
            (
                "variable `colour` is missing default value in config file running in silent mode",
                "the placeholder `colour` has no default; give its value with `--set colour=…`",
            ),
            (
                "⚠️  Sorry, \"pink\" is not a valid value for colour",
                "`pink` is no value for the placeholder `colour`; give another one with `--set colour=…`",
            ),
            (
                "Substitution skipped, found invalid syntax in\n\ta.txt\n\tb/c.txt\n\nConsider adding these files to …",
                "these files are no valid liquid, or no text: a.txt, b/c.txt; copy them as they are with \
                 `--continue-on-error`, or list them under `exclude` in the template's cargo-generate.toml",
            ),
            (
                "⛔  Failed executing script: /s/temporary/cargo-generateAbC123/pre.rhai: Runtime error: no (line 1, position 1)",
                "the template's hook pre.rhai failed: Runtime error: no (line 1, position 1)",
            ),
            ("it is broken", "cargo-generate does not render the template: it is broken"),
        ];
        for (said, expected) in cases {
            assert_eq!(words.error(said), expected);
        }
    }

    #[test]
    fn warnings_and_what_hooks_print_are_kept() {
        let words = Words::new(Path::new("/s/temporary"), Path::new("/w/.x.neoforge-0"));
        let printed = "🔸  Destination: ~/w\n⚠️  Renaming project called `A` to `a`...\n⚠️  [Skipping] `/s/temporary/cargo-generateX1/l`\n\
                       \n🔸  Script: /s/temporary/cargo-generateX1/post.rhai\n  run me\n  now\n\n⚠️  one\n\ttwo\n✨  Done!\n";
        assert_eq!(words.notes(printed), ["[Skipping] `l`", "the template says:\n  run me\n  now", "one\n  two"]);
    }
}
