//! What Rust code uses: paths, files, templates, and members of values that come from a crate of the project. Tokens are
//! enough, so that the arguments of macros count like other code.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What a file uses.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// Paths, with the names that the file has imported written out.
    pub(super) paths: BTreeSet<Vec<String>>,
    /// Members by crate and name, such as `testkit::browser`.
    pub(super) members: BTreeSet<String>,
    /// Files that it includes, relative to its folder.
    pub(super) files: BTreeSet<String>,
    /// Templates that it renders.
    pub(super) templates: BTreeSet<String>,
    /// What names that the file has imported stand for.
    imports: BTreeMap<String, Vec<String>>,
    /// The crates that values come from, by the names of variables, parameters and fields.
    values: BTreeMap<String, String>,
}

/// The members of crates that values of theirs come from.
pub(super) trait Members {
    /// Whether it is a crate of the project.
    fn is_crate(&self, name: &str) -> bool;
    /// Whether a crate has a method, field or variant of this name.
    fn has(&self, krate: &str, name: &str) -> bool;
}

/// Methods after which a value still comes from where it came from.
const KEEPING: [&str; 5] = ["unwrap", "expect", "clone", "as_ref", "as_mut"];

impl Used {
    pub(super) fn by(text: &str, members: &dyn Members) -> Self {
        let mut used = Self::default();
        if let Ok(tokens) = TokenStream::from_str(text) {
            used.read(tokens, members);
        }
        used
    }

    fn read(&mut self, tokens: TokenStream, members: &dyn Members) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            let begins_path = word(&tokens, at).is_some() && !follows(&tokens, at);
            match &tokens[at] {
                TokenTree::Ident(ident) if ident == "use" => at = self.read_use(&tokens, at + 1),
                TokenTree::Ident(ident) if ident == "let" => at = self.read_let(&tokens, at + 1, members),
                TokenTree::Ident(_) if begins_path => {
                    self.read_typed(&tokens, at, members);
                    self.read_included(&tokens, at);
                    let (path, _) = path(&tokens, at);
                    if path.len() > 1 {
                        self.paths.insert(self.written_out(&path));
                    }
                    _ = self.origin(&tokens, at, members);
                    at += 1;
                }
                TokenTree::Group(group) => {
                    self.read(group.stream(), members);
                    at += 1;
                }
                _ => at += 1,
            }
        }
    }

    /// `use a::{b, c as d};`, from `a` on; gives where it ends.
    fn read_use(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let end = (at..tokens.len()).find(|place| is_punct(tokens, *place, ';')).unwrap_or(tokens.len());
        self.import(&[], &tokens[at..end]);
        end
    }

    fn import(&mut self, above: &[String], tokens: &[TokenTree]) {
        for tree in tokens.split(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',')) {
            let start = tree.iter().position(|token| !matches!(token, TokenTree::Punct(_))).unwrap_or(0);
            let (inner, end) = path(tree, start);
            let mut full = [above, &inner].concat();
            if let Some(TokenTree::Group(group)) = tree.get(end) {
                self.import(&full, &group.stream().into_iter().collect::<Vec<_>>());
                continue;
            }
            if full.last().is_some_and(|last| last == "self") {
                full.pop();
            }
            let alias =
                if word(tree, end).as_deref() == Some("as") { word(tree, end + 1) } else { full.last().cloned() };
            if let Some(alias) = alias.filter(|_| !full.is_empty()) {
                self.imports.insert(alias, full.clone());
                self.paths.insert(full);
            }
        }
    }

    /// `let name = value`, from the name on; gives where to go on.
    fn read_let(&mut self, tokens: &[TokenTree], at: usize, members: &dyn Members) -> usize {
        let at = if word(tokens, at).as_deref() == Some("mut") { at + 1 } else { at };
        if let Some(name) = word(tokens, at).filter(|_| is_punct(tokens, at + 1, '=')) {
            self.values.remove(&name);
            if let Some(krate) = self.origin(tokens, at + 2, members) {
                self.values.insert(name, krate);
            }
            return at + 2;
        }
        at
    }

    /// `name: Type`, of a parameter, a field or a variable.
    fn read_typed(&mut self, tokens: &[TokenTree], at: usize, members: &dyn Members) {
        let (Some(name), true) = (word(tokens, at), is_punct(tokens, at + 1, ':') && !is_punct(tokens, at + 2, ':'))
        else {
            return;
        };
        let mut start = at + 2;
        while matches!(tokens.get(start), Some(TokenTree::Punct(punct)) if ['&', '\''].contains(&punct.as_char()))
            || word(tokens, start).is_some_and(|word| word == "mut" || is_punct(tokens, start - 1, '\''))
        {
            start += 1;
        }
        let full = self.written_out(&path(tokens, start).0);
        if let Some(krate) = full.first().filter(|krate| full.len() > 1 && members.is_crate(krate)) {
            self.values.insert(name, krate.clone());
        }
    }

    /// `include_str!("…")`, and the like, and `#[template(path = "…")]`.
    fn read_included(&mut self, tokens: &[TokenTree], at: usize) {
        let name = word(tokens, at).unwrap_or_default();
        let includes = name.starts_with("include") && is_punct(tokens, at + 1, '!');
        let arguments = tokens.get(if includes { at + 2 } else { at + 1 });
        let Some(TokenTree::Group(group)) = arguments.filter(|_| includes || name == "template") else { return };
        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
        if includes {
            self.files.extend(inner.first().and_then(literal));
        } else {
            let is_path = |place: &usize| word(&inner, *place).as_deref() == Some("path");
            let named = (0..inner.len()).find(is_path).and_then(|place| inner.get(place + 2)).and_then(literal);
            self.templates.extend(named);
        }
    }

    /// The crate that the value of an expression comes from, as far as names tell. What is used of it on the way is noted.
    fn origin(&mut self, tokens: &[TokenTree], at: usize, members: &dyn Members) -> Option<String> {
        let start = (at..tokens.len()).find(|place| word(tokens, *place).is_some_and(|word| word != "mut"))?;
        if (at..start).any(|place| !is_punct(tokens, place, '&') && word(tokens, place).is_none()) {
            return None;
        }
        let (names, mut at) = path(tokens, start);
        let mut origin = match &names[..] {
            [name] => self.values.get(name).cloned(),
            _ => None,
        };
        let full = self.written_out(&names);
        let is_from = full.len() > 1 && members.is_crate(&full[0]);
        origin = origin.or_else(|| is_from.then(|| full[0].clone()));
        loop {
            match tokens.get(at) {
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => at += 1,
                Some(TokenTree::Punct(punct)) if punct.as_char() == '?' => at += 1,
                Some(TokenTree::Punct(punct)) if punct.as_char() == '.' => {
                    let name = word(tokens, at + 1)?;
                    at += 2;
                    if name == "await" {
                        continue;
                    }
                    if let Some(krate) = &origin {
                        self.members.insert(format!("{krate}::{name}"));
                    }
                    let stays = |krate: &String| KEEPING.contains(&name.as_str()) || members.has(krate, &name);
                    origin = origin.filter(stays).or_else(|| self.values.get(&name).cloned());
                }
                _ => return origin,
            }
        }
    }

    /// A path with what its first name was imported as.
    fn written_out(&self, path: &[String]) -> Vec<String> {
        match path.split_first().and_then(|(first, rest)| Some((self.imports.get(first)?, rest))) {
            Some((full, rest)) => [full, rest].concat(),
            None => path.to_vec(),
        }
    }
}

