use std::rc::Rc;

use ego_tree::NodeId;
use scraper::{ElementRef, Html, Selector, selectable::Selectable};

use crate::{Form, Response};

/// An element of a page, with all that is in it. The page is read as browsers read it.
#[derive(Clone, Debug)]
pub struct Element {
    page: Rc<Html>,
    node: NodeId,
}

impl Response {
    /// The only element that the selector matches.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    #[must_use]
    pub fn one(&self, selector: &str) -> Element {
        only(self.all(selector), selector, &self.body)
    }

    /// All elements that the selector matches, in the order of the page.
    ///
    /// # Panics
    ///
    /// When the selector is malformed.
    #[must_use]
    pub fn all(&self, selector: &str) -> Vec<Element> {
        let page = Rc::new(Html::parse_document(&self.body));
        select(&page, &*page, selector)
    }

    /// The form that the selector matches, as the page has filled it in.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    #[must_use]
    pub fn form(&self, selector: &str) -> Form {
        Form::read(&self.one(selector))
    }

    /// Where the link with this text leads.
    ///
    /// # Panics
    ///
    /// When there is no such link.
    #[must_use]
    pub fn link(&self, text: &str) -> String {
        let link = self.all("a[href]").into_iter().find(|link| link.text() == text);
        link.unwrap_or_else(|| panic!("no link {text:?} in {}", self.body)).attribute("href").to_owned()
    }
}

impl Element {
    /// What kind of element it is, such as `form`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.element().value().name()
    }

    /// The text in it, with single blanks.
    #[must_use]
    pub fn text(&self) -> String {
        self.raw_text().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The text in it, to the letter.
    pub(crate) fn raw_text(&self) -> String {
        self.element().text().collect()
    }

    /// The value of an attribute: an empty text if it has none.
    #[must_use]
    pub fn attribute(&self, name: &str) -> &str {
        self.element().attr(name).unwrap_or_default()
    }

    #[must_use]
    pub fn has_attribute(&self, name: &str) -> bool {
        self.element().attr(name).is_some()
    }

    /// The only element inside that the selector matches.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    #[must_use]
    pub fn one(&self, selector: &str) -> Self {
        only(self.all(selector), selector, &self.element().html())
    }

    /// All elements inside that the selector matches, in the order of the page.
    ///
    /// # Panics
    ///
    /// When the selector is malformed.
    #[must_use]
    pub fn all(&self, selector: &str) -> Vec<Self> {
        select(&self.page, self.element(), selector)
    }

    fn element(&self) -> ElementRef<'_> {
        self.page.tree.get(self.node).and_then(ElementRef::wrap).expect("the node is an element of this page")
    }
}

fn select<'a>(page: &Rc<Html>, within: impl Selectable<'a>, selector: &str) -> Vec<Element> {
    let selector = Selector::parse(selector).unwrap_or_else(|error| panic!("the selector {selector:?}: {error}"));
    within.select(&selector).map(|element| Element { page: Rc::clone(page), node: element.id() }).collect()
}

fn only(mut found: Vec<Element>, selector: &str, within: &str) -> Element {
    assert!(found.len() == 1, "{} elements match {selector:?} in {within}", found.len());
    found.remove(0)
}
