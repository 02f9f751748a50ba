//! What is left of a module's steps: the things that stand in a database afterwards.

use std::collections::BTreeSet;

use super::sql::{Kind, Name, Object, Step, steps};

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
                        self.objects.retain(|object| {
                            let goes_along = kind == Kind::Table && is_on(&object.on);
                            !object.is(kind, &name) && !goes_along
                        });
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
            (
                "CREATE TRIGGER t AFTER UPDATE ON a BEGIN UPDATE b SET c = CASE 1 WHEN 1 THEN 2 END; DELETE FROM d; END;",
                "TRIGGER t",
            ),
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
}
