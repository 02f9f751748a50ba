use tempfile::TempDir;

/// A database of its own for one test: a file in a folder that goes away with this value.
#[derive(Debug)]
pub struct TestDatabase {
    folder: TempDir,
}

impl TestDatabase {
    pub fn new() -> Self {
        Self { folder: TempDir::new().expect("the folder for temporary files is writable") }
    }

    pub fn url(&self) -> String {
        format!("sqlite://{}/test.db", self.folder.path().display())
    }
}
