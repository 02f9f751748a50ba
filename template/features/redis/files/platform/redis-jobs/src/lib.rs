//! Redis hands out the jobs where `REDIS_URL` is set.
//!
//! Jobs are accepted in the database, and what becomes of them is written there, so that nothing can be lost with Redis. It
//! holds the ids of jobs that are due, and the names of the workers that have taken them:
//!
//! - one worker at a time looks for due jobs in the database, on behalf of all, and moves their ids to Redis;
//! - every worker takes ids from Redis, reads these jobs, runs them, and writes their ends to the database;
//! - an id that Redis has lost is moved once more.
//!
//! To the database, all jobs that Redis has belong to one worker. When nobody is left who talks with Redis, its lease ends
//! like any other, and those that look into the database themselves take up its jobs.

use std::{
    collections::BTreeSet,
    iter,
    sync::LazyLock,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use kernel::{
    AppState, Module,
    config::{Reader, Secret, Settings},
    database::Migration,
    jobs::{HandOut, Lease, Worker},
};
use redis::{
    Client, ConnectionInfo, FromRedisValue, RedisResult, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{interval, sleep},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How many jobs wait in Redis at most: the others are better off in the database, where `app jobs` can change them.
const READY_LIMIT: usize = 256;

/// How long Redis may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// How long a worker waits before it comes back after Redis or the database failed it.
const RESTART_PAUSE: Duration = Duration::from_secs(2);

/// To the database, all that Redis has belongs to one worker, which lives as long as somebody renews its lease.
const HOLDER: &str = "redis";

const RENEW: &str = "UPDATE _jobs SET run_at = (SELECT ms FROM _clock) + $2 \
     WHERE state IN ('scheduled', 'running') AND locked_by = $1 RETURNING id";

const FIND: &str = "SELECT id, kind, payload, attempts, max_attempts, request FROM _jobs \
     WHERE id = $1 AND locked_by = $2";

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "create redis_queue",
    sql: "CREATE TABLE redis_queue (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL)",
}];

/// The server that hands out the jobs, if there is one.
#[derive(Clone, Debug)]
struct Server(Option<Secret<ConnectionInfo>>);

impl Settings for Server {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self(reader.optional("REDIS_URL", "a URL such as `redis://user:password@127.0.0.1:6379`")))
    }
}

/// Without `REDIS_URL`, there is no client, and the database hands out the jobs.
fn client(state: &AppState) -> Option<RedisResult<Client>> {
    let Server(url) = state.config.settings();
    url.as_ref().map(|url| Client::open(url.expose().clone()))
}

/// Reads `REDIS_URL`, checks that Redis answers, and lets it hand out the jobs.
pub fn module() -> Module {
    let check = |state| -> kernel::health::CheckFuture { Box::pin(check(state)) };
    let module = Module::new("redis_jobs").settings::<Server>().migrations(MIGRATIONS).check("redis", check);
    module.add(HandOut(|worker, stop| client(&worker.state).map(|_| Box::pin(work(worker, stop)) as _)))
}

async fn check(state: AppState) -> anyhow::Result<()> {
    if let Some(client) = client(&state) {
        let mut connection = client?.get_multiplexed_async_connection().await?;
        redis::cmd("PING").exec_async(&mut connection).await?;
    }
    Ok(())
}

/// Runs jobs until `stop` is cancelled.
async fn work(worker: Worker, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = live(&worker, stop.clone()).await {
            tracing::error!("the worker failed and starts again soon: {error:#}");
            sleep(RESTART_PAUSE).await;
        }
    }
}

/// Runs jobs until `stop` is cancelled, or until Redis or the database fails for long.
async fn live(worker: &Worker, stop: CancellationToken) -> anyhow::Result<()> {
    let session = Session::open(worker).await?;
    let outcome = tokio::select! {
        outcome = session.take(stop) => outcome,
        () = session.feed() => Ok(()),
    };
    // Nothing of this worker runs any more: its unfinished jobs need not wait until it counts as dead.
    session.forget(&session.name).await.ok();
    outcome
}

/// What the keys are, in the order in which they are given to all scripts.
///
/// - `ready`: a list of ids, as text: to Lua, a number is another key than its digits. They are taken from its right end.
/// - `taken`: the name of its worker for every id that Redis knows; nothing for those that are ready.
/// - `workers`: the names of the living, with the time of their last look.
/// - `feeder`: the name of the worker that moves the jobs.
/// - `missing`: ids that should be known, with the time at which they were missed first.
const KEYS: [&str; 5] = ["ready", "taken", "workers", "feeder", "missing"];

