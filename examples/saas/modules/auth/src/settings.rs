use std::{num::NonZeroUsize, str::FromStr, thread};

use kernel::config::{Reader, Settings};
use time::Duration;

use crate::{sessions::Limits, users::Role};

/// The most passwords that are checked at the same time, unless somebody asks for more: each takes 19 MiB.
const HASHES: usize = 4;

/// What can be chosen about accounts.
#[derive(Clone, Copy, Debug)]
pub struct AuthSettings {
    pub sign_up: SignUp,
    pub password_min_length: usize,
    pub hashes_at_once: usize,
    /// How long an account stays after its owner has deleted it.
    pub deletion: Duration,
    usual: Limits,
    remembered: Limits,
    admin: Limits,
}

impl AuthSettings {
    /// How long a session lasts. Those who can do much are asked more often.
    #[must_use]
    pub const fn limits(&self, role: Role, remembered: bool) -> Limits {
        match (role, remembered) {
            (Role::Admin, _) => self.admin,
            (Role::User, false) => self.usual,
            (Role::User, true) => self.remembered,
        }
    }

    /// How long a session of any kind can last.
    #[must_use]
    pub fn longest_session(&self) -> Duration {
        self.usual.total.max(self.remembered.total).max(self.admin.total)
    }
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUp {
    Open,
    Closed,
}

impl FromStr for SignUp {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "open" => Ok(Self::Open),
            "closed" => Ok(Self::Closed),
            _ => Err(()),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Length(usize);

impl FromStr for Length {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().ok().filter(|length| (8..=64).contains(length)).map(Self).ok_or(())
    }
}

impl Settings for AuthSettings {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let sign_up = reader.read("SIGN_UP", "`open` or `closed`", SignUp::Open);
        let Length(password_min_length) = reader.read("PASSWORD_MIN_LENGTH", "a number from 8 to 64", Length(12));
        let hashes: u8 = reader.read("PASSWORD_HASHES_AT_ONCE", "a number from 0 to 255", 0);
        let processors = || thread::available_parallelism().map_or(1, NonZeroUsize::get).min(HASHES);
        let hashes_at_once = if hashes == 0 { processors() } else { hashes.into() };
        let deletion = Duration::days(reader.positive("ACCOUNT_DELETION_DAYS", 14).into());
        let usual = Limits {
            idle: Duration::minutes(reader.positive("SESSION_IDLE_MINUTES", 12 * 60).into()),
            total: Duration::hours(reader.positive("SESSION_HOURS", 24).into()),
        };
        let remembered = Limits {
            idle: Duration::days(reader.positive("SESSION_REMEMBERED_IDLE_DAYS", 14).into()),
            total: Duration::days(reader.positive("SESSION_REMEMBERED_DAYS", 30).into()),
        };
        let admin = Limits {
            idle: Duration::minutes(reader.positive("SESSION_ADMIN_IDLE_MINUTES", 30).into()),
            total: Duration::hours(reader.positive("SESSION_ADMIN_HOURS", 12).into()),
        };
        Some(Self { sign_up, password_min_length, hashes_at_once, deletion, usual, remembered, admin })
    }
}
