//! Counts attempts, so that guessing takes longer than a password lasts. An attempt is reserved before it is made: however
//! many are made at the same time, all of them count.

use std::time::Duration;

use kernel::{
    AppState, Error, Result,
    database::{self, Connection},
    jobs,
};
use signing::Signer;
use sqlx::FromRow;

use crate::{client::Client, devices, jobs::TellOfGuessing, users::User};

/// How often something may be tried.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    kind: &'static str,
    limit: i64,
    /// In seconds.
    period: i64,
    /// The period doubles each time that the limit is reached, up to this.
    longest: i64,
}

impl Rule {
    const fn new(kind: &'static str, limit: i64, period: i64) -> Self {
        Self { kind, limit, period, longest: period }
    }
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

// A transaction that needs several of these counters takes them in this order.

/// Failed logins from one network.
const NETWORK: Rule = Rule::new("network", 20, 5 * MINUTE);
/// Failures in a row: from then on, the password of the account is worth nothing until another one is chosen.
const ROW: Rule = Rule::new("row", 100, 100 * 365 * DAY);
/// Logins to one account, from one browser that has been signed in there.
const DEVICE: Rule = Rule::new("device", 10, 15 * MINUTE);
/// Logins to one account, from browsers that have never been signed in there.
const STRANGERS: Rule = Rule { longest: 4 * HOUR, ..Rule::new("strangers", 10, 15 * MINUTE) };
/// Requests for mail, from one network.
pub const REQUESTS: Rule = Rule::new("requests", 10, MINUTE);
/// Mails with links to one address.
pub const MAILS: [Rule; 2] = [Rule::new("mails", 3, 15 * MINUTE), Rule::new("mails of a day", 10, DAY)];
/// Mails that tell somebody of guessing.
pub const NOTICES: Rule = Rule::new("notices", 1, DAY);
/// Confirmations in one session.
pub const CONFIRMATIONS: Rule = Rule::new("confirmations", 5, 5 * MINUTE);
/// Attempts to take the step after the password, for one account.
pub const STEPS: Rule = Rule::new("steps", 10, 15 * MINUTE);

#[derive(FromRow)]
struct Counter {
    attempts: i64,
    strikes: i64,
    began_at: i64,
}

/// Counts an attempt, unless there were too many: then it returns how long to wait. What is counted cannot be told from the
/// table.
pub async fn reserve(
    state: &AppState,
    connection: &mut Connection,
    rule: Rule,
    value: &str,
) -> sqlx::Result<Option<Duration>> {
    let (key, now) = (key(state, rule, value), state.clock.now().unix_timestamp());
    // Others who count the same wait here.
    let counter: Counter = sqlx::query_as(
        "INSERT INTO auth_throttle (key, attempts, strikes, began_at) VALUES ($1, 0, 0, $2) \
         ON CONFLICT (key) DO UPDATE SET attempts = auth_throttle.attempts RETURNING attempts, strikes, began_at",
    )
    .bind(&key)
    .bind(now)
    .fetch_one(&mut *connection)
    .await?;
    let Counter { attempts, strikes, began_at } = counter;
    let (ends_at, is_full) = (began_at + period(rule, strikes), attempts >= rule.limit);
    let counter = match (now < ends_at, is_full) {
        (true, true) => return Ok(Some(Duration::from_secs(u64::try_from(ends_at - now).unwrap_or_default()))),
        (true, false) => Counter { attempts: attempts + 1, ..counter },
        (false, _) => Counter { attempts: 1, strikes: if is_full { strikes + 1 } else { 0 }, began_at: now },
    };
    sqlx::query("UPDATE auth_throttle SET attempts = $1, strikes = $2, began_at = $3 WHERE key = $4")
        .bind(counter.attempts)
        .bind(counter.strikes)
        .bind(counter.began_at)
        .bind(key)
        .execute(connection)
        .await?;
    Ok(None)
}

/// Twice as long after each time that the limit was reached, up to the longest.
fn period(rule: Rule, strikes: i64) -> i64 {
    let doublings = u32::try_from(strikes).unwrap_or_default().min(16);
    rule.period.saturating_mul(2_i64.pow(doublings)).min(rule.longest)
}

fn key(state: &AppState, rule: Rule, value: &str) -> String {
    state.service::<Signer>().sign("throttle", &format!("{}|{value}", rule.kind))
}

/// Counts an attempt on its own, or refuses it.
///
/// # Errors
///
/// Is 429 after too many.
pub async fn take(state: &AppState, rule: Rule, value: &str) -> Result<()> {
    let mut transaction = database::begin(&state.db).await?;
    let wait = reserve(state, &mut transaction, rule, value).await?;
    transaction.commit().await?;
    wait.map_or(Ok(()), |wait| Err(Error::TooMany(wait)))
}

/// Takes back one attempt that was counted.
///
/// # Errors
///
/// Fails when the database does.
pub async fn give_back(state: &AppState, connection: &mut Connection, rule: Rule, value: &str) -> sqlx::Result<()> {
    take_back(connection, &key(state, rule, value)).await
}

async fn take_back(connection: &mut Connection, key: &str) -> sqlx::Result<()> {
    let query = "UPDATE auth_throttle SET attempts = attempts - 1 WHERE key = $1 AND attempts > 0";
    sqlx::query(query).bind(key).execute(connection).await?;
    Ok(())
}

/// A login that was counted, and what to take back if it succeeds.
#[derive(Debug)]
pub struct Attempt {
    network: String,
    own: Vec<String>,
}

/// Counts a login, before the password is looked at. Accounts that do not exist have counters like others.
///
/// # Errors
///
/// Is 429 after too many.
pub async fn reserve_login(state: &AppState, client: &Client, account: &str, user: Option<&User>) -> Result<Attempt> {
    let mut transaction = database::begin(&state.db).await?;
    if let Some(wait) = reserve(state, &mut transaction, NETWORK, &client.network).await? {
        return Err(Error::TooMany(wait));
    }
    let device = user.and_then(|user| devices::check(state, user, client.device.as_deref()?));
    let own = match reserve_account(state, &mut transaction, account, device.as_deref()).await? {
        Ok(own) => own,
        Err(wait) => {
            // Nobody looks at the password: the attempt counts for its network alone.
            transaction.rollback().await?;
            let mut transaction = database::begin(&state.db).await?;
            reserve(state, &mut transaction, NETWORK, &client.network).await?;
            jobs::enqueue(&mut transaction, &TellOfGuessing { account: account.to_owned() }).await?;
            transaction.commit().await?;
            return Err(Error::TooMany(wait));
        }
    };
    transaction.commit().await?;
    Ok(Attempt { network: key(state, NETWORK, &client.network), own })
}

/// Counts a login to an account, and returns the keys of its counters, or how long to wait.
async fn reserve_account(
    state: &AppState,
    connection: &mut Connection,
    account: &str,
    device: Option<&str>,
) -> sqlx::Result<std::result::Result<Vec<String>, Duration>> {
    if let Some(wait) = reserve(state, connection, ROW, account).await? {
        return Ok(Err(wait.min(Duration::from_hours(4))));
    }
    let row = key(state, ROW, account);
    if let Some(device) = device
        && reserve(state, connection, DEVICE, device).await?.is_none()
    {
        return Ok(Ok(vec![row, key(state, DEVICE, device)]));
    }
    let wait = reserve(state, connection, STRANGERS, account).await?;
    Ok(wait.map_or_else(|| Ok(vec![row, key(state, STRANGERS, account)]), Err))
}

impl Attempt {
    /// Takes back what was counted: for the network this attempt alone, for the account all of them.
    pub async fn succeed(&self, connection: &mut Connection) -> sqlx::Result<()> {
        take_back(connection, &self.network).await?;
        for key in &self.own {
            sqlx::query("DELETE FROM auth_throttle WHERE key = $1").bind(key).execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// Forgets the failures of an account.
pub async fn unlock(state: &AppState, connection: &mut Connection, account: &str) -> sqlx::Result<()> {
    for rule in [ROW, STRANGERS] {
        forget(state, connection, rule, account).await?;
    }
    Ok(())
}

/// Forgets what was counted.
///
/// # Errors
///
/// Fails when the database does.
pub async fn forget(state: &AppState, connection: &mut Connection, rule: Rule, value: &str) -> sqlx::Result<()> {
    let query = sqlx::query("DELETE FROM auth_throttle WHERE key = $1");
    query.bind(key(state, rule, value)).execute(connection).await?;
    Ok(())
}

/// Removes counters that count nothing any more.
pub async fn clean_up(state: &AppState) -> sqlx::Result<()> {
    let query = sqlx::query("DELETE FROM auth_throttle WHERE began_at < $1 AND attempts < $2");
    query.bind(state.clock.now().unix_timestamp() - 30 * DAY).bind(ROW.limit).execute(&state.db).await?;
    Ok(())
}
