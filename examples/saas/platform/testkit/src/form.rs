use crate::Element;

/// A form of a page, as it would be sent.
#[derive(Clone, Debug)]
pub struct Form {
    pub(crate) method: String,
    pub(crate) action: String,
    fields: Vec<(String, String)>,
}

impl Form {
    pub(crate) fn read(form: &Element) -> Self {
        assert!(form.name() == "form", "<{}> is not a form", form.name());
        let controls = form.all("[name]");
        Self {
            method: form.attribute("method").to_lowercase(),
            action: form.attribute("action").to_owned(),
            fields: controls
                .iter()
                .filter_map(|control| Some((control.attribute("name").to_owned(), value(control)?)))
                .collect(),
        }
    }

    /// Fills in a field of the form. An unchecked box has none: [`Form::check`] it.
    ///
    /// # Panics
    ///
    /// When the form has no such field.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|(field, _)| field == name);
        let (_, current) = field.unwrap_or_else(|| panic!("the form has no field {name:?}"));
        value.clone_into(current);
        self
    }

    /// Adds a value: that of a box which the page has not checked, or of the button that sends the form.
    #[must_use]
    pub fn check(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What is filled in.
    ///
    /// # Panics
    ///
    /// When the form has no such field.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(field, _)| field == name);
        field.map_or_else(|| panic!("the form has no field {name:?}"), |(_, value)| value)
    }

    pub(crate) fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish()
    }
}

/// What a control sends. Nothing, if it is a button, or a box that is not checked.
fn value(control: &Element) -> Option<String> {
    match (control.name(), control.attribute("type")) {
        _ if control.has_attribute("disabled") => None,
        ("input", "submit" | "button" | "reset" | "image" | "file") => None,
        ("input", "checkbox" | "radio") if !control.has_attribute("checked") => None,
        ("input", "checkbox" | "radio") if !control.has_attribute("value") => Some("on".to_owned()),
        ("input", _) => Some(control.attribute("value").to_owned()),
        ("textarea", _) => Some(control.raw_text()),
        ("select", _) => {
            let options = control.all("option");
            let chosen = options.iter().find(|option| option.has_attribute("selected")).or_else(|| options.first())?;
            let has_value = chosen.has_attribute("value");
            Some(if has_value { chosen.attribute("value").to_owned() } else { chosen.text() })
        }
        _ => None,
    }
}
