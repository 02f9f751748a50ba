//! Where in a folder the template stands that is meant, as cargo-generate finds it, and how that is configured.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{CONFIG, ForeignError};

/// How many lists of sub-templates may lead to a template.
const DEEPEST: usize = 16;

/// A template of cargo-generate.
#[derive(Debug, Clone)]
pub struct Found {
    /// The folder that was given, above which nothing is looked for.
    pub root: PathBuf,
    /// The folder of the template.
    pub folder: PathBuf,
    /// How it is configured: by its own file, or by the nearest one above.
    pub(super) config: Config,
    config_path: Option<PathBuf>,
}

/// What we need to know of a `cargo-generate.toml`; the rest is the library's business.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    template: Section,
    #[serde(default)]
    pub(super) placeholders: toml::Table,
    #[serde(default)]
    pub(super) conditional: BTreeMap<String, Conditional>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Section {
    sub_templates: Option<Vec<String>>,
    vcs: Option<String>,
    init: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Conditional {
    #[serde(default)]
    pub(super) placeholders: toml::Table,
}

impl Found {
    /// The folder of the template in the root.
    #[must_use]
    pub fn subfolder(&self) -> Option<String> {
        let inside = self.folder.strip_prefix(&self.root).ok()?;
        let names: Vec<_> = inside.iter().map(|name| name.to_string_lossy()).collect();
        (!names.is_empty()).then(|| names.join("/"))
    }

    /// Whether the template wants no repository.
    #[must_use]
    pub fn wants_no_repository(&self) -> bool {
        self.config.template.vcs.as_deref() == Some("None")
    }

    /// Whether the template is made for the folder that somebody is in.
    #[must_use]
    pub fn wants_init(&self) -> bool {
        self.config.template.init == Some(true)
    }

    /// The template in a form that the library renders: it refuses one that asks for a repository, which we make.
    ///
    /// # Errors
    /// Where the copy that this takes cannot be made.
    pub fn without_repository(mut self, scratch: &Path) -> Result<Self, ForeignError> {
        let (Some("Git"), Some(path)) = (self.config.template.vcs.as_deref(), &self.config_path) else {
            return Ok(self);
        };
        let copy = scratch.join("template");
        copy_folder(&self.root, &copy)?;
        let moved =
            |path: &Path| path.strip_prefix(&self.root).map_or_else(|_| copy.clone(), |inside| copy.join(inside));
        let config = moved(path);
        let text = fs::read_to_string(&config).map_err(ForeignError::io("read", &config))?;
        let mut document: toml_edit::DocumentMut = text.parse().map_err(|error| broken(path, &error))?;
        if let Some(template) = document.get_mut("template").and_then(toml_edit::Item::as_table_like_mut) {
            template.remove("vcs");
        }
        fs::write(&config, document.to_string()).map_err(ForeignError::io("write", &config))?;
        self.folder = moved(&self.folder);
        self.root = copy;
        Ok(self)
    }
}

/// Finds the template that is meant by `root` and a folder in it. `choose` picks one of several names.
///
/// # Errors
/// A configuration that cannot be read, or an error of `choose`.
pub fn find<E: From<ForeignError>>(
    root: &Path,
    subfolder: Option<&str>,
    choose: &mut dyn FnMut(&[String]) -> Result<String, E>,
) -> Result<Found, E> {
    let root = root.to_path_buf();
    let mut folder = subfolder.map_or_else(|| root.clone(), |subfolder| root.join(subfolder));
    for _ in 0..DEEPEST {
        folder = match config_folders(&folder).as_slice() {
            [] => return configured(root, folder),
            [inside] => {
                if !inside.is_empty() {
                    folder.push(inside);
                }
                let config = folder.join(CONFIG);
                let sub_templates = read(&config)?.template.sub_templates.unwrap_or_default();
                if sub_templates.is_empty() {
                    return configured(root, folder);
                }
                let name = choose(&sub_templates)?;
                let sub_template = folder.join(&name);
                if !sub_template.is_dir() {
                    return Err(ForeignError::NoSubTemplate { config, name }.into());
                }
                sub_template
            }
            several => folder.join(choose(several)?),
        };
    }
    Err(ForeignError::EndlessSubTemplates { config: folder.join(CONFIG) }.into())
}

/// The folder above that lists this one as a sub-template, which then has its configuration, and the way from there.
#[must_use]
pub fn listed(folder: &Path) -> Option<(PathBuf, String)> {
    folder.ancestors().skip(1).find_map(|above| {
        let inside = folder.strip_prefix(above).ok()?;
        let sub_templates = read(&above.join(CONFIG)).ok()?.template.sub_templates?;
        let name = sub_templates.into_iter().find(|name| Path::new(name).components().eq(inside.components()))?;
        Some((above.to_path_buf(), name))
    })
}

/// The template in a folder, with the nearest configuration.
fn configured<E: From<ForeignError>>(root: PathBuf, folder: PathBuf) -> Result<Found, E> {
    let above = folder.ancestors().take_while(|above| above.starts_with(&root));
    let config_path = above.map(|above| above.join(CONFIG)).find(|path| path.exists());
    let config = config_path.as_deref().map(read).transpose()?.unwrap_or_default();
    Ok(Found { root, folder, config, config_path })
}

fn read(path: &Path) -> Result<Config, ForeignError> {
    let text = fs::read_to_string(path).map_err(ForeignError::io("read", path))?;
    toml::from_str(&text).map_err(|error| broken(path, &error))
}

fn broken(path: &Path, error: &dyn std::fmt::Display) -> ForeignError {
    ForeignError::Config { path: path.to_path_buf(), reason: error.to_string().trim_end().to_owned() }
}

/// The folders at or below a folder that hold a configuration, none of them inside of another, as relative paths in order.
pub(super) fn config_folders(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    collect(folder, "", &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, inside: &str, found: &mut Vec<String>) {
    if folder.join(CONFIG).is_file() {
        found.push(inside.to_owned());
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (name, is_folder) = (entry.file_name(), entry.file_type().is_ok_and(|kind| kind.is_dir()));
        if is_folder && name != ".git" {
            let name = name.to_string_lossy();
            let inside = if inside.is_empty() { name.into_owned() } else { format!("{inside}/{name}") };
            collect(&entry.path(), &inside, found);
        }
    }
}

/// Copies what cargo-generate would read: everything but repositories.
fn copy_folder(from: &Path, to: &Path) -> Result<(), ForeignError> {
    fs::create_dir(to).map_err(ForeignError::io("create", to))?;
    for entry in fs::read_dir(from).map_err(ForeignError::io("look into", from))? {
        let entry = entry.map_err(ForeignError::io("look into", from))?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(ForeignError::io("look at", &path))?;
        if kind.is_dir() && entry.file_name() != ".git" {
            copy_folder(&path, &copy)?;
        } else if kind.is_file() {
            fs::copy(&path, &copy).map_err(ForeignError::io("copy", &path))?;
        }
    }
    Ok(())
}
