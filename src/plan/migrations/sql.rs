//! What the SQL of a migration does to the tables of a database.
//!
//! The names of what a statement makes, changes and uses stand at fixed places, in every dialect; the rest of its grammar is
//! the database's business. So this reads words, names, strings and comments, and knows no more, and there is no valid SQL that
//! it refuses.

use std::collections::BTreeSet;
use std::fmt;
use std::iter::Peekable;
use std::vec::IntoIter;

/// A kind of thing that `CREATE` makes, in the order in which things can be dropped: first what stands on others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Trigger,
    MaterializedView,
    View,
    Table,
    Index,
    Function,
    Procedure,
    Domain,
    Type,
    Sequence,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Trigger,
        Self::View,
        Self::Table,
        Self::Index,
        Self::Function,
        Self::Procedure,
        Self::Domain,
        Self::Type,
        Self::Sequence,
    ];

    /// As SQL has it.
    pub(super) fn keyword(self) -> &'static str {
        match self {
            Self::Trigger => "TRIGGER",
            Self::MaterializedView => "MATERIALIZED VIEW",
            Self::View => "VIEW",
            Self::Table => "TABLE",
            Self::Index => "INDEX",
            Self::Function => "FUNCTION",
            Self::Procedure => "PROCEDURE",
            Self::Domain => "DOMAIN",
            Self::Type => "TYPE",
            Self::Sequence => "SEQUENCE",
        }
    }

    fn holds_rows(self) -> bool {
        matches!(self, Self::Table | Self::View | Self::MaterializedView)
    }
}

/// A name, as it was written: with its quotes and its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    /// What tells it from other names, whatever its case, its quotes and its schema.
    pub(super) fn key(&self) -> String {
        let last = self.0.rsplit('.').next().unwrap_or(&self.0);
        last.trim_matches(['"', '`', '[', ']']).to_lowercase()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something that a migration makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) kind: Kind,
    pub(super) name: Name,
    /// For an index or a trigger: its table.
    pub(super) on: Option<Name>,
    /// The keys of the tables that it refers to.
    pub(super) uses: BTreeSet<String>,
    /// Whether it calls a function, as triggers of `PostgreSQL` do; these are dropped by the name of their table, too.
    pub(super) calls: bool,
}

impl Object {
    fn is(&self, kind: Kind, name: &Name) -> bool {
        self.kind == kind && self.name.key() == name.key()
    }
}

/// What a statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Create(Object),
    /// Changes a table, and may have it refer to others.
    Alter { table: Name, uses: BTreeSet<String> },
    Rename { from: Name, to: Name },
    Drop { kind: Kind, names: Vec<Name> },
    /// Reads or writes rows.
    Use(BTreeSet<String>),
}

/// The steps of a migration, in their order.
pub(super) fn steps(text: &str) -> Vec<Step> {
    statements(tokens(text)).into_iter().filter_map(|statement| step(&statement)).collect()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A word without quotes, as it was written.
    Word(String),
    /// A name in quotes, with them.
    Quoted(String),
    Symbol(char),
}

impl Token {
    fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }
}

/// Drops comments and the content of strings.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest),
            '\'' => quoted(rest, '\''),
            '$' if dollar_tag(rest).is_some() => dollar_tag(rest).map_or(1, |tag| {
                rest[tag.len()..].find(tag).map_or(rest.len(), |at| at + 2 * tag.len())
            }),
            '"' | '`' | '[' => {
                let length = quoted(rest, if first == '[' { ']' } else { first });
                tokens.push(Token::Quoted(rest[..length].to_owned()));
                length
            }
            first if first.is_alphanumeric() || first == '_' => {
                let end = |c: char| !(c.is_alphanumeric() || c == '_' || c == '$');
                let length = rest.find(end).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..length].to_owned()));
                length
            }
            first => {
                if !first.is_whitespace() {
                    tokens.push(Token::Symbol(first));
                }
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of a comment; one may hold others.
fn comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    loop {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            match rest.chars().next() {
                Some(char) => at += char.len_utf8(),
                None => return at,
            }
        }
    }
}

/// The length of what begins with a quote; a doubled quote does not end it.
fn quoted(text: &str, end: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        if char == end && chars.next_if(|(_, next)| *next == end).is_none() {
            return at + end.len_utf8();
        }
    }
    text.len()
}

/// `$$` or `$tag$`, which begins and ends a string of `PostgreSQL`.
fn dollar_tag(text: &str) -> Option<&str> {
    let end = text[1..].find('$')? + 1;
    let tag = &text[1..end];
    let is_name = tag.chars().all(|c| c.is_alphanumeric() || c == '_') && !tag.starts_with(|c: char| c.is_numeric());
    is_name.then(|| &text[..=end])
}

