use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use kernel::{Db, database, jobs};
use proof::{Work, now_ms};
use tokio::time::{sleep, timeout};

use crate::{
    App, Process, random,
    redis::Redis,
    states,
    traces::{Traces, summary},
};

const WORKERS: u64 = 3;

/// A heartbeat a second: a silent worker counts as dead after six of them.
const VARIABLES: &[(&str, &str)] = &[("WORKER_HEARTBEAT_SECONDS", "1"), ("WORKER_CONCURRENCY", "4")];

/// Longer than it takes until a silent worker counts as dead.
const LONG_MILLIS: u64 = 9_000;

/// In one of this many rounds, Redis is killed as well; every other time, it loses all of its data.
const REDIS_EVERY: usize = 20;

/// The numbers of jobs by what became of their transaction.
#[derive(Debug, Default)]
struct Log {
    accepted: BTreeSet<i64>,
    withdrawn: BTreeSet<i64>,
}

pub async fn prove(db: &Db, app: &App, times: usize, mut redis: Option<&mut Redis>) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        workers.push(Process::spawn(app, &["worker"], VARIABLES)?);
    }

    let mut log = Log::default();
    let mut killed = HashMap::new();
    let (mut in_vain, mut redis_kills, mut wiped) = (0, 0, Vec::new());
    let kill = async {
        while killed.len() < times {
            if let Some(redis) = &mut redis
                && (killed.len() + in_vain) % REDIS_EVERY == REDIS_EVERY - 1
            {
                redis_kills += 1;
                let and_wipe = redis_kills % 2 == 0;
                redis.kill(and_wipe).await?;
                if and_wipe {
                    wiped.push(now_ms()?);
                }
            }
            sleep(Duration::from_millis(200 + random(1000))).await;
            let victim = usize::try_from(random(WORKERS))?;
            let victim = workers.swap_remove(victim);
            let process = victim.id();
            victim.kill()?;
            let at_ms = now_ms()?;
            workers.push(Process::spawn(app, &["worker"], VARIABLES)?);
            if unfinished(db, process).await? > 0 {
                killed.insert(process, at_ms);
            } else {
                in_vain += 1;
            }
        }
        anyhow::Ok(())
    };
    tokio::select! {
        outcome = kill => outcome?,
        outcome = produce(db, &mut log) => outcome?,
    }
    println!("{} kills in the middle of jobs, {in_vain} between jobs; waiting for the rest", killed.len());
    if redis_kills > 0 {
        println!("{redis_kills} kills of Redis, which lost all of its data {} times", wiped.len());
    }

    let done = async {
        while jobs::due(db).await? > 0 {
            sleep(Duration::from_millis(100)).await;
        }
        anyhow::Ok(())
    };
    timeout(Duration::from_secs(300), done).await.context("the jobs do not come to an end")??;
    for worker in workers {
        worker.stop()?;
    }
    report(db, &log, &killed, &wiped).await?;
    println!("took {:.0?}", started.elapsed());
    Ok(())
}

/// Accepts jobs without end, and takes every fifth back.
async fn produce(db: &Db, log: &mut Log) -> anyhow::Result<()> {
    for number in 1.. {
        let millis = if number % 50 == 0 { LONG_MILLIS } else { random(400) };
        let mut transaction = database::begin(db).await?;
        jobs::enqueue(&mut transaction, &Work { number, millis }).await?;
        if number % 5 == 1 {
            transaction.rollback().await?;
            log.withdrawn.insert(number);
        } else {
            transaction.commit().await?;
            log.accepted.insert(number);
        }
        sleep(Duration::from_millis(random(100))).await;
    }
    Ok(())
}

/// How many jobs a process has started and not done.
async fn unfinished(db: &Db, process: i64) -> anyhow::Result<i64> {
    let query =
        "SELECT (SELECT count(*) FROM starts WHERE process = $1) - (SELECT count(*) FROM ends WHERE process = $1)";
    Ok(sqlx::query_scalar(query).bind(process).fetch_one(db).await?)
}

async fn report(db: &Db, log: &Log, killed: &HashMap<i64, i64>, wiped: &[i64]) -> anyhow::Result<()> {
    let traces = Traces::read(db).await?;
    let (mut interrupted, mut dropped) = (0, 0);
    let mut again = 0;
    let mut at_once = Vec::new();
    let mut pauses = Vec::new();
    for (number, starts) in &traces.starts {
        for pair in starts.windows(2) {
            let [first, second] = pair else { continue };
            let end = traces.end_of(first);
            let death = killed.get(&first.process).filter(|death| **death <= second.at_ms);
            match (end, death) {
                (None, Some(death)) => {
                    interrupted += 1;
                    pauses.push(second.at_ms - death);
                }
                // Its worker dropped it when Redis had forgotten who had it.
                (None, None) if wiped.iter().any(|at_ms| (first.at_ms..second.at_ms).contains(at_ms)) => dropped += 1,
                // It died after the job, before it could say so.
                (Some(end), _) if end <= second.at_ms => again += 1,
                _ => at_once.push(*number),
            }
        }
    }
    let lost: Vec<_> = log.accepted.iter().filter(|number| !traces.ends.contains_key(number)).collect();
    let undead: Vec<_> = log.withdrawn.iter().filter(|number| traces.starts.contains_key(number)).collect();
    let states = states(db).await?;
    let (middle, _, longest) = summary(pauses);
    println!("{} jobs accepted, {} withdrawn with their transaction", log.accepted.len(), log.withdrawn.len());
    println!("{interrupted} runs cut off by a kill; taken up again after {middle} ms (median), {longest} ms (longest)");
    println!("{again} jobs done, and run again because their worker died before it could say so");
    println!("{dropped} runs dropped because Redis had lost its data");
    println!("states in the queue: {states:?}");
    ensure!(lost.is_empty(), "lost: {lost:?}");
    ensure!(undead.is_empty(), "withdrawn, and run nevertheless: {undead:?}");
    ensure!(at_once.is_empty(), "run twice at the same time: {at_once:?}");
    ensure!(states.iter().all(|(state, _)| state == "done"), "some jobs did not end well");
    println!("nothing was lost");
    Ok(())
}