/// The names of a path that begins here, and where it ends.
fn path(tokens: &[TokenTree], mut at: usize) -> (Vec<String>, usize) {
    let mut names: Vec<String> = word(tokens, at).into_iter().collect();
    at += names.len();
    while !names.is_empty() && is_punct(tokens, at, ':') && is_punct(tokens, at + 1, ':') {
        at += 2;
        let Some(name) = word(tokens, at) else { break };
        names.push(name);
        at += 1;
    }
    (names, at)
}

fn word(tokens: &[TokenTree], at: usize) -> Option<String> {
    match tokens.get(at)? {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    }
}

fn is_punct(tokens: &[TokenTree], at: usize, sign: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

/// Whether a name goes on with what stands before it: a path, or a value and its member.
fn follows(tokens: &[TokenTree], at: usize) -> bool {
    let before = |back: usize, sign| at.checked_sub(back).is_some_and(|place| is_punct(tokens, place, sign));
    (before(1, ':') && before(2, ':')) || (before(1, '.') && !before(2, '.'))
}

fn literal(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|text| text.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Kit;

    impl Members for Kit {
        fn is_crate(&self, name: &str) -> bool {
            ["testkit", "ui"].contains(&name)
        }

        fn has(&self, _: &str, name: &str) -> bool {
            ["browser", "get", "one", "text"].contains(&name)
        }
    }

    fn used(text: &str) -> Used {
        Used::by(text, &Kit)
    }

    #[test]
    fn paths_are_written_out_wherever_they_stand() {
        let used = used("use ui::{Page, components::{flash as f, theme}};\nfn a() { vec![f::ok(), theme()] }\n");
        let paths: Vec<String> = used.paths.iter().map(|path| path.join("::")).collect();
        assert_eq!(paths, ["ui::Page", "ui::components::flash", "ui::components::flash::ok", "ui::components::theme"]);
    }

    #[test]
    fn members_are_those_of_values_that_come_from_a_crate() {
        let text = "use testkit::TestApp;\nasync fn a(given: &'static mut TestApp) {\n    let mut app = TestApp::start().await;\n    \
            assert_eq!(app.browser().get(\"/\").await.one(\"p\").text().chars().all(ok), given.size);\n    \
            let other = vec![1];\n    other.iter().any(yes);\n}\n";
        let members: Vec<String> = used(text).members.into_iter().collect();
        let expected = ["browser", "chars", "get", "one", "size", "text"].map(|name| format!("testkit::{name}"));
        assert_eq!(members, expected);
    }

    #[test]
    fn files_and_templates_are_found() {
        let used = used("#[template(path = \"a.html\")]\nstruct A;\nconst B: &str = include_str!(\"../b.css\");\n");
        assert_eq!((used.templates, used.files), (["a.html".to_owned()].into(), ["../b.css".to_owned()].into()));
    }
}
