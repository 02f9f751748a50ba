//! Tokens that only this application can make.

use std::str::FromStr;

use anyhow::ensure;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use kernel::{
    Config, Db, Module,
    config::{Reader, Secret, Settings},
};
use sha2::Sha256;

const SHORTEST: usize = 32;

/// Provides the [`Signer`].
pub fn module() -> Module {
    Module::new("signing").settings::<Keys>().provide(Signer::new)
}

/// Signs messages, and knows its own signatures, also those of the secret before this one.
#[derive(Clone, Debug)]
pub struct Signer(Keys);

impl Signer {
    #[expect(clippy::unnecessary_wraps, reason = "what makes a service may fail")]
    fn new(config: &Config, _: &Db) -> anyhow::Result<Self> {
        Ok(Self(config.settings::<Keys>().clone()))
    }

    /// The signature of a message for this purpose: 43 characters that an address may hold.
    #[must_use]
    pub fn sign(&self, purpose: &str, message: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(mac(self.0.current.expose(), purpose, message).finalize().into_bytes())
    }

    /// A secret of 256 bits that belongs to the message, for what needs one that is stored nowhere: with the secret of the
    /// application, and with the one before it.
    #[must_use]
    pub fn derive(&self, purpose: &str, message: &str) -> Vec<[u8; 32]> {
        let keys = [Some(&self.0.current), self.0.previous.as_ref()];
        let derived = keys.into_iter().flatten().map(|key| mac(key.expose(), purpose, message).finalize().into_bytes());
        derived.map(Into::into).collect()
    }

    /// Whether this is the signature of the message for this purpose. It takes equally long for every wrong one.
    #[must_use]
    pub fn verify(&self, purpose: &str, message: &str, signature: &str) -> bool {
        let Ok(signature) = BASE64_URL_SAFE_NO_PAD.decode(signature) else { return false };
        let keys = [Some(&self.0.current), self.0.previous.as_ref()];
        keys.into_iter().flatten().any(|key| mac(key.expose(), purpose, message).verify_slice(&signature).is_ok())
    }
}

/// The length keeps the end of the purpose and the beginning of the message apart.
fn mac(Key(key): &Key, purpose: &str, message: &str) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key may have any length");
    let length = u64::try_from(purpose.len()).unwrap_or(u64::MAX).to_be_bytes();
    mac.chain_update(length).chain_update(purpose).chain_update(message)
}

#[derive(Clone, Debug)]
struct Keys {
    current: Secret<Key>,
    previous: Option<Secret<Key>>,
}

#[derive(Clone)]
struct Key(String);

impl FromStr for Key {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ensure!(text.len() >= SHORTEST, "too short");
        Ok(Self(text.to_owned()))
    }
}

impl Settings for Keys {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let expects = "at least 32 random characters: `openssl rand -hex 32`";
        let previous = reader.optional("APP_SECRET_PREVIOUS", expects);
        Some(Self { current: reader.secret("APP_SECRET", expects)?, previous })
    }
}
