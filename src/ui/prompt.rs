//! Prompts in a terminal.

use std::fmt;

use console::{Style, Term, style, truncate_str};
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};
use dialoguer::{Confirm, MultiSelect, Select};

use super::line::{self, Look};
use crate::answers::Value;
use crate::gather::{Ask, AskError, Prompt};
use crate::template::manifest::Kind;

/// Columns beside the title of a choice: its mark, and one that stays free, since some terminals wrap a full line.
const MARK: usize = 8;

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

/// Colours that can be read on light and on dark: nothing is white, yellow or grey.
fn colourful() -> ColorfulTheme {
    let plain = |text: &str| style(text.to_owned()).for_stderr();
    ColorfulTheme {
        prompt_prefix: plain("?").cyan().bold(),
        prompt_suffix: plain("›"),
        success_prefix: plain("✓").green(),
        success_suffix: plain("·"),
        hint_style: Style::new().for_stderr(),
        checked_item_prefix: plain("  [x]").green(),
        unchecked_item_prefix: plain("  [ ]"),
        ..ColorfulTheme::default()
    }
}

/// Where the theme of dialoguer tells the current one of several marks by its colour alone, this points at it.
struct Pointing(ColorfulTheme);

impl Theme for Pointing {
    fn format_multi_select_prompt_item(
        &self,
        f: &mut dyn fmt::Write,
        text: &str,
        checked: bool,
        active: bool,
    ) -> fmt::Result {
        if !active {
            return self.0.format_multi_select_prompt_item(f, text, checked, active);
        }
        let mark = if checked { "[x]" } else { "[ ]" };
        write!(f, "{} {mark} {}", self.0.active_item_prefix, self.0.active_item_style.apply_to(text))
    }

    fn format_prompt(&self, f: &mut dyn fmt::Write, prompt: &str) -> fmt::Result {
        self.0.format_prompt(f, prompt)
    }

    fn format_error(&self, f: &mut dyn fmt::Write, reason: &str) -> fmt::Result {
        self.0.format_error(f, reason)
    }

    fn format_confirm_prompt(&self, f: &mut dyn fmt::Write, prompt: &str, default: Option<bool>) -> fmt::Result {
        self.0.format_confirm_prompt(f, prompt, default)
    }

    fn format_confirm_prompt_selection(
        &self,
        f: &mut dyn fmt::Write,
        prompt: &str,
        answer: Option<bool>,
    ) -> fmt::Result {
        self.0.format_confirm_prompt_selection(f, prompt, answer)
    }

    fn format_input_prompt(&self, f: &mut dyn fmt::Write, prompt: &str, default: Option<&str>) -> fmt::Result {
        self.0.format_input_prompt(f, prompt, default)
    }

    fn format_input_prompt_selection(&self, f: &mut dyn fmt::Write, prompt: &str, answer: &str) -> fmt::Result {
        self.0.format_input_prompt_selection(f, prompt, answer)
    }

    fn format_select_prompt_item(&self, f: &mut dyn fmt::Write, text: &str, active: bool) -> fmt::Result {
        self.0.format_select_prompt_item(f, text, active)
    }
}

impl Terminal {
    /// The terminal that this program runs in.
    #[must_use]
    pub fn new() -> Self {
        let theme: Box<dyn Theme> =
            if console::colors_enabled_stderr() { Box::new(Pointing(colourful())) } else { Box::new(SimpleTheme) };
        Self { term: Term::stderr(), theme }
    }

    /// Asks a yes-or-no question outside of the answers.
    ///
    /// # Errors
    /// Where no answer comes.
    pub fn confirm(&mut self, text: &str, default: bool) -> Result<bool, AskError> {
        let text = self.short(text)?;
        let asked = Confirm::with_theme(&*self.theme).with_prompt(text).default(default).interact_on_opt(&self.term);
        self.finish(asked)
    }

