//! Where the migrations of a module stand.

use super::manifest::Migrations;

impl Migrations {
    /// The module that the file at `path` is a migration of.
    #[must_use]
    pub fn module_of<'a>(&self, path: &'a str) -> Option<&'a str> {
        let (before, after) = self.folder.get_ref().split_once('*')?;
        let (module, rest) = path.strip_prefix(before)?.split_once('/')?;
        let file = if after.is_empty() { rest } else { rest.strip_prefix(after.strip_prefix('/')?)?.strip_prefix('/')? };
        (file.ends_with(".sql") && !file.contains('/')).then_some(module)
    }

    /// The folder with the migrations of a module.
    #[must_use]
    pub fn folder_of(&self, module: &str) -> String {
        self.folder.get_ref().replace('*', module)
    }

    /// The table that remembers which migrations of a module have run.
    #[must_use]
    pub fn history_of(&self, module: &str) -> String {
        self.history.get_ref().replace('*', module)
    }
}

#[cfg(test)]
mod tests {
    use crate::template::testing::template;

    #[test]
    fn a_migration_belongs_to_the_module_of_its_folder() {
        for (folder, path, module) in [
            ("crates/*/migrations", "crates/notes/migrations/0001_x.sql", Some("notes")),
            ("crates/*/migrations", "crates/notes/migrations/README.md", None),
            ("crates/*/migrations", "crates/notes/migrations/old/1.sql", None),
            ("crates/*/migrations", "crates/notes/src/1.sql", None),
            ("sql/*", "sql/notes/1.sql", Some("notes")),
            ("*/sql", "notes/sql/1.sql", Some("notes")),
        ] {
            let text = format!("[migrations]\nfolder = '{folder}'\nhistory = '_*'");
            let keys = template(&[("template.toml", &text)]).manifest.migrations.expect("it is there");
            assert_eq!(keys.module_of(path), module, "{path} in {folder}");
        }
    }
}
