//! The `Cargo.toml` files of a tree: which packages it has, and what they ask for.

use std::collections::BTreeMap;

use semver::{Version, VersionReq};
use serde::Deserialize;

use super::LockError;
use crate::tree::{File, FileTree};

const MANIFEST: &str = "Cargo.toml";

/// A package of a project.
#[derive(Debug, Clone)]
pub struct Member {
    /// The path of its manifest.
    pub manifest: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// What it asks for, for whatever purpose and target.
    pub asks: Vec<Ask>,
    /// Its own features, as the manifest writes them.
    pub features: BTreeMap<String, Vec<String>>,
}

impl Member {
    /// The folder of the package; empty at the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.manifest.strip_suffix(MANIFEST).unwrap_or_default().trim_end_matches('/')
    }
}

/// A dependency of a member.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The name that the manifest gives to it.
    pub alias: String,
    /// The package.
    pub package: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Whether a feature has to ask for it.
    pub optional: bool,
    /// The features of the package that are asked for, `default` among them.
    pub features: Vec<String>,
}

/// Where a dependency comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The registry, in a version that fits.
    Registry(VersionReq),
    /// A folder of the project.
    Folder(String),
}

/// The members of the workspace, or the one package, at the root of a tree; none where it has no manifest.
///
/// # Errors
/// What cannot be read, or comes from elsewhere than the registry and the project itself.
pub fn members(tree: &FileTree) -> Result<Vec<Member>, LockError> {
    let Some(root) = tree.get(MANIFEST) else { return Ok(Vec::new()) };
    let root = parse(MANIFEST, root)?;
    let workspace = root.workspace.clone().unwrap_or_default();
    let mut folders: Vec<String> = Vec::new();
    for pattern in &workspace.members {
        let found = tree.iter().filter_map(|(path, _)| path.as_str().strip_suffix("/Cargo.toml"));
        folders.extend(found.filter(|folder| matches(pattern, folder)).map(str::to_owned));
    }
    folders.retain(|folder| !workspace.exclude.iter().any(|excluded| within(folder, excluded)));
    let mut members = Vec::new();
    if root.package.is_some() {
        members.extend(member("", root, &workspace)?);
    }
    let mut next = 0;
    let mut seen: Vec<String> = vec![String::new()];
    loop {
        // A folder that a member depends on is a member.
        let more = members.iter().skip(next).flat_map(|member: &Member| &member.asks);
        folders.extend(more.filter_map(|ask| match &ask.origin {
            Origin::Folder(folder) => Some(folder.clone()),
            Origin::Registry(_) => None,
        }));
        next = members.len();
        let new: Vec<String> = std::mem::take(&mut folders);
        for folder in new {
            if seen.contains(&folder) {
                continue;
            }
            let path = format!("{folder}/{MANIFEST}");
            let file = tree.get(&path).ok_or_else(|| LockError::NoFolder { folder: folder.clone() })?;
            let manifest = parse(&path, file)?;
            members.extend(member(&folder, manifest, &workspace)?);
            seen.push(folder);
        }
        if members.len() == next {
            return Ok(members);
        }
    }
}

fn parse(path: &str, file: &File) -> Result<Manifest, LockError> {
    let unreadable = |message: String| LockError::Manifest { path: path.to_owned(), message };
    let text = file.text().ok_or_else(|| unreadable("is not UTF-8 text".to_owned()))?;
    toml::from_str(text).map_err(|error| unreadable(error.message().to_owned()))
}

