//! Where the migrations of a module stand.

use super::manifest::Migrations;

impl Migrations {
    /// The module that the file at `path` is a migration of.
    #[must_use]
    pub fn module_of<'a>(&self, path: &'a str) -> Option<&'a str> {
        let (folder, file) = path.rsplit_once('/')?;
        file.strip_suffix(".sql")?;
        let (anywhere, pattern) = match self.folder.get_ref().strip_prefix("**/") {
            Some(pattern) => (true, pattern),
            None => (false, self.folder.get_ref().as_str()),
        };
        // From the end: above it, `**` takes whatever there is.
        let mut parts = folder.rsplit('/');
        let mut module = None;
        for wanted in pattern.rsplit('/') {
            match parts.next()? {
                part if wanted == "*" => module = Some(part),
                part if part == wanted => {}
                _ => return None,
            }
        }
        module.filter(|_| anywhere || parts.next().is_none())
    }

    /// The table that remembers which migrations of a module have run. Names of folders may have hyphens, those of tables do not.
    #[must_use]
    pub fn history_of(&self, module: &str) -> String {
        self.history.get_ref().replace('*', &module.replace('-', "_"))
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
            ("crates/*/migrations", "old/crates/notes/migrations/0001_x.sql", None),
            ("**/*/migrations", "app/migrations/0001_x.sql", Some("app")),
            ("**/*/migrations", "platform/rate-limits/migrations/0001_x.sql", Some("rate-limits")),
            ("**/*/migrations", "migrations/0001_x.sql", None),
            ("sql/*", "sql/notes/1.sql", Some("notes")),
            ("*/sql", "notes/sql/1.sql", Some("notes")),
        ] {
            let text = format!("[migrations]\nfolder = '{folder}'\nhistory = '_*'");
            let keys = template(&[("template.toml", &text)]).manifest.migrations.expect("it is there");
            assert_eq!(keys.module_of(path), module, "{path} in {folder}");
        }
    }
}
