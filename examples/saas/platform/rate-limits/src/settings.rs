use std::str::FromStr;

use kernel::config::{Reader, Settings};

const EXPECTS: &str = "requests a minute and how many of them at once, such as `300/60`, or `off`";

/// How much a client may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub per_minute: u32,
    pub burst: u32,
}

#[derive(Clone, Debug)]
pub struct Limits {
    pub api: Option<Quota>,
    pub pages: Option<Quota>,
    pub forms: Option<Quota>,
}

impl Settings for Limits {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut read = |key, per_minute, burst| {
            let Limit(quota) = reader.read(key, EXPECTS, Limit(Some(Quota { per_minute, burst })));
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
struct Limit(Option<Quota>);

impl FromStr for Limit {
    type Err = ();

    fn from_str(value: &str) -> Result<Self, ()> {
        if value == "off" {
            return Ok(Self(None));
        }
        let (per_minute, burst) = value.split_once('/').ok_or(())?;
        let positive = |number: &str| number.parse().ok().filter(|number| *number > 0).ok_or(());
        Ok(Self(Some(Quota { per_minute: positive(per_minute)?, burst: positive(burst)? })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_off_or_two_positive_numbers() {
        let parse = |value: &str| value.parse().map(|Limit(quota)| quota);
        assert_eq!(parse("300/60"), Ok(Some(Quota { per_minute: 300, burst: 60 })));
        assert_eq!(parse("off"), Ok(None));
        for wrong in ["", "300", "0/1", "1/0", "-1/1", "many/few"] {
            assert_eq!(parse(wrong), Err(()), "{wrong:?}");
        }
    }
}
