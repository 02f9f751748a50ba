//! What people do to one line: every kind of it, at every place.

use crate::judge::language::Language;

/// What is done to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// A new line, as deep as the line below it.
    Insert,
    /// A new line, as deep as the line above it, which it goes on from.
    Continue,
    /// A new line below the line above it.
    Nest,
    /// The line above once more.
    Repeat,
    Comment,
    Replace,
    /// Another value in the line.
    Change,
    Delete,
    /// It changes places with the line below.
    Swap,
    /// It stands half a file away.
    Move,
}

pub(crate) const KINDS: [Kind; 10] = [
    Kind::Insert,
    Kind::Continue,
    Kind::Nest,
    Kind::Repeat,
    Kind::Comment,
    Kind::Replace,
    Kind::Change,
    Kind::Delete,
    Kind::Swap,
    Kind::Move,
];

/// At how many places a line of a text can be changed or inserted.
pub(crate) fn places(text: &str) -> usize {
    text.lines().count() + 1
}

/// A text after an edit, if there is something to do at this place.
pub(crate) fn edited(path: &str, text: &str, kind: Kind, at: usize) -> Option<String> {
    let language = Language::of(path);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let shown = |at: Option<usize>| at.and_then(|at| lines.get(at)).filter(|line| !line.trim().is_empty()).cloned();
    let above = shown(at.checked_sub(1));
    let here = lines.get(at).cloned();
    let below = shown(Some(at));
    match kind {
        Kind::Insert => {
            let model = below.or(above)?;
            lines.insert(at, fresh(language, &model, indent(&model)));
        }
        Kind::Continue => {
            let model = above?;
            // The same as an insertion where the line below is as deep.
            if below.is_some_and(|below| indent(&below) == indent(&model)) {
                return None;
            }
            lines.insert(at, fresh(language, &model, indent(&model)));
        }
        Kind::Nest => {
            let model = above?;
            let step = match language {
                Language::Rust | Language::Just | Language::Other => 4,
                _ => 2,
            };
            let deeper = below.filter(|below| indent(below) > indent(&model));
            let opens = model.trim_end().ends_with(['{', '[', '(', ':', '>']);
            if !opens && deeper.is_none() {
                return None;
            }
            let depth = deeper.as_ref().map_or(indent(&model) + step, |line| indent(line));
            lines.insert(at, fresh(language, deeper.as_ref().unwrap_or(&model), depth));
        }
        Kind::Repeat => lines.insert(at, above?),
        Kind::Comment => {
            let model = below.or(above)?;
            lines.insert(at, format!("{}{}", " ".repeat(indent(&model)), comment(language)));
        }
        Kind::Replace => lines[at] = fresh(language, below.as_ref()?, indent(below.as_ref()?)),
        Kind::Change => lines[at] = changed(below.as_ref()?)?,
        Kind::Delete => {
            here?;
            lines.remove(at);
        }
        Kind::Swap => {
            if at + 1 >= lines.len() || lines[at] == lines[at + 1] {
                return None;
            }
            lines.swap(at, at + 1);
        }
        Kind::Move => {
            below?;
            let line = lines.remove(at);
            let to = (at + lines.len() / 2) % lines.len().max(1);
            lines.insert(to, line);
        }
    }
    let edited: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    (edited != text).then_some(edited)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Another value in place of the last word.
fn changed(line: &str) -> Option<String> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric();
    let end = line.rfind(is_word)? + 1;
    let start = line[..end].rfind(|letter: char| !is_word(letter)).map_or(0, |at| at + 1);
    let start = if line.is_char_boundary(start) { start } else { end - 1 };
    Some(format!("{}{}7{}", &line[..start], &line[start..end], &line[end..]))
}

fn comment(language: Language) -> &'static str {
    match language {
        Language::Rust | Language::Script | Language::Json => "// a word of mine",
        Language::Css => "/* a word of mine */",
        Language::Html | Language::Markdown => "<!-- a word of mine -->",
        _ => "# a word of mine",
    }
}

/// A line that nobody else has, and that fits beside `model`.
fn fresh(language: Language, model: &str, indent: usize) -> String {
    let line = model.trim();
    let listed = line.ends_with(',');
    let own = match language {
        Language::Rust if line.starts_with("use ") => "use mine::Mine;",
        Language::Rust if line.contains("mod ") && line.ends_with(';') => "mod mine;",
        Language::Rust if line.starts_with('.') => ".mine()",
        Language::Rust if listed && line.contains(": ") => "mine: Mine,",
        Language::Rust if listed && line.contains("=> ") => "Mine => mine(),",
        Language::Rust if listed => "mine,",
        Language::Rust if line.starts_with("#[") => "#[mine]",
        Language::Rust if line.starts_with("///") => "/// A word of mine.",
        Language::Rust if indent == 0 => "const MINE: u8 = 1;",
        Language::Rust | Language::Script => "mine();",
        Language::Css if indent == 0 => ".mine { margin: 0; }",
        Language::Css => "--mine: 1;",
        Language::Json if line.contains("\": ") => "\"mine\": 1,",
        Language::Json => "\"mine\",",
        Language::Toml if line.starts_with('"') || indent > 0 => "\"mine\",",
        Language::Toml | Language::Sections => "mine = 1",
        Language::Markdown if line.starts_with('|') => "| mine | of mine |",
        Language::Markdown if line.starts_with("- ") => "- of mine",
        Language::Markdown if line.starts_with('#') => "## Mine",
        Language::Markdown => "A line of mine.",
        Language::Html => "<p>mine</p>",
        Language::Yaml if line.starts_with("- ") => "- run: mine",
        Language::Yaml => "mine: 1",
        Language::Docker if line.starts_with("&&") => "&& mine \\",
        Language::Docker => "RUN mine",
        Language::Just if indent == 0 => "mine := \"1\"",
        Language::Flat if line.contains('=') => "MINE=1",
        Language::Flat => "/mine",
        Language::Just | Language::Other => "mine --now",
    };
    format!("{}{own}", " ".repeat(indent))
}
