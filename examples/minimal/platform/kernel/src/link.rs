use crate::Visitor;

/// The menus of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Main,
    Account,
    Settings,
    Admin,
    Footer,
}

/// An entry of a menu.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub place: Place,
    pub label: &'static str,
    pub path: &'static str,
    pub about: &'static str,
    /// Whether this visitor, or a stranger, gets to see it.
    pub show: fn(Option<&Visitor>) -> bool,
}

impl Link {
    /// An entry that everybody sees.
    #[must_use]
    pub const fn new(place: Place, label: &'static str, path: &'static str) -> Self {
        Self { place, label, path, about: "", show: |_| true }
    }

    /// What is found there, in one sentence.
    #[must_use]
    pub const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// Shows it to some only. This hides an entry, and protects nothing: that is what a route's policy is for.
    #[must_use]
    pub const fn shown_to(self, show: fn(Option<&Visitor>) -> bool) -> Self {
        Self { show, ..self }
    }
}
