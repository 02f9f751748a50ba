use tempfile::TempDir;

/// A database of its own for one test: a file in a folder that goes away with this value.
#[derive(Debug)]
pub struct TestDatabase {
    pub url: String,
    _folder: TempDir,
}

impl TestDatabase {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("the folder for temporary files is writable");
        Self { url: format!("sqlite://{}/test.db", folder.path().display()), _folder: folder }
    }
}
