//! One line of text, asked for in a terminal.
//!
//! Drawn anew at each key, on one line that scrolls sideways: so a paste, a wide character or a narrow terminal leaves
//! nothing behind.

use std::io;

use console::{Key, Term, measure_text_width};

/// Columns that an answer must have at least beside its question; else it gets a line of its own.
const ROOM: usize = 24;

const CTRL_D: char = '\u{4}';
const CTRL_U: char = '\u{15}';
const CTRL_W: char = '\u{17}';

/// What is on the screen around the text.
pub(super) struct Look {
    /// The question, as it is shown while it waits.
    pub(super) question: String,
    /// What stands before the text if the question leaves no room for it.
    pub(super) arrow: String,
}

/// Reads a line until `check` takes it; `None` where the person pressed Escape. `refused` makes lines of a
/// reason.
///
/// # Errors
/// Where the terminal cannot be read; of the kind `Interrupted` after Ctrl-C.
pub(super) fn read(
    term: &Term,
    look: &Look,
    check: impl Fn(&str) -> Result<String, String>,
    refused: impl Fn(&str) -> Vec<String>,
) -> io::Result<Option<String>> {
    let mut text = Text::default();
    let mut reason: Vec<String> = Vec::new();
    loop {
        let columns = usize::from(term.size().1);
        let mut above = reason.clone();
        let mut prefix = look.question.clone();
        if measure_text_width(&prefix) + ROOM > columns {
            let question = prefix.trim_end().trim_end_matches(look.arrow.trim_end()).trim_end();
            above.extend(wrap(question, columns.saturating_sub(1)));
            prefix.clone_from(&look.arrow);
        }
        for line in &above {
            term.write_line(line)?;
        }
        let ended = edit(term, &prefix, &mut text);
        term.clear_line()?;
        term.clear_last_lines(above.len())?;
        match ended? {
            End::Enter => match check(&text.content()) {
                Ok(value) => return Ok(Some(value)),
                Err(why) => reason = refused(&why),
            },
            End::Escape => return Ok(None),
        }
    }
}

enum End {
    Enter,
    Escape,
}

fn edit(term: &Term, prefix: &str, text: &mut Text) -> io::Result<End> {
    loop {
        let room = usize::from(term.size().1).saturating_sub(measure_text_width(prefix) + 1);
        let (visible, behind) = text.window(room.max(1));
        term.clear_line()?;
        term.write_str(&format!("{prefix}{visible}"))?;
        term.move_cursor_left(behind)?;
        term.flush()?;
        match term.read_key()? {
            Key::Enter => return Ok(End::Enter),
            Key::Escape => return Ok(End::Escape),
            Key::Char(CTRL_D) if text.letters.is_empty() => return Ok(End::Escape),
            key => text.press(&key),
        }
    }
}

/// A text with a cursor in it.
#[derive(Default)]
struct Text {
    letters: Vec<char>,
    cursor: usize,
}

impl Text {
    fn content(&self) -> String {
        self.letters.iter().collect()
    }

    fn press(&mut self, key: &Key) {
        match key {
            Key::Char(CTRL_U) => drop(self.letters.drain(..std::mem::take(&mut self.cursor))),
            Key::Char(CTRL_W) => {
                let before = &self.letters[..self.cursor];
                let word = before.iter().rposition(|letter| !letter.is_whitespace()).unwrap_or(0);
                let start = before[..word].iter().rposition(|letter| letter.is_whitespace()).map_or(0, |at| at + 1);
                self.letters.drain(start..self.cursor);
                self.cursor = start;
            }
            Key::Char(letter) if !letter.is_control() => {
                self.letters.insert(self.cursor, *letter);
                self.cursor += 1;
            }
            Key::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.letters.remove(self.cursor);
            }
            Key::Del if self.cursor < self.letters.len() => drop(self.letters.remove(self.cursor)),
            Key::ArrowLeft => self.cursor = self.cursor.saturating_sub(1),
            Key::ArrowRight => self.cursor = (self.cursor + 1).min(self.letters.len()),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.letters.len(),
            _ => {}
        }
    }

    /// The part around the cursor that fits, and how many columns of it stand behind the cursor.
    fn window(&self, room: usize) -> (String, usize) {
        let mut used = 0;
        let mut start = self.cursor;
        while start > 0 && used + width(self.letters[start - 1]) <= room {
            start -= 1;
            used += width(self.letters[start]);
        }
        let before = used;
        let mut end = self.cursor;
        while end < self.letters.len() && used + width(self.letters[end]) <= room {
            used += width(self.letters[end]);
            end += 1;
        }
        (self.letters[start..end].iter().collect(), used - before)
    }
}

fn width(letter: char) -> usize {
    measure_text_width(letter.encode_utf8(&mut [0; 4]))
}

/// The words of `text` in lines of at most `columns`; a longer word has a line of its own.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if measure_text_width(line) + 1 + measure_text_width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[Key]) -> Text {
        let mut text = Text::default();
        for key in keys {
            text.press(key);
        }
        text
    }

    fn letters(text: &str) -> Vec<Key> {
        text.chars().map(Key::Char).collect()
    }

    #[test]
    fn keys_edit_the_text() {
        for (first, keys, content, cursor) in [
            ("abc", vec![Key::Backspace, Key::Char('d')], "abd", 3),
            ("abc", vec![Key::ArrowLeft, Key::ArrowLeft, Key::Char('x')], "axbc", 2),
            ("abc", vec![Key::Home, Key::Del, Key::Backspace], "bc", 0),
            ("abc", vec![Key::Home, Key::End, Key::ArrowRight], "abc", 3),
            ("one two ", vec![Key::Char(CTRL_W)], "one ", 4),
            ("one", vec![Key::Char(CTRL_W), Key::Char(CTRL_W)], "", 0),
            ("abc", vec![Key::ArrowLeft, Key::Char(CTRL_U)], "c", 0),
            ("abc", vec![Key::Tab, Key::Char('\u{1}'), Key::ArrowUp], "abc", 3),
        ] {
            let text = typed(&[letters(first), keys].concat());
            assert_eq!((text.content().as_str(), text.cursor), (content, cursor), "{first}");
        }
    }

    #[test]
    fn a_long_text_scrolls_with_the_cursor() {
        let mut text = typed(&letters("abcdefgh"));
        assert_eq!(text.window(20), ("abcdefgh".to_owned(), 0));
        assert_eq!(text.window(3), ("fgh".to_owned(), 0));
        text.press(&Key::Home);
        assert_eq!(text.window(3), ("abc".to_owned(), 3));
        assert_eq!(typed(&letters("a日本")).window(4), ("日本".to_owned(), 0));
    }

    #[test]
    fn words_wrap_and_stay_whole() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a verylongword b", 5), ["a", "verylongword", "b"]);
    }
}