fn member(folder: &str, manifest: Manifest, workspace: &Workspace) -> Result<Option<Member>, LockError> {
    let path = if folder.is_empty() { MANIFEST.to_owned() } else { format!("{folder}/{MANIFEST}") };
    let Some(package) = &manifest.package else { return Ok(None) };
    let unreadable = |message: String| LockError::Manifest { path: path.clone(), message };
    let version = match &package.version {
        None => "0.0.0",
        Some(PackageVersion::Own(version)) => version,
        Some(PackageVersion::Inherited { .. }) => {
            let inherited = workspace.package.as_ref().and_then(|package| package.version.as_deref());
            inherited.ok_or_else(|| unreadable("the workspace has no version to inherit".to_owned()))?
        }
    };
    let version = Version::parse(version).map_err(|error| unreadable(format!("version {version:?}: {error}")))?;
    let tables = std::iter::once(&manifest.tables).chain(manifest.target.values());
    let tables = tables.flat_map(|tables| [&tables.dependencies, &tables.dev_dependencies, &tables.build_dependencies]);
    let mut asks = Vec::new();
    for (alias, dependency) in tables.flatten() {
        asks.push(ask(&path, folder, alias, dependency, workspace)?);
    }
    let mut features = manifest.features;
    implicit_features(&asks, &mut features);
    Ok(Some(Member { manifest: path, name: package.name.clone(), version, asks, features }))
}

/// An optional dependency is a feature by itself, where no feature says `dep:` of it.
fn implicit_features(asks: &[Ask], features: &mut BTreeMap<String, Vec<String>>) {
    for ask in asks.iter().filter(|ask| ask.optional) {
        let named = format!("dep:{}", ask.alias);
        if !features.contains_key(&ask.alias) && !features.values().flatten().any(|value| *value == named) {
            features.insert(ask.alias.clone(), vec![named]);
        }
    }
}

fn ask(
    path: &str,
    folder: &str,
    alias: &str,
    dependency: &Dependency,
    workspace: &Workspace,
) -> Result<Ask, LockError> {
    let own = dependency.details();
    let (details, base) = if own.workspace {
        let inherited = workspace.dependencies.get(alias).ok_or_else(|| LockError::Manifest {
            path: path.to_owned(),
            message: format!("the workspace has no dependency `{alias}` to inherit"),
        })?;
        (inherited.details(), "")
    } else {
        (own.clone(), folder)
    };
    let elsewhere = || LockError::Elsewhere { name: alias.to_owned(), by: path.to_owned() };
    if details.git.is_some() || details.registry.is_some() {
        return Err(elsewhere());
    }
    let origin = match (&details.path, &details.version) {
        (Some(to), _) => Origin::Folder(join(base, to).ok_or_else(elsewhere)?),
        (None, Some(version)) => Origin::Registry(VersionReq::parse(version).map_err(|error| LockError::Manifest {
            path: path.to_owned(),
            message: format!("version {version:?} of `{alias}`: {error}"),
        })?),
        (None, None) => Origin::Registry(VersionReq::STAR),
    };
    let mut features = details.features;
    if own.workspace {
        features.extend(own.features.iter().cloned());
    }
    if details.default_features.unwrap_or(true) || (own.workspace && own.default_features == Some(true)) {
        features.push("default".to_owned());
    }
    let package = details.package.unwrap_or_else(|| alias.to_owned());
    Ok(Ask { alias: alias.to_owned(), package, origin, optional: own.optional, features })
}

