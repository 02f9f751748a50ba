use std::fmt;

use icu_normalizer::ComposingNormalizerBorrowed;
use kernel::APP_NAME;
use zxcvbn::zxcvbn;

/// How many characters a password may have.
pub const LIMIT: usize = 128;

/// A password with fewer guesses than this falls to somebody who asks patiently.
const GUESSES: u64 = 100_000_000;

/// A password as somebody typed it, in the one way to write its characters (NFC). It is never cut and never shown.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    #[must_use]
    pub fn new(typed: &str) -> Self {
        Self(ComposingNormalizerBorrowed::new_nfc().normalize(typed).into_owned())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is too long for any account, so that nothing need be calculated.
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        self.0.len() > LIMIT * 8 || self.0.chars().count() > LIMIT
    }

    /// Checks a password that is to be stored.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it.
    pub fn check(&self, least: usize, about: About<'_>) -> Result<(), String> {
        if self.0.chars().count() < least {
            return Err(format!("Use at least {least} characters."));
        }
        if self.is_too_long() {
            return Err(format!("Use at most {LIMIT} characters."));
        }
        let (local, domain) = about.email.split_once('@').unwrap_or_default();
        let inputs = [about.name, about.email, local, domain, APP_NAME];
        if zxcvbn(&self.0, &inputs).guesses() < GUESSES {
            return Err("This is easy to guess. Use several words that do not belong together.".to_owned());
        }
        Ok(())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[hidden]")
    }
}

/// Whose password it is: what is known of somebody is tried first.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub name: &'a str,
    pub email: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: About<'_> = About { name: "Annabelle Lee", email: "annabelle@kingdom.example" };

    fn check(password: &str) -> Result<(), String> {
        Password::new(password).check(12, ANN)
    }

    #[test]
    fn a_password_has_a_length_and_no_other_form() {
        assert!(check("short").unwrap_err().contains("at least 12"));
        for password in
            ["many winds by the sea", "ünter dem kastell 8", "🌊🌊 it was many years ago", "nevermore 4711!"]
        {
            assert_eq!(check(password), Ok(()), "{password}");
        }
        let long: String = ('a'..='z').cycle().step_by(7).take(LIMIT + 1).collect();
        assert!(check(&long).unwrap_err().contains("at most 128"));
        assert_eq!(check(&long[1..]), Ok(()));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for password in ["password1234", "aaaaaaaaaaaa", "qwertyuiop12", "annabelle@kingdom.example", "Annabelle Lee 1"]
        {
            assert!(check(password).unwrap_err().contains("easy to guess"), "{password}");
        }
    }

    #[test]
    fn the_same_characters_are_the_same_password() {
        assert_eq!(Password::new("u\u{308}").expose(), "ü");
        assert_eq!(format!("{:?}", Password::new("secret")), "[hidden]");
    }
}
