use kernel::error::FieldErrors;
use utoipa::openapi::{Object, ObjectBuilder, Type};

/// What a text of a client may be: said once, for the check, the API document and the form.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    name: &'static str,
    /// How many characters it may have; in a form, `maxlength`.
    pub limit: usize,
    missing: Option<&'static str>,
}

impl Text {
    /// The text in the field of this name.
    #[must_use]
    pub const fn new(name: &'static str, limit: usize) -> Self {
        Self { name, limit, missing: None }
    }

    /// Refuses a text in which nothing is to be seen, with this message.
    #[must_use]
    pub const fn required(self, message: &'static str) -> Self {
        Self { missing: Some(message), ..self }
    }

    /// The text without the blanks around it. What is wrong with it is added to the errors.
    pub fn read(&self, text: &str, errors: &mut FieldErrors) -> String {
        let message = match self.missing {
            Some(message) if text.chars().all(is_invisible) => Some(message.to_owned()),
            _ if text.chars().count() > self.limit => Some(format!("Use at most {} characters.", self.limit)),
            // Not every database has this character in its texts.
            _ if text.contains('\0') => Some("Leave out the character NUL.".to_owned()),
            _ => None,
        };
        errors.extend(message.map(|message| (self.name, message)));
        text.trim().to_owned()
    }

    /// The description of the field: `#[schema(schema_with = …)]` takes a function that returns it.
    #[must_use]
    pub fn schema(&self, example: &str) -> Object {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(self.missing.map(|_| 1))
            .max_length(Some(self.limit))
            .examples([example])
            .build()
    }
}

/// Blanks, control characters, and those that Unicode says to draw nothing for: marks that join words or turn the direction
/// of writing, fillers, selectors of variants.
fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLE: Text = Text::new("title", 5).required("Give it a title.");

    fn read(text: &str) -> Result<String, String> {
        let mut errors = FieldErrors::new();
        let read = TITLE.read(text, &mut errors);
        errors.remove("title").map_or(Ok(read), Err)
    }

    #[test]
    fn blanks_around_a_text_go_away() {
        assert_eq!(read(" Ü \n"), Ok("Ü".to_owned()));
    }

    #[test]
    fn a_title_is_something_to_be_seen() {
        for text in ["", " \n", "\u{200b}\u{feff}", "\u{202e}", "\u{2066} \u{2069}", "\u{3164}", "\u{e0020}", "\u{7}"] {
            assert_eq!(read(text), Err("Give it a title.".to_owned()), "{text:?}");
        }
        // Such characters may stand between others: they make a family of three people.
        assert!(read("👩\u{200d}👦").is_ok() && Text::new("body", 5).schema("").min_length.is_none());
    }

    #[test]
    fn limits_count_characters_and_not_bytes() {
        assert!(read("üüüüü").is_ok());
        assert_eq!(read("üüüüüü"), Err("Use at most 5 characters.".to_owned()));
        assert!(read("x     ").is_err(), "as the API document says");
        assert_eq!(read("a\0"), Err("Leave out the character NUL.".to_owned()));
    }
}