/// The folder that `path` names, seen from `folder`; none where it leaves the tree.
fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn within(folder: &str, excluded: &str) -> bool {
    let excluded = excluded.trim_start_matches("./").trim_end_matches('/');
    folder.strip_prefix(excluded).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a folder is one that `pattern` names, of which a `*` stands for any letters of one name.
fn matches(pattern: &str, folder: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    let (patterns, names) = (pattern.split('/').collect::<Vec<_>>(), folder.split('/').collect::<Vec<_>>());
    patterns.len() == names.len() && patterns.iter().zip(names).all(|(pattern, name)| matches_name(pattern, name))
}

fn matches_name(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name
            .strip_prefix(start)
            .is_some_and(|name| (0..=name.len()).any(|at| name.get(at..).is_some_and(|name| matches_name(rest, name)))),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Manifest {
    package: Option<Package>,
    workspace: Option<Workspace>,
    #[serde(flatten)]
    tables: Tables,
    #[serde(default)]
    target: BTreeMap<String, Tables>,
    #[serde(default)]
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: Option<PackageVersion>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum PackageVersion {
    Own(String),
    Inherited {
        #[expect(dead_code, reason = "the key alone tells it")]
        workspace: bool,
    },
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Workspace {
    #[serde(default)]
    members: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
    package: Option<Inheritable>,
    #[serde(default)]
    dependencies: BTreeMap<String, Dependency>,
}

#[derive(Debug, Clone, Deserialize)]
struct Inheritable {
    version: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Tables {
    #[serde(default)]
    dependencies: BTreeMap<String, Dependency>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, Dependency>,
    #[serde(default)]
    build_dependencies: BTreeMap<String, Dependency>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Dependency {
    Version(String),
    Details(Details),
}

impl Dependency {
    fn details(&self) -> Details {
        match self {
            Self::Version(version) => Details { version: Some(version.clone()), ..Details::default() },
            Self::Details(details) => details.clone(),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Details {
    version: Option<String>,
    path: Option<String>,
    git: Option<String>,
    registry: Option<String>,
    package: Option<String>,
    #[serde(default)]
    features: Vec<String>,
    default_features: Option<bool>,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    workspace: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::tree;

    #[test]
    fn members_are_those_of_the_patterns_and_the_folders_that_they_depend_on() {
        let package = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\nversion = \"1.2.3\"\n{rest}");
        let tree = tree(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\", \"one\"]\nexclude = [\"crates/out\"]\n"),
            ("crates/a/Cargo.toml", &package("a", "[dependencies]\nfar = { path = \"../../lib/far\" }\n")),
            ("crates/a/deep/Cargo.toml", &package("deep", "")),
            ("crates/out/Cargo.toml", &package("out", "")),
            ("lib/far/Cargo.toml", &package("far", "")),
            ("lib/near/Cargo.toml", &package("near", "")),
            ("one/Cargo.toml", &package("one", "")),
        ]);
        let names: Vec<String> = members(&tree).expect("a workspace").into_iter().map(|member| member.name).collect();
        assert_eq!(names, ["a", "one", "far"]);
    }

    #[test]
    fn what_the_workspace_says_is_inherited() {
        let tree = tree(&[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"a\"]\n[workspace.package]\nversion = \"0.2.0\"\n[workspace.dependencies]\n\
                 x = { version = \"1.2\", package = \"y\", default-features = false, features = [\"one\"] }\n",
            ),
            (
                "a/Cargo.toml",
                "[package]\nname = \"a\"\nversion.workspace = true\n[target.'cfg(unix)'.dev-dependencies]\n\
                 x = { workspace = true, features = [\"two\"], optional = true }\n",
            ),
        ]);
        let members = members(&tree).expect("a workspace");
        assert_eq!(members[0].version, Version::new(0, 2, 0));
        let ask = &members[0].asks[0];
        assert_eq!((ask.alias.as_str(), ask.package.as_str(), ask.optional), ("x", "y", true));
        assert_eq!(ask.features, ["one", "two"]);
        assert_eq!(members[0].features["x"], ["dep:x"]);
    }

    #[test]
    fn what_comes_from_elsewhere_is_refused_by_name() {
        let git = tree(&[(
            "Cargo.toml",
            "[package]\nname = \"a\"\n[dependencies]\nx = { git = \"https://example.org/x\" }\n",
        )]);
        let error = members(&git).expect_err("a repository").to_string();
        assert!(error.contains("`x`") && error.contains("Cargo.toml"), "{error}");
        let outside = tree(&[("Cargo.toml", "[package]\nname = \"a\"\n[dependencies]\nx.path = \"../x\"\n")]);
        assert!(matches!(members(&outside), Err(LockError::Elsewhere { .. })));
        let missing = tree(&[("Cargo.toml", "[package]\nname = \"a\"\n[dependencies]\nx.path = \"x\"\n")]);
        assert!(matches!(members(&missing), Err(LockError::NoFolder { .. })));
    }
}