/// Splits at semicolons, but for those in the body of a trigger.
fn statements(tokens: Vec<Token>) -> Vec<Vec<Token>> {
    let mut statements = Vec::new();
    let mut current: Vec<Token> = Vec::new();
    let mut depth = 0_usize;
    for token in tokens {
        if token == Token::Symbol(';') && depth == 0 {
            statements.push(std::mem::take(&mut current));
            continue;
        }
        let has_body = current.iter().take(4).any(|word| word.is("trigger"));
        if has_body && token.is_any(&["begin", "case"]) {
            depth += 1;
        } else if has_body && token.is("end") {
            depth = depth.saturating_sub(1);
        }
        current.push(token);
    }
    statements.push(current);
    statements
}

/// The rest of a statement.
struct Words(Peekable<IntoIter<Token>>);

impl Words {
    fn take(&mut self, keyword: &str) -> bool {
        self.0.next_if(|token| token.is(keyword)).is_some()
    }

    fn take_any(&mut self, keywords: &[&str]) {
        while self.0.next_if(|token| token.is_any(keywords)).is_some() {}
    }

    /// `name`, `"name"` or `schema.name`.
    fn name(&mut self) -> Option<Name> {
        let mut name = String::new();
        loop {
            match self.0.next_if(|token| !matches!(token, Token::Symbol(_)))? {
                Token::Word(part) | Token::Quoted(part) => name.push_str(&part),
                Token::Symbol(_) => {}
            }
            if self.0.next_if_eq(&Token::Symbol('.')).is_none() {
                return Some(Name(name));
            }
            name.push('.');
        }
    }
}

fn step(statement: &[Token]) -> Option<Step> {
    let mut words = Words(statement.to_vec().into_iter().peekable());
    if words.take("create") {
        // What is temporary is gone with the connection.
        if statement.iter().take(4).any(|token| token.is_any(&["temp", "temporary"])) {
            return Some(Step::Use(uses(statement)));
        }
        words.take_any(&["or", "replace", "unlogged", "virtual", "recursive", "unique", "constraint"]);
        let Some(kind) = kind(&mut words) else { return Some(Step::Use(uses(statement))) };
        words.take_any(&["concurrently", "if", "not", "exists"]);
        let name = words.name()?;
        let on = matches!(kind, Kind::Index | Kind::Trigger).then(|| table(statement)).flatten();
        let mut uses = uses(statement);
        uses.extend(on.as_ref().map(Name::key));
        uses.remove(&name.key());
        let calls = statement.iter().any(|token| token.is("execute"));
        return Some(Step::Create(Object { kind, name, on, uses, calls }));
    }
    if words.take("alter") {
        if !words.take("table") {
            return None;
        }
        words.take_any(&["if", "exists", "only"]);
        let name = words.name()?;
        if words.take("rename") && words.take("to") {
            return Some(Step::Rename { from: name, to: words.name()? });
        }
        return Some(Step::Alter { uses: uses(statement), table: name });
    }
    if words.take("drop") {
        let kind = kind(&mut words)?;
        words.take_any(&["concurrently", "if", "exists"]);
        let mut names = Vec::from_iter(words.name());
        while words.0.next_if_eq(&Token::Symbol(',')).is_some() {
            names.extend(words.name());
        }
        return Some(Step::Drop { kind, names });
    }
    let uses = uses(statement);
    (!uses.is_empty()).then_some(Step::Use(uses))
}

fn kind(words: &mut Words) -> Option<Kind> {
    if words.take("materialized") {
        return words.take("view").then_some(Kind::MaterializedView);
    }
    Kind::ALL.into_iter().find(|kind| words.take(kind.keyword()))
}

/// The table of an index or a trigger.
fn table(statement: &[Token]) -> Option<Name> {
    let at = statement.iter().position(|token| token.is("on"))?;
    let mut words = Words(statement[at + 1..].to_vec().into_iter().peekable());
    words.take_any(&["only"]);
    words.name()
}

/// The keys of the names that stand where tables do.
fn uses(statement: &[Token]) -> BTreeSet<String> {
    const BEFORE: [&str; 7] = ["references", "from", "join", "into", "update", "table", "using"];
    let mut uses = BTreeSet::new();
    for (at, token) in statement.iter().enumerate() {
        if !token.is_any(&BEFORE) {
            continue;
        }
        let mut words = Words(statement[at + 1..].to_vec().into_iter().peekable());
        loop {
            words.take_any(&["only", "if", "not", "exists", "lateral"]);
            uses.extend(words.name().map(|name| name.key()));
            if !token.is("from") {
                break;
            }
            // `FROM a AS x, b`
            words.take_any(&["as"]);
            if words.0.peek() != Some(&Token::Symbol(',')) {
                let _ = words.name();
            }
            if words.0.next_if_eq(&Token::Symbol(',')).is_none() {
                break;
            }
        }
    }
    uses
}

