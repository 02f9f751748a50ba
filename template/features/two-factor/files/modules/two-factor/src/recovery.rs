//! Codes for whoever has lost the phone. Each is good once. A code has 120 random bits, so that a plain hash of it tells nothing.

use anyhow::Context;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use kernel::{
    Result,
    database::{Backend, Connection},
};
use sha2::{Digest, Sha256};
use sqlx::Executor;
use totp_rs::Secret;
use uuid::Uuid;

use crate::totp::groups;

const COUNT: usize = 10;

/// In bytes.
const LENGTH: usize = 15;

/// As many or fewer are few.
pub const FEW: i64 = 3;

fn hash(code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(plain.to_ascii_uppercase()))
}

/// Makes codes in the place of those that somebody has. Nobody can read them afterwards.
pub async fn replace(connection: &mut Connection, user: Uuid) -> Result<Vec<String>> {
    delete(&mut *connection, user).await?;
    let mut codes = Vec::new();
    for _ in 0..COUNT {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes).context("the system gives no random numbers")?;
        let code = Secret::from(&bytes[..]).to_base32();
        let query = sqlx::query("INSERT INTO recovery_codes (code_hash, user_id) VALUES ($1, $2)");
        query.bind(hash(&code)).bind(user).execute(&mut *connection).await?;
        codes.push(groups(&code));
    }
    Ok(codes)
}

/// Uses a code of somebody up; says whether it was there.
pub async fn use_up(connection: &mut Connection, user: Uuid, code: &str) -> sqlx::Result<bool> {
    let query = sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2");
    Ok(query.bind(user).bind(hash(code)).execute(connection).await?.rows_affected() == 1)
}

/// How many somebody has left.
pub async fn count<'c>(db: impl Executor<'c, Database = Backend>, user: Uuid) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM recovery_codes WHERE user_id = $1").bind(user).fetch_one(db).await
}

pub async fn delete(connection: &mut Connection, user: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user).execute(connection).await?;
    Ok(())
}
