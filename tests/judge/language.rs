//! The languages that the judge reads, by the names of files.

/// A language, as far as placement goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Language {
    Rust,
    Css,
    Script,
    Json,
    Toml,
    /// Sections in brackets, with lines below them.
    Sections,
    Markdown,
    Html,
    Yaml,
    Just,
    Docker,
    /// Lines that stand below nothing.
    Flat,
    /// Whatever is indented.
    Other,
}

impl Language {
    /// The language of a file.
    pub(crate) fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        match name {
            "justfile" => return Self::Just,
            "Dockerfile" => return Self::Docker,
            ".editorconfig" => return Self::Sections,
            ".env.example" | ".gitignore" | ".dockerignore" | ".gitattributes" => return Self::Flat,
            _ => {}
        }
        match name.rsplit_once('.').map(|(_, suffix)| suffix) {
            Some("rs") => Self::Rust,
            Some("css") => Self::Css,
            Some("js" | "ts") => Self::Script,
            Some("json") => Self::Json,
            Some("toml" | "lock") => Self::Toml,
            Some("md") => Self::Markdown,
            Some("html" | "svg") => Self::Html,
            Some("yml" | "yaml") => Self::Yaml,
            _ => Self::Other,
        }
    }

    /// Whether a line, without the blanks around it, is a comment alone.
    pub(crate) fn is_comment(self, line: &str) -> bool {
        match self {
            Self::Rust | Self::Script | Self::Json => line.starts_with("//") || line.starts_with("/*"),
            Self::Css => line.starts_with("/*"),
            Self::Markdown => line.starts_with("<!--"),
            Self::Html => line.starts_with("<!--") || line.starts_with("{#"),
            _ => line.starts_with('#') && !line.starts_with("#!"),
        }
    }

    /// Whether brackets say what stands below what.
    pub(crate) fn has_brackets(self) -> bool {
        matches!(self, Self::Rust | Self::Css | Self::Script | Self::Json | Self::Toml)
    }
}
