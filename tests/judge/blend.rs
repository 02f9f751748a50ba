//! Tokens of one line: whether a line is the union of two that have only added to a list.

/// A token, or a bracket with what stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Token(String),
    /// The opening bracket, whether it holds a list, and the elements between its commas.
    List(char, bool, Vec<Vec<Part>>),
}

/// Whether `merged` has just what both sides have added to a list of `base`.
pub(crate) fn is_union(base: &str, ours: &str, theirs: &str, merged: &str) -> bool {
    let [base, ours, theirs, merged] = [base, ours, theirs, merged].map(parse);
    union(&base, &ours, &theirs, &merged)
}

/// Whether all tokens of a line stand in another, in order.
pub(crate) fn holds(line: &str, other: &str) -> bool {
    let other = tokens(other);
    let mut rest = other.iter();
    let tokens = tokens(line);
    tokens.len() > 2 && tokens.iter().all(|token| rest.any(|it| it == token))
}

/// Whether a line is an edit of another.
pub(crate) fn resembles(base: &str, line: &str) -> bool {
    likeness(base, line) >= 50
}

/// How much of what is not punctuation is the same and in the same order, in percent.
pub(crate) fn likeness(base: &str, line: &str) -> usize {
    let words = |text: &str| -> Vec<String> {
        tokens(text).into_iter().filter(|token| token.chars().any(char::is_alphanumeric)).collect()
    };
    let (base, line) = (words(base), words(line));
    let mut common = vec![vec![0; line.len() + 1]; base.len() + 1];
    for (row, a) in base.iter().enumerate() {
        for (column, b) in line.iter().enumerate() {
            common[row + 1][column + 1] =
                if a == b { common[row][column] + 1 } else { common[row][column + 1].max(common[row + 1][column]) };
        }
    }
    common[base.len()][line.len()] * 100 / base.len().max(line.len()).max(1)
}

fn union(base: &[Part], ours: &[Part], theirs: &[Part], merged: &[Part]) -> bool {
    if ours == theirs || base == theirs {
        return merged == ours;
    }
    if base == ours {
        return merged == theirs;
    }
    let lengths = [base.len(), ours.len(), theirs.len(), merged.len()];
    if lengths.iter().any(|length| *length != lengths[0]) {
        return false;
    }
    let mut changed = 0;
    for at in 0..base.len() {
        match (&base[at], &ours[at], &theirs[at], &merged[at]) {
            (a, b, c, d) if a == b && a == c => {
                if a != d {
                    return false;
                }
            }
            (
                Part::List(mark, true, base),
                Part::List(_, _, ours),
                Part::List(_, _, theirs),
                Part::List(other, _, merged),
            ) if mark == other => {
                changed += 1;
                if !elements(base, ours, theirs, merged) {
                    return false;
                }
            }
            _ => return false,
        }
    }
    changed == 1
}

/// Whether a list holds what both sides have added, and nothing else.
fn elements(base: &[Vec<Part>], ours: &[Vec<Part>], theirs: &[Vec<Part>], merged: &[Vec<Part>]) -> bool {
    if base.len() == ours.len() && base.len() == theirs.len() && base.len() == merged.len() {
        let differ = (0..base.len()).filter(|at| ours[*at] != base[*at] || theirs[*at] != base[*at]);
        let differ: Vec<usize> = differ.collect();
        return differ.iter().all(|at| union(&base[*at], &ours[*at], &theirs[*at], &merged[*at]))
            && (0..base.len()).all(|at| differ.contains(&at) || merged[at] == base[at]);
    }
    let count = |list: &[Vec<Part>], element: &Vec<Part>| list.iter().filter(|it| *it == element).count();
    let only_adds = |list: &[Vec<Part>]| base.iter().all(|element| count(list, element) >= count(base, element));
    let all = ours.iter().chain(theirs).chain(merged);
    only_adds(ours)
        && only_adds(theirs)
        && all.into_iter().all(|element| {
            let [before, yours, other, now] = [base, ours, theirs, merged].map(|list| count(list, element));
            (yours.max(other)..=yours + other - before).contains(&now)
        })
}

fn parse(line: &str) -> Vec<Part> {
    let tokens = tokens(line);
    let mut at = 0;
    let mut parts = Vec::new();
    while at < tokens.len() {
        parts.push(part(&tokens, &mut at));
    }
    parts
}

fn part(tokens: &[String], at: &mut usize) -> Part {
    let token = &tokens[*at];
    *at += 1;
    let close = match token.as_str() {
        "(" => ")",
        "[" => "]",
        "{" => "}",
        _ => return Part::Token(token.clone()),
    };
    let before = at.checked_sub(2).and_then(|before| tokens.get(before)).map_or("", String::as_str);
    let in_attribute = tokens.first().is_some_and(|first| first == "#");
    let is_list = token != "(" || before == "!" || before == "derive" || in_attribute;
    let mut elements = vec![Vec::new()];
    while *at < tokens.len() && tokens[*at] != close {
        if tokens[*at] == "," {
            elements.push(Vec::new());
            *at += 1;
        } else {
            let inner = part(tokens, at);
            elements.last_mut().expect("one at least").push(inner);
        }
    }
    *at += 1;
    elements.retain(|element| !element.is_empty());
    let mark = token.chars().next().unwrap_or('(');
    Part::List(mark, is_list, elements)
}

/// Words, numbers, versions and strings are one token each; everything else is one letter.
pub(crate) fn tokens(line: &str) -> Vec<String> {
    let letters: Vec<char> = line.chars().collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    while at < letters.len() {
        let start = at;
        let letter = letters[at];
        at += 1;
        if letter.is_whitespace() {
            continue;
        }
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        if letter == '"' || letter == '\'' && letters[at..].contains(&'\'') && letters.get(at + 1) != Some(&',') {
            while at < letters.len() && letters[at] != letter {
                at += if letters[at] == '\\' { 2 } else { 1 };
            }
            at = (at + 1).min(letters.len());
        } else if is_word(letter) {
            let number = letter.is_ascii_digit();
            let goes_on = |at: usize| {
                let joins = number && ".-+".contains(letters[at]) && letters.get(at + 1).copied().is_some_and(is_word);
                is_word(letters[at]) || joins
            };
            while at < letters.len() && goes_on(at) {
                at += 1;
            }
        }
        tokens.push(letters[start..at.min(letters.len())].iter().collect());
    }
    tokens
}