    /// Brings the cursor back, which an interrupted prompt leaves hidden, and takes Escape and Ctrl-C for the same.
    fn finish<T>(&self, asked: dialoguer::Result<Option<T>>) -> Result<T, AskError> {
        match asked {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.cancelled()),
            Err(dialoguer::Error::IO(error)) if error.kind() == std::io::ErrorKind::Interrupted => {
                Err(self.cancelled())
            }
            Err(error) => {
                let _ = self.term.show_cursor();
                Err(AskError::Terminal(error.to_string()))
            }
        }
    }

    /// Begins a new line too: the question that was left stands there.
    fn cancelled(&self) -> AskError {
        let _ = self.term.show_cursor();
        let _ = self.term.write_line("");
        AskError::Cancelled
    }

    fn columns(&self) -> usize {
        usize::from(self.term.size().1)
    }

    fn write_line(&self, line: &str) -> Result<(), AskError> {
        self.term.write_line(line).map_err(|error| AskError::Terminal(error.to_string()))
    }

    /// A question that fits on one line with its default: what is longer is written above, where it may wrap.
    fn short<'a>(&self, text: &'a str) -> Result<&'a str, AskError> {
        const BESIDE: usize = 14;
        if console::measure_text_width(text) + BESIDE <= self.columns() {
            return Ok(text);
        }
        for line in line::wrap(text, self.columns().saturating_sub(1)) {
            self.write_line(&line)?;
        }
        Ok("Your answer?")
    }

    /// Titles that fit on one line each: a list that wraps is not cleared well. They are cut by bytes where these are more
    /// than columns, since that is how dialoguer measures.
    fn titles(&self, prompt: &Prompt<'_>) -> Vec<String> {
        let room = self.columns().saturating_sub(MARK);
        let cut = |title: &str| {
            let mut cut = truncate_str(title, room, "…").into_owned();
            for columns in (1..room).rev() {
                if cut.len() <= room + MARK {
                    break;
                }
                cut = truncate_str(title, columns, "…").into_owned();
            }
            cut
        };
        prompt.choices.iter().map(|(_, title)| cut(title)).collect()
    }

    /// Leaves the question with its answer on the screen.
    fn answered(&self, prompt: &Prompt<'_>, answer: &str) -> Result<(), AskError> {
        let mut line = String::new();
        let _ = self.theme.format_input_prompt_selection(&mut line, prompt.text, answer);
        self.write_line(&truncate_str(&line, self.columns().saturating_sub(1), "…"))
    }

    /// The lines that say why an answer is refused; the first one has a mark.
    fn refused(&self, reason: &str) -> Vec<String> {
        const MARK: usize = "error: ".len();
        let mut lines = line::wrap(reason, self.columns().saturating_sub(MARK + 1)).into_iter();
        let mut first = String::new();
        let _ = self.theme.format_error(&mut first, &lines.next().unwrap_or_default());
        std::iter::once(first).chain(lines.map(|line| format!("  {line}"))).collect()
    }

    fn line(&self, prompt: &Prompt<'_>, parse: impl Fn(&str) -> Result<Value, String>) -> Result<Value, AskError> {
        let default = prompt.default.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut question = String::new();
        let offered = Some(default.as_str()).filter(|default| !default.is_empty());
        let _ = self.theme.format_input_prompt(&mut question, prompt.text, offered);
        if !question.ends_with(' ') {
            question.push(' ');
        }
        let look = Look { question, arrow: "› ".to_owned() };
        let value = |typed: &str| {
            let typed = typed.trim();
            let value = parse(if typed.is_empty() { &default } else { typed })?;
            (prompt.check)(&value).map(|()| value)
        };
        let check = |typed: &str| value(typed).map(|value| value.to_string());
        let typed = line::read(&self.term, &look, check, |reason| self.refused(reason));
        let typed = self.finish(typed.map_err(dialoguer::Error::IO))?;
        self.answered(prompt, &typed)?;
        parse(&typed).map_err(AskError::Terminal)
    }

    fn one_of(&self, prompt: &Prompt<'_>) -> Result<Value, AskError> {
        let default = prompt.default.as_ref().map(ToString::to_string);
        let at = prompt.choices.iter().position(|(value, _)| Some(value) == default.as_ref()).unwrap_or(0);
        let select = Select::with_theme(&*self.theme)
            .with_prompt(self.short(prompt.text)?)
            .items(self.titles(prompt))
            .default(at)
            .report(false);
        let chosen = self.finish(select.interact_on_opt(&self.term))?;
        let value = prompt.choices[chosen].0.clone();
        self.answered(prompt, &value)?;
        Ok(Value::Text(value))
    }

    fn any_of(&self, prompt: &Prompt<'_>) -> Result<Value, AskError> {
        let mut marked: Vec<bool> = match &prompt.default {
            Some(Value::List(values)) => prompt.choices.iter().map(|(value, _)| values.contains(value)).collect(),
            _ => vec![false; prompt.choices.len()],
        };
        let text = format!("{} (space marks, enter takes)", prompt.text);
        loop {
            let select = MultiSelect::with_theme(&*self.theme)
                .with_prompt(self.short(&text)?)
                .items(self.titles(prompt))
                .defaults(&marked)
                .report(false);
            let chosen = self.finish(select.interact_on_opt(&self.term))?;
            let names: Vec<String> = chosen.iter().map(|index| prompt.choices[*index].0.clone()).collect();
            let shown = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let value = Value::List(names);
            match (prompt.check)(&value) {
                Ok(()) => {
                    self.answered(prompt, &shown)?;
                    return Ok(value);
                }
                Err(reason) => {
                    for line in self.refused(&reason) {
                        self.write_line(&line)?;
                    }
                    marked = (0..marked.len()).map(|index| chosen.contains(&index)).collect();
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
