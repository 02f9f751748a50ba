//! Codes of an app on a phone (RFC 6238): six digits, of the key that it shares with this application and of the time. The key is
//! stored nowhere: it is derived from the secret of the application, the user and a salt.

use anyhow::Context;
use kernel::{APP_NAME, AppState};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::{QrCode, render::svg};
use signing::Signer;
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;

use crate::settings::TwoFactorSettings;

/// For how many seconds a code is shown.
const STEP: u64 = 30;

/// What RFC 4226 recommends, in bytes.
const LENGTH: usize = 20;

/// The keys of somebody: the one in use, and the one from before the application got another secret.
fn keys(state: &AppState, user: Uuid, salt: &str) -> Vec<Secret> {
    let derived = state.service::<Signer>().derive("totp", &format!("{user}|{salt}"));
    derived.iter().map(|key| Secret::from(&key[..LENGTH])).collect()
}

fn totp(key: Secret) -> anyhow::Result<Totp> {
    Builder::new().with_secret(key).with_skew(0).with_step_duration(STEP).build().context("the key is too short")
}

/// The step of the time at which this code is shown, if that is now, or as little ago as is tolerated.
pub fn check(state: &AppState, user: Uuid, salt: &str, code: &str) -> anyhow::Result<Option<i64>> {
    let now = u64::try_from(state.clock.now().unix_timestamp()).context("the clock is wrong")?;
    let tolerance = state.config.settings::<TwoFactorSettings>().tolerance;
    for key in keys(state, user, salt) {
        let totp = totp(key)?;
        let found = (0..=tolerance).find_map(|steps| totp.check(code, now.saturating_sub(steps * STEP)));
        if let Some(step) = found {
            return Ok(Some(i64::try_from(step)?));
        }
    }
    Ok(None)
}

/// What an app has to know.
#[derive(Clone, Debug)]
pub struct Key {
    /// In base32, as apps read it.
    pub text: String,
    /// The same with all that belongs to it.
    pub uri: String,
}

impl Key {
    pub fn new(state: &AppState, user: Uuid, email: &str, salt: &str) -> anyhow::Result<Self> {
        let key = keys(state, user, salt).into_iter().next().context("there is a key")?;
        let text = key.to_base32();
        let (issuer, account) =
            (utf8_percent_encode(APP_NAME, NON_ALPHANUMERIC), utf8_percent_encode(email, NON_ALPHANUMERIC));
        // Apps take the rest for granted: SHA-1, six digits, 30 seconds.
        let uri = format!("otpauth://totp/{issuer}:{account}?secret={text}&issuer={issuer}");
        Ok(Self { text, uri })
    }

    /// In groups of four, for whoever types it.
    #[must_use]
    pub fn groups(&self) -> String {
        groups(&self.text)
    }

    /// A picture for the camera of a phone.
    pub fn picture(&self) -> anyhow::Result<String> {
        let code = QrCode::new(&self.uri).context("the address is too long for a QR code")?;
        let svg = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
        // Within HTML there is no declaration of XML.
        Ok(svg.find("<svg").map_or_else(String::new, |start| svg[start..].to_owned()))
    }
}

/// A text in groups of four characters.
#[must_use]
pub fn groups(text: &str) -> String {
    let letters: Vec<_> = text.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let totp = totp(Secret::from(&b"12345678901234567890"[..])).unwrap();
        for (time, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(totp.check(code, time), Some(time / STEP), "{time}");
            assert_eq!((totp.check(code, time + STEP), totp.check(code, time - STEP)), (None, None), "{time}");
        }
    }

    #[test]
    fn a_key_is_a_picture_without_markup_of_others() {
        let key = Key { text: "MFRGGZDF".to_owned(), uri: "otpauth://totp/Shop:ann?secret=MFRGGZDF".to_owned() };
        let picture = key.picture().unwrap();
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>") && !picture.contains("<?xml"));
        assert_eq!(key.groups(), "MFRG GZDF");
    }
}
