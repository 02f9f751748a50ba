//! Lists the files of `migrations/`, so that a new one needs no line of code.

use std::{collections::BTreeMap, env, error::Error, ffi::OsStr, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=migrations");
    let mut list = BTreeMap::new();
    for entry in fs::read_dir(Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("migrations"))? {
        let path = entry?.path();
        if path.extension() != Some(OsStr::new("sql")) {
            continue;
        }
        let stem = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        let numbered = stem.split_once('_').and_then(|(number, name)| Some((number.parse::<i64>().ok()?, name)));
        let Some((version, name)) = numbered else {
            return Err(format!("{}: call it like `0001_what_it_does.sql`", path.display()).into());
        };
        let (name, text) = (name.replace('_', " "), path.to_string_lossy());
        let migration = format!("Migration {{ version: {version}, name: {name:?}, sql: include_str!({text:?}) }},\n");
        if list.insert(version, migration).is_some() {
            return Err(format!("{}: another migration has the number {version}", path.display()).into());
        }
    }
    let list: String = list.into_values().collect();
    fs::write(Path::new(&env::var("OUT_DIR")?).join("migrations.rs"), format!("&[\n{list}]"))?;
    Ok(())
}
