//! No environment variable is there in vain.

use super::{PROJECTS, is_rust};

#[test]
fn every_environment_variable_is_read() {
    for project in &*PROJECTS {
        let example = project.text(".env.example");
        let keys = example.lines().filter_map(|line| Some(line.trim_start_matches("# ").split_once('=')?.0));
        let keys: Vec<&str> = keys.filter(|key| !key.contains(' ')).collect();
        assert!(keys.len() > 5, "{}: {keys:?}", project.name);
        for key in keys {
            let quoted = format!("\"{key}\"");
            let reads = |path: &str, text: &str| match path {
                "compose.yaml" => text.contains(&format!("${{{key}")),
                _ => is_rust(path) && text.contains(&quoted),
            };
            let is_read = project.texts().any(|(path, text)| reads(path, text));
            assert!(is_read, "{}: nothing reads {key}", project.name);
        }
    }
}
