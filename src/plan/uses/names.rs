//! What the crates of a project offer to each other's code: the paths of their items, and the names of methods, fields and
//! variants.

use std::collections::BTreeMap;

use syn::{Field, ImplItem, Item, TraitItem, UseTree, Visibility};

use crate::merge::cargo;
use crate::tree::{File, TreePath};

/// The crates of a project: their folders, with a slash at the end, and how code calls them.
#[derive(Debug, Default)]
pub(super) struct Crates(BTreeMap<String, String>);

impl Crates {
    pub(super) fn of<'a>(files: impl Iterator<Item = (&'a TreePath, &'a File)>) -> Self {
        let manifests = files.filter(|(path, _)| path.as_str().ends_with(cargo::MANIFEST));
        let named = manifests.filter_map(|(path, file)| {
            let name = cargo::package(file.text()?)?.replace('-', "_");
            Some((path.as_str().strip_suffix("Cargo.toml")?.to_owned(), name))
        });
        Self(named.collect())
    }

    /// The folder and the name of the crate that a file belongs to.
    pub(super) fn around(&self, path: &str) -> Option<(&str, &str)> {
        let mut around = self.0.iter().filter(|(folder, _)| path.starts_with(folder.as_str()));
        around.next_back().map(|(folder, name)| (folder.as_str(), name.as_str()))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.values().any(|other| other == name)
    }

    /// The path of the module that a file is, from the name of its crate on; nothing for what is no part of its library.
    pub(super) fn module(&self, path: &str) -> Option<String> {
        let (folder, name) = self.around(path)?;
        let inside = path.strip_prefix(folder)?.strip_prefix("src/")?.strip_suffix(".rs")?;
        let mut segments = vec![name];
        segments.extend(inside.split('/').filter(|segment| !["lib", "main", "mod"].contains(segment)));
        Some(segments.join("::"))
    }
}

/// What a file offers, each with the name under which the file has it.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Items by path, such as `ui::Page`.
    pub(super) paths: BTreeMap<String, String>,
    /// Methods, fields and variants by crate and name, such as `ui::flash`.
    pub(super) members: BTreeMap<String, String>,
    krate: String,
}

impl Names {
    /// Those of a file that is the module at this path.
    pub(super) fn of(module: &str, text: &str) -> Self {
        let krate = module.split("::").next().unwrap_or_default().to_owned();
        let mut names = Self { krate, ..Self::default() };
        let Ok(file) = syn::parse_file(text) else { return names };
        if let Some((_, name)) = module.rsplit_once("::") {
            names.paths.insert(module.to_owned(), name.to_owned());
        }
        names.add_items(module, &file.items);
        names
    }

    fn add_path(&mut self, module: &str, name: &impl ToString) {
        self.paths.insert(format!("{module}::{}", name.to_string()), name.to_string());
    }

    fn add_member(&mut self, name: &impl ToString) {
        self.members.insert(format!("{}::{}", self.krate, name.to_string()), name.to_string());
    }

    fn add_fields<'a>(&mut self, fields: impl IntoIterator<Item = &'a Field>) {
        for field in fields.into_iter().filter_map(|field| field.ident.as_ref()) {
            self.add_member(field);
        }
    }

    fn add_items(&mut self, module: &str, items: &[Item]) {
        for item in items {
            match item {
                Item::Fn(item) => self.add_path(module, &item.sig.ident),
                Item::Const(item) => self.add_path(module, &item.ident),
                Item::Static(item) => self.add_path(module, &item.ident),
                Item::Type(item) => self.add_path(module, &item.ident),
                Item::Struct(item) => {
                    self.add_path(module, &item.ident);
                    self.add_fields(&item.fields);
                }
                Item::Enum(item) => {
                    self.add_path(module, &item.ident);
                    item.variants.iter().for_each(|variant| self.add_member(&variant.ident));
                }
                Item::Trait(item) => {
                    self.add_path(module, &item.ident);
                    for item in &item.items {
                        if let TraitItem::Fn(function) = item {
                            self.add_member(&function.sig.ident);
                        }
                    }
                }
                Item::Impl(item) => {
                    for item in &item.items {
                        match item {
                            ImplItem::Fn(function) => self.add_member(&function.sig.ident),
                            ImplItem::Const(constant) => self.add_member(&constant.ident),
                            _ => {}
                        }
                    }
                }
                // An exported macro stands at the top of its crate.
                Item::Macro(item) => {
                    if let Some(name) = &item.ident {
                        self.add_path(&self.krate.clone(), name);
                    }
                }
                Item::Mod(item) => {
                    if let Some((_, items)) = &item.content {
                        let inner = format!("{module}::{}", item.ident);
                        self.add_path(module, &item.ident);
                        self.add_items(&inner, items);
                    }
                }
                Item::Use(item) if !matches!(item.vis, Visibility::Inherited) => self.add_use(module, &item.tree),
                _ => {}
            }
        }
    }

    fn add_use(&mut self, module: &str, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.add_use(module, &path.tree),
            UseTree::Name(name) => self.add_path(module, &name.ident),
            UseTree::Rename(rename) => self.add_path(module, &rename.rename),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_use(module, tree)),
            UseTree::Glob(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_offers_its_items_and_their_members() {
        let text = "pub use a::{b, c as d};\nuse private::Thing;\npub struct Page { pub flash: u8 }\nimpl Page { fn new() {} }\n\
            enum Kind { One }\nmod inner { pub const X: u8 = 1; }\n#[macro_export]\nmacro_rules! shout { () => {} }\n";
        let names = Names::of("ui::page", text);
        let paths: Vec<&str> = names.paths.keys().map(String::as_str).collect();
        let expected = ["Kind", "Page", "b", "d", "inner", "inner::X"].map(|name| format!("ui::page::{name}"));
        assert_eq!(paths, [&["ui::page".to_owned()], &expected[..], &["ui::shout".to_owned()]].concat());
        assert_eq!(names.members.into_values().collect::<Vec<_>>(), ["One", "flash", "new"]);
    }
}