/// A worker says that it lives and what it has finished, and takes as many jobs as it has places. Answers with nothing when
/// others have its jobs: because it was silent for too long, or because Redis has lost what it knew.
static LOOK: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local ready, taken, workers = KEYS[1], KEYS[2], KEYS[3]
        local worker = cjson.decode(ARGV[1])
        if not worker.starts and not redis.call('ZSCORE', workers, worker.name) then return false end
        local runs = {}
        for _, id in ipairs(worker.runs) do
            if redis.call('HGET', taken, id) ~= worker.name then return false end
            runs[id] = true
        end
        redis.call('ZADD', workers, redis.call('TIME')[1], worker.name)
        for _, id in ipairs(worker.finished) do
            if redis.call('HGET', taken, id) == worker.name then redis.call('HDEL', taken, id) end
        end
        if worker.unsure then
            local all = redis.call('HGETALL', taken)
            for i = 1, #all, 2 do
                if all[i + 1] == worker.name and not runs[all[i]] then
                    redis.call('HSET', taken, all[i], '')
                    redis.call('RPUSH', ready, all[i])
                end
            end
        end
        local ids = {}
        while #ids < worker.free do
            local id = redis.call('RPOP', ready)
            if not id then break end
            redis.call('HSET', taken, id, worker.name)
            table.insert(ids, id)
        end
        return ids",
    )
});

/// Forgets a worker, and those that have been silent for too long; gives their jobs to others.
static FORGET: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local ready, taken, workers, feeder = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
        redis.call('ZREM', workers, ARGV[1])
        redis.call('ZREMRANGEBYSCORE', workers, '-inf', redis.call('TIME')[1] - ARGV[2])
        local all = redis.call('HGETALL', taken)
        for i = 1, #all, 2 do
            if all[i + 1] ~= '' and not redis.call('ZSCORE', workers, all[i + 1]) then
                redis.call('HSET', taken, all[i], '')
                redis.call('RPUSH', ready, all[i])
            end
        end
        if redis.call('GET', feeder) == ARGV[1] then redis.call('DEL', feeder) end",
    )
});

/// Answers with the number of jobs that are ready if this worker is the one to move more of them.
static LEAD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local feeder = redis.call('GET', KEYS[4])
        if feeder and feeder ~= ARGV[1] then return false end
        redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[2])
        return redis.call('LLEN', KEYS[1])",
    )
});

/// Makes jobs ready that are not known yet.
static PUSH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "for _, id in ipairs(ARGV) do
            if redis.call('HSETNX', KEYS[2], id, '') == 1 then redis.call('LPUSH', KEYS[1], id) end
        end",
    )
});

/// Makes those jobs ready that have not been known for so long that no worker still runs them. Answers with their number.
static SEARCH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local ready, taken, missing = KEYS[1], KEYS[2], KEYS[5]
        local now, found, since = tonumber(redis.call('TIME')[1]), 0, {}
        local all = redis.call('HGETALL', missing)
        for i = 1, #all, 2 do since[all[i]] = tonumber(all[i + 1]) end
        redis.call('DEL', missing)
        for i = 2, #ARGV do
            local id = ARGV[i]
            if redis.call('HEXISTS', taken, id) == 0 then
                if now - (since[id] or now) >= tonumber(ARGV[1]) then
                    redis.call('HSET', taken, id, '')
                    redis.call('RPUSH', ready, id)
                    found = found + 1
                else
                    redis.call('HSET', missing, id, since[id] or now)
                end
            end
        end
        return found",
    )
});

/// One life of a worker.
struct Session<'a> {
    worker: &'a Worker,
    lease: Lease,
    redis: ConnectionManager,
    /// New in every life: Redis may still have jobs of the last one.
    name: String,
    keys: [String; 5],
    /// How often it looks for jobs in Redis.
    look_interval: Duration,
}

impl<'a> Session<'a> {
    async fn open(worker: &'a Worker) -> anyhow::Result<Self> {
        // Other applications, and tests, may use the same server.
        let query = "INSERT INTO redis_queue (id, name) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
        sqlx::query(query).bind(Uuid::new_v4().to_string()).execute(&worker.state.db).await?;
        let queue: String = sqlx::query_scalar("SELECT name FROM redis_queue").fetch_one(&worker.state.db).await?;

        let config = ConnectionManagerConfig::new().set_number_of_retries(1).set_response_timeout(Some(ANSWER_LIMIT));
        let client = client(&worker.state).context("REDIS_URL is not set")??;
        let connection = client.get_connection_manager_with_config(config).await;
        let session = Self {
            worker,
            lease: Lease::new(&worker.state, HOLDER.to_owned()),
            redis: connection.context("Redis does not answer")?,
            name: format!("worker-{}", Uuid::new_v4()),
            // A cluster keeps together what has the same name in braces.
            keys: KEYS.map(|key| format!("jobs:{{{queue}}}:{key}")),
            look_interval: worker.poll_interval / 5,
        };
        let first = json!({ "name": session.name, "starts": true, "runs": [], "finished": [], "free": 0 });
        session.call::<()>(&LOOK, &[first.to_string()]).await?;
        Ok(session)
    }

    async fn call<T: FromRedisValue>(&self, script: &Script, arguments: &[String]) -> RedisResult<T> {
        script.key(&self.keys[..]).arg(arguments).invoke_async(&mut self.redis.clone()).await
    }

    /// Runs jobs that are ready.
    async fn take(&self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut running = JoinSet::new();
        let outcome = self.take_into(&mut running, stop).await;
        running.shutdown().await;
        outcome
    }

