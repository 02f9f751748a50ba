//! The words, names and symbols of SQL, in every dialect.

/// What SQL is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A word without quotes, as it was written.
    Word(String),
    /// A name in quotes, with them.
    Quoted(String),
    Symbol(char),
}

impl Token {
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    pub(super) fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }
}

/// Drops comments and the content of strings.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest),
            '\'' => quoted(rest, '\''),
            '$' if dollar_tag(rest).is_some() => dollar_tag(rest)
                .map_or(1, |tag| rest[tag.len()..].find(tag).map_or(rest.len(), |at| at + 2 * tag.len())),
            '"' | '`' | '[' => {
                let length = quoted(rest, if first == '[' { ']' } else { first });
                tokens.push(Token::Quoted(rest[..length].to_owned()));
                length
            }
            first if first.is_alphanumeric() || first == '_' => {
                let end = |c: char| !(c.is_alphanumeric() || c == '_' || c == '$');
                let length = rest.find(end).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..length].to_owned()));
                length
            }
            first => {
                if !first.is_whitespace() {
                    tokens.push(Token::Symbol(first));
                }
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of a comment; one may hold others.
fn comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    loop {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            match rest.chars().next() {
                Some(char) => at += char.len_utf8(),
                None => return at,
            }
        }
    }
}

/// The length of what begins with a quote; a doubled quote does not end it.
fn quoted(text: &str, end: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        if char == end && chars.next_if(|(_, next)| *next == end).is_none() {
            return at + end.len_utf8();
        }
    }
    text.len()
}

/// `$$` or `$tag$`, which begins and ends a string of `PostgreSQL`.
fn dollar_tag(text: &str) -> Option<&str> {
    let end = text[1..].find('$')? + 1;
    let tag = &text[1..end];
    let is_name = tag.chars().all(|c| c.is_alphanumeric() || c == '_') && !tag.starts_with(|c: char| c.is_numeric());
    is_name.then(|| &text[..=end])
}