/// What stands in a database after a module's migrations.
#[derive(Debug, Default)]
pub(super) struct Schema {
    /// In the order in which they were made.
    pub(super) objects: Vec<Object>,
    /// The tables of others that they change.
    pub(super) altered: BTreeSet<String>,
}

impl Schema {
    pub(super) fn run(&mut self, text: &str) {
        for step in steps(text) {
            match step {
                // `IF NOT EXISTS`
                Step::Create(object) if self.objects.iter().any(|other| other.is(object.kind, &object.name)) => {}
                Step::Create(object) => self.objects.push(object),
                Step::Alter { table, uses } => match self.find(&table) {
                    Some(object) => object.uses.extend(uses.into_iter().filter(|used| *used != table.key())),
                    None => {
                        self.altered.insert(table.key());
                    }
                },
                Step::Rename { from, to } => match self.find(&from) {
                    Some(object) => object.name = to,
                    None => {
                        self.altered.insert(from.key());
                    }
                },
                Step::Drop { kind, names } => {
                    for name in names {
                        let is_on = |on: &Option<Name>| on.as_ref().is_some_and(|on| on.key() == name.key());
                        self.objects
                            .retain(|object| !object.is(kind, &name) && !(kind == Kind::Table && is_on(&object.on)));
                    }
                }
                Step::Use(_) => {}
            }
        }
    }

    fn find(&mut self, name: &Name) -> Option<&mut Object> {
        self.objects.iter_mut().find(|object| object.kind.holds_rows() && object.name.key() == name.key())
    }

    /// The names of the tables.
    pub(super) fn tables(&self) -> impl Iterator<Item = String> {
        self.objects.iter().filter(|object| object.kind == Kind::Table).map(|object| object.name.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(text: &str) -> Vec<String> {
        let mut schema = Schema::default();
        schema.run(text);
        let told = schema.objects.iter().map(|object| format!("{} {}", object.kind.keyword(), object.name));
        told.chain(schema.altered.iter().map(|name| format!("altered {name}"))).collect()
    }

    #[test]
    fn everything_that_is_made_is_found() {
        for (text, expected) in [
            ("CREATE TABLE a (b TEXT);", "TABLE a"),
            ("create table if not exists \"My Table\" (x int)", "TABLE \"My Table\""),
            ("CREATE UNLOGGED TABLE app.a (b TEXT)", "TABLE app.a"),
            ("CREATE TABLE [a] (b)", "TABLE [a]"),
            ("CREATE VIRTUAL TABLE search USING fts5(title, body)", "TABLE search"),
            ("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY a (b) WHERE c = ';'", "INDEX i"),
            ("CREATE OR REPLACE VIEW v AS SELECT * FROM a", "VIEW v"),
            ("CREATE MATERIALIZED VIEW v AS SELECT 1", "MATERIALIZED VIEW v"),
            ("CREATE TYPE mood AS ENUM ('sad; DROP TABLE x', 'it''s')", "TYPE mood"),
            ("CREATE OR REPLACE FUNCTION f() RETURNS trigger AS $x$ BEGIN; CREATE TABLE n (); END $x$", "FUNCTION f"),
            ("-- CREATE TABLE x\n/* CREATE /* TABLE */ y */ CREATE SEQUENCE s", "SEQUENCE s"),
            ("CREATE TRIGGER t AFTER UPDATE ON a BEGIN UPDATE b SET c = CASE 1 WHEN 1 THEN 2 END; DELETE FROM d; END;", "TRIGGER t"),
        ] {
            assert_eq!(objects(text), [expected], "{text}");
        }
        assert!(objects("CREATE TEMP TABLE x (y)").is_empty());
        assert!(objects("CREATE EXTENSION citext; INSERT INTO a VALUES ('CREATE TABLE x'); ; $1 'open").is_empty());
    }

    #[test]
    fn later_steps_count() {
        // How SQLite changes a table.
        let rebuilt = "CREATE TABLE a (x); CREATE TABLE new_a (x, y); INSERT INTO new_a SELECT x, 1 FROM a; \
                       DROP TABLE a; ALTER TABLE new_a RENAME TO a;";
        assert_eq!(objects(rebuilt), ["TABLE a"]);
        assert_eq!(objects("CREATE TABLE a (x); CREATE INDEX i ON a (x); DROP TABLE IF EXISTS a"), [] as [&str; 0]);
        assert_eq!(objects("ALTER TABLE users ADD COLUMN age INT"), ["altered users"]);
    }

    #[test]
    fn uses_are_names_where_tables_stand() {
        let used = |text: &str| {
            uses(&tokens(text)).into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(used("CREATE TABLE c (notes TEXT, a INT REFERENCES Users (id))"), "c users");
        assert_eq!(used("SELECT x FROM a AS y, b, \"C\" JOIN app.d ON y.i = d.i"), "a b c d");
        assert_eq!(used("INSERT INTO a SELECT * FROM b"), "a b");
        assert_eq!(used("ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b"), "a b");
    }
}
