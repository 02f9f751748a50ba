//! A part of the combinations, so that several machines share the work.

use std::ops::Range;
use std::str::FromStr;

/// One of so many parts of nearly equal size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: usize,
    of: usize,
}

/// What was typed is no part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no part of the matrix; write which one and of how many, as in `--shard 2/4`")]
pub struct ShardError(String);

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let parsed = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parsed {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err(ShardError(text.to_owned())),
        }
    }
}

impl Shard {
    /// Which of `count` things are in it. Neighbours stay together: they share more of what a machine has to compile.
    #[must_use]
    pub fn range(self, count: usize) -> Range<usize> {
        count * (self.number - 1) / self.of..count * self.number / self.of
    }
}

#[cfg(test)]
mod tests {
    use super::Shard;

    #[test]
    fn the_parts_are_the_whole_and_of_nearly_equal_size() {
        for (count, of) in [(0, 3), (2, 4), (92, 4), (95, 7), (10, 1)] {
            let parts: Vec<_> = (1..=of).map(|number| Shard { number, of }.range(count)).collect();
            let all: Vec<usize> = parts.iter().cloned().flatten().collect();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
            assert!(parts.iter().all(|part| part.len() == count / of || part.len() == count.div_ceil(of)), "{parts:?}");
        }
    }

    #[test]
    fn what_is_no_part_is_told() {
        assert_eq!("2/4".parse(), Ok(Shard { number: 2, of: 4 }));
        for text in ["", "2", "0/4", "5/4", "1/0", "a/b", "1/2/3", "-1/2"] {
            let error = text.parse::<Shard>().expect_err(text).to_string();
            assert_eq!(
                error,
                format!("`{text}` is no part of the matrix; write which one and of how many, as in `--shard 2/4`")
            );
        }
    }
}
