//! Prompts in a terminal.

use console::Term;
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};
use dialoguer::{Confirm, Input, MultiSelect, Select};

use crate::answers::Value;
use crate::gather::{Ask, AskError, Prompt};
use crate::template::manifest::Kind;

/// Somebody at a terminal, asked on standard error.
pub struct Terminal {
    term: Term,
    theme: Box<dyn Theme>,
}

impl Default for Terminal {
    fn default() -> Self {
        Self::new()
    }
}

impl Terminal {
    /// The terminal that this program runs in.
    #[must_use]
    pub fn new() -> Self {
        let theme: Box<dyn Theme> =
            if console::colors_enabled_stderr() { Box::new(ColorfulTheme::default()) } else { Box::new(SimpleTheme) };
        Self { term: Term::stderr(), theme }
    }

    /// Asks a yes-or-no question outside of the answers.
    ///
    /// # Errors
    /// Where no answer comes.
    pub fn confirm(&mut self, text: &str, default: bool) -> Result<bool, AskError> {
        let asked = Confirm::with_theme(&*self.theme).with_prompt(text).default(default).interact_on_opt(&self.term);
        self.finish(asked)
    }

    /// Brings the cursor back, which an interrupted prompt leaves hidden, and takes Escape and Ctrl-C for the same.
    fn finish<T>(&self, asked: dialoguer::Result<Option<T>>) -> Result<T, AskError> {
        match asked {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.cancelled()),
            Err(dialoguer::Error::IO(error)) if error.kind() == std::io::ErrorKind::Interrupted => Err(self.cancelled()),
            Err(error) => {
                let _ = self.term.show_cursor();
                Err(AskError::Terminal(error.to_string()))
            }
        }
    }

    fn cancelled(&self) -> AskError {
        let _ = self.term.show_cursor();
        AskError::Cancelled
    }

    fn line(&self, prompt: &Prompt<'_>, parse: impl Fn(&str) -> Result<Value, String>) -> Result<Value, AskError> {
        let check = |typed: &String| parse(typed.trim()).and_then(|value| (prompt.check)(&value));
        let mut input = Input::<String>::with_theme(&*self.theme).with_prompt(prompt.text).validate_with(check);
        if let Some(default) = &prompt.default {
            let text = default.to_string();
            input = input.allow_empty(text.is_empty()).default(text);
        }
        let typed = self.finish(input.interact_text_on(&self.term).map(Some))?;
        parse(typed.trim()).map_err(AskError::Terminal)
    }

    fn one_of(&self, prompt: &Prompt<'_>) -> Result<Value, AskError> {
        let titles: Vec<&str> = prompt.choices.iter().map(|(_, title)| title.as_str()).collect();
        let default = prompt.default.as_ref().map(ToString::to_string);
        let at = prompt.choices.iter().position(|(value, _)| Some(value) == default.as_ref()).unwrap_or(0);
        let select = Select::with_theme(&*self.theme).with_prompt(prompt.text).items(&titles).default(at);
        let chosen = self.finish(select.interact_on_opt(&self.term))?;
        Ok(Value::Text(prompt.choices[chosen].0.clone()))
    }

    fn any_of(&self, prompt: &Prompt<'_>) -> Result<Value, AskError> {
        let titles: Vec<&str> = prompt.choices.iter().map(|(_, title)| title.as_str()).collect();
        let mut marked: Vec<bool> = match &prompt.default {
            Some(Value::List(values)) => prompt.choices.iter().map(|(value, _)| values.contains(value)).collect(),
            _ => vec![false; titles.len()],
        };
        loop {
            let text = format!("{} (space marks, enter takes)", prompt.text);
            let select = MultiSelect::with_theme(&*self.theme).with_prompt(text).items(&titles).defaults(&marked);
            let chosen = self.finish(select.interact_on_opt(&self.term))?;
            let value = Value::List(chosen.iter().map(|index| prompt.choices[*index].0.clone()).collect());
            match (prompt.check)(&value) {
                Ok(()) => return Ok(value),
                Err(reason) => {
                    let reason = console::style(reason).for_stderr().red();
                    self.term.write_line(&reason.to_string()).map_err(|error| AskError::Terminal(error.to_string()))?;
                    marked = (0..titles.len()).map(|index| chosen.contains(&index)).collect();
                }
            }
        }
    }
}

impl Ask for Terminal {
    fn ask(&mut self, prompt: &Prompt<'_>) -> Result<Value, AskError> {
        match prompt.kind {
            Kind::String => self.line(prompt, |typed| Ok(Value::Text(typed.to_owned()))),
            Kind::Integer => self.line(prompt, |typed| {
                typed.parse().map(Value::Integer).map_err(|_| "this takes a whole number".to_owned())
            }),
            Kind::Bool => {
                let default = prompt.default == Some(Value::Bool(true));
                self.confirm(prompt.text, default).map(Value::Bool)
            }
            Kind::Choice => self.one_of(prompt),
            Kind::Choices => self.any_of(prompt),
        }
    }
}
