use std::str::FromStr;

use auth::Role;
use kernel::config::{Environment, Reader, Settings};

/// What can be chosen about the second factor.
#[derive(Clone, Copy, Debug)]
pub struct TwoFactorSettings {
    pub required: Required,
    /// How many codes before the current one count, too.
    pub tolerance: u64,
}

/// Who can do nothing without a second factor but set it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    None,
    Admins,
    All,
}

impl Required {
    #[must_use]
    pub fn of(self, role: Role) -> bool {
        match self {
            Self::None => false,
            Self::Admins => role == Role::Admin,
            Self::All => true,
        }
    }
}

impl FromStr for Required {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "admins" => Ok(Self::Admins),
            "all" => Ok(Self::All),
            _ => Err(()),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Tolerance(u64);

impl FromStr for Tolerance {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().ok().filter(|steps| *steps <= 1).map(Self).ok_or(())
    }
}

impl Settings for TwoFactorSettings {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let in_production = reader.environment() == Environment::Production;
        let usual = if in_production { Required::Admins } else { Required::None };
        let required = reader.read("REQUIRE_TWO_FACTOR", "`none`, `admins` or `all`", usual);
        let Tolerance(tolerance) = reader.read("TOTP_TOLERANCE", "0 or 1", Tolerance(0));
        Some(Self { required, tolerance })
    }
}
