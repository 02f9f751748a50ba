//! What the SQL of a migration does to the tables of a database.
//!
//! The names of what a statement makes, changes and uses stand at fixed places, in every dialect; the rest of its grammar is
//! the database's business. So this reads words, names, strings and comments, and knows no more, and there is no valid SQL that
//! it refuses.

use std::collections::BTreeSet;
use std::fmt;
use std::iter::{Cloned, Peekable};
use std::slice::Iter;

use super::tokens::{Token, tokens};

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

    pub(super) fn holds_rows(self) -> bool {
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
    pub(super) fn is(&self, kind: Kind, name: &Name) -> bool {
        self.kind == kind && self.name.key() == name.key()
    }
}

/// What a statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Create(Object),
    /// Changes a table, and may have it refer to others.
    Alter {
        table: Name,
        uses: BTreeSet<String>,
    },
    Rename {
        from: Name,
        to: Name,
    },
    Drop {
        kind: Kind,
        names: Vec<Name>,
    },
    /// Reads or writes rows.
    Use(BTreeSet<String>),
}

/// The steps of a migration, in their order.
pub(super) fn steps(text: &str) -> Vec<Step> {
    statements(tokens(text)).into_iter().filter_map(|statement| step(&statement)).collect()
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
struct Words<'a>(Peekable<Cloned<Iter<'a, Token>>>);

impl<'a> Words<'a> {
    fn of(statement: &'a [Token]) -> Self {
        Self(statement.iter().cloned().peekable())
    }

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
    let mut words = Words::of(statement);
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

fn kind(words: &mut Words<'_>) -> Option<Kind> {
    if words.take("materialized") {
        return words.take("view").then_some(Kind::MaterializedView);
    }
    Kind::ALL.into_iter().find(|kind| words.take(kind.keyword()))
}

/// The table of an index or a trigger.
fn table(statement: &[Token]) -> Option<Name> {
    let at = statement.iter().position(|token| token.is("on"))?;
    let mut words = Words::of(&statement[at + 1..]);
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
        let mut words = Words::of(&statement[at + 1..]);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_names_where_tables_stand() {
        let used = |text: &str| uses(&tokens(text)).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(used("CREATE TABLE c (notes TEXT, a INT REFERENCES Users (id))"), "c users");
        assert_eq!(used("SELECT x FROM a AS y, b, \"C\" JOIN app.d ON y.i = d.i"), "a b c d");
        assert_eq!(used("INSERT INTO a SELECT * FROM b"), "a b");
        assert_eq!(used("ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b"), "a b");
    }
}
