use std::{str::FromStr, time::Duration};

use kernel::config::{Reader, Settings};

const EXPECTS: &str = "requests a minute and how many of them at once, such as `300/60`, or `off`";

/// How much may happen in a time, and how much of it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub count: u32,
    pub period: Duration,
    pub burst: u32,
}

impl Quota {
    /// So often a minute, all of it at once where somebody has waited so long.
    #[must_use]
    pub const fn per_minute(count: u32) -> Self {
        Self { count, period: Duration::from_mins(1), burst: count }
    }

    /// So often an hour, all of it at once where somebody has waited so long.
    #[must_use]
    pub const fn per_hour(count: u32) -> Self {
        Self { count, period: Duration::from_hours(1), burst: count }
    }

    /// After how long one more is free.
    pub(crate) fn price(self) -> Duration {
        self.period / self.count.max(1)
    }
}

/// The limits of all clients.
#[derive(Clone, Debug)]
pub struct Areas {
    pub api: Option<Quota>,
    pub pages: Option<Quota>,
    pub forms: Option<Quota>,
}

impl Settings for Areas {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut read = |key, per_minute, burst| {
            let Limit(quota) = reader.read(key, EXPECTS, Limit(Some(Quota { burst, ..Quota::per_minute(per_minute) })));
            quota
        };
        Some(Self {
            api: read("RATE_LIMIT_API", 300, 60),
            pages: read("RATE_LIMIT_PAGES", 600, 200),
            forms: read("RATE_LIMIT_FORMS", 60, 20),
        })
    }
}

/// The value of one variable.
#[derive(Debug)]
struct Limit(Option<Quota>);

impl FromStr for Limit {
    type Err = ();

    fn from_str(value: &str) -> Result<Self, ()> {
        if value == "off" {
            return Ok(Self(None));
        }
        let (per_minute, burst) = value.split_once('/').ok_or(())?;
        let positive = |number: &str| number.parse().ok().filter(|number| *number > 0).ok_or(());
        Ok(Self(Some(Quota { burst: positive(burst)?, ..Quota::per_minute(positive(per_minute)?) })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_off_or_two_positive_numbers() {
        let parse = |value: &str| value.parse().map(|Limit(quota)| quota);
        assert_eq!(parse("300/60"), Ok(Some(Quota { burst: 60, ..Quota::per_minute(300) })));
        assert_eq!(parse("off"), Ok(None));
        for wrong in ["", "300", "0/1", "1/0", "-1/1", "many/few"] {
            assert_eq!(parse(wrong), Err(()), "{wrong:?}");
        }
    }
}
