//! Links that let anybody read a file, for a while.

use std::time::Duration;

use kernel::AppState;
use signing::Signer;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{file::File, name};

const PURPOSE: &str = "uploads.file";

/// Links end at full five minutes, so that those which are made one after the other are the same, and caches of browsers work.
const GRAIN: i64 = 300;

/// How long a link may live.
pub const LONGEST: Duration = Duration::from_hours(7 * 24);

/// How a link is written: what it ends in, and when it ends.
#[derive(Clone, Debug)]
pub struct Link {
    pub url: String,
    pub expires_at: OffsetDateTime,
}

/// A link to a file for whoever has it, for this time, five minutes more at most. It ends earlier when the file is deleted.
#[must_use]
pub fn link(state: &AppState, file: &File, life: Duration) -> Link {
    let life = i64::try_from(life.min(LONGEST).as_secs()).unwrap_or(GRAIN);
    let end = state.clock.now().unix_timestamp() + life;
    let end = (end + GRAIN - 1) / GRAIN * GRAIN;
    let signature = state.service::<Signer>().sign(PURPOSE, &message(file.id, end));
    let path = format!("/files/{}/{}?e={end}&s={signature}", file.id, name::encode(&file.name));
    let expires_at = OffsetDateTime::from_unix_timestamp(end).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    Link { url: state.config.public_url.join(&path), expires_at }
}

/// Whether a signature lets its bearer read a file, and for how many seconds still: none where it has ended.
pub fn check(state: &AppState, id: Uuid, end: i64, signature: &str) -> Option<i64> {
    let is_ours = state.service::<Signer>().verify(PURPOSE, &message(id, end), signature);
    is_ours.then(|| (end - state.clock.now().unix_timestamp()).max(0))
}

fn message(id: Uuid, end: i64) -> String {
    format!("{id}|{end}")
}