    async fn take_into(
        &self,
        running: &mut JoinSet<anyhow::Result<String>>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let config = &self.worker.state.config;
        let (mut runs, mut finished) = (BTreeSet::new(), Vec::new());
        let (mut unsure, mut answered) = (false, Instant::now());
        let mut ticks = interval(self.look_interval);
        while !(stop.is_cancelled() && running.is_empty() && finished.is_empty()) {
            let free = if stop.is_cancelled() { 0 } else { config.worker_concurrency - running.len() };
            let look = json!({ "name": self.name, "runs": runs, "finished": finished, "free": free, "unsure": unsure });
            finished.clear();
            match self.call(&LOOK, &[look.to_string()]).await {
                Ok(None) => bail!("others were given its jobs"),
                Ok(Some(taken)) => {
                    (unsure, answered) = (false, Instant::now());
                    let taken: Vec<String> = taken;
                    for id in taken {
                        runs.insert(id.clone());
                        running.spawn(run(self.worker.clone(), self.lease.clone(), id));
                    }
                }
                // Others take its jobs after six heartbeats: until then, the jobs in flight need not suffer.
                Err(error) if answered.elapsed() < 4 * config.worker_heartbeat => {
                    if !unsure {
                        tracing::warn!("Redis does not answer: {error}");
                    }
                    // It may have done what it was asked for; then there are jobs that this worker should run, and does not.
                    unsure = true;
                }
                Err(error) => return Err(error).context("Redis does not answer"),
            }
            tokio::select! {
                _ = ticks.tick() => {}
                Some(ended) = running.join_next() => {
                    let id = ended??;
                    runs.remove(&id);
                    finished.push(id);
                }
            }
        }
        Ok(())
    }

    /// Moves due jobs from the database to Redis, while no other worker does.
    async fn feed(&self) {
        let (mut tidied, mut failing) = (None, false);
        loop {
            let moved = self.move_due(&mut tidied).await;
            if let (Err(error), false) = (&moved, failing) {
                tracing::warn!("due jobs cannot be moved to Redis: {error:#}");
            }
            failing = moved.is_err();
            sleep(if moved.unwrap_or(false) { self.look_interval } else { self.worker.poll_interval }).await;
        }
    }

    /// Returns whether there may be more. Once a heartbeat, it also looks after what is there already.
    async fn move_due(&self, tidied: &mut Option<Instant>) -> anyhow::Result<bool> {
        let heartbeat = self.worker.state.config.worker_heartbeat;
        let term = (4 * self.worker.poll_interval).max(Duration::from_secs(1));
        let Some(ready) = self.call(&LEAD, &[self.name.clone(), term.as_millis().to_string()]).await? else {
            *tidied = None;
            return Ok(false);
        };
        if tidied.is_none_or(|at| at.elapsed() >= heartbeat) {
            self.forget("").await?;
            self.search().await?;
            *tidied = Some(Instant::now());
        }
        self.lease.tend().await?;
        let room = READY_LIMIT.saturating_sub(ready);
        let due = self.lease.claim(room).await?;
        // Ids are in the order in which the jobs were accepted.
        let ids: BTreeSet<_> = due.iter().map(|job| job.id).collect();
        self.push(&ids.iter().map(i64::to_string).collect::<Vec<_>>()).await?;
        Ok(ids.len() == room)
    }

    /// Hands out again what Redis should have and does not know: because a process died between the database and Redis,
    /// or because Redis has lost it.
    async fn search(&self) -> anyhow::Result<()> {
        let silence = 6 * self.worker.state.config.worker_heartbeat;
        let query = sqlx::query_scalar(RENEW).bind(HOLDER).bind(i64::try_from(silence.as_millis())?);
        let claimed: Vec<i64> = query.fetch_all(&mut *self.worker.state.db.acquire().await?).await?;
        let arguments = iter::once(self.silence()).chain(claimed.iter().map(i64::to_string)).collect::<Vec<_>>();
        let found: usize = self.call(&SEARCH, &arguments).await?;
        if found > 0 {
            tracing::warn!(jobs = found, "jobs were lost on their way, and are handed out again");
        }
        Ok(())
    }

    async fn push(&self, ids: &[String]) -> RedisResult<()> {
        if ids.is_empty() { Ok(()) } else { self.call(&PUSH, ids).await }
    }

    async fn forget(&self, name: &str) -> RedisResult<()> {
        self.call(&FORGET, &[name.to_owned(), self.silence()]).await
    }

    /// After how many seconds a worker counts as dead.
    fn silence(&self) -> String {
        (6 * self.worker.state.config.worker_heartbeat.as_secs()).to_string()
    }
}

/// Runs a job, and writes its end to the database. Returns its id, which Redis may forget then.
async fn run(worker: Worker, lease: Lease, id: String) -> anyhow::Result<String> {
    // Redis may still know a job that has ended.
    let query = sqlx::query_as(FIND).bind(id.parse::<i64>()?).bind(HOLDER);
    if let Some(job) = query.fetch_optional(&worker.state.db).await? {
        worker.run_claimed(&lease, job).await;
    }
    Ok(id)
}
