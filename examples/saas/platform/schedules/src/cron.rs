//! Times in cron's five fields, in UTC, where no hour is ever left out or comes twice.

use std::str::FromStr;

use anyhow::{Context, bail, ensure};
use time::{Date, OffsetDateTime, Time};

/// How far to look back: a 29th of February on a Sunday may be 40 years ago.
const DAYS: i64 = 41 * 366;

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Each field is a set of numbers, one bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Neither the day of the month nor that of the week begins with `*`: then one of them is enough, as everywhere in cron.
    either_day: bool,
}

impl FromStr for Cron {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let fields: Vec<_> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            bail!("{text:?} has {} fields instead of five, as in `30 3 * * MON-FRI`", fields.len());
        };
        let weekdays = parse(weekday, 0, 7, &WEEKDAYS).context("the day of the week")?;
        let cron = Self {
            minutes: parse(minute, 0, 59, &[]).context("the minute")?,
            hours: parse(hour, 0, 23, &[]).context("the hour")?,
            days: parse(day, 1, 31, &[]).context("the day of the month")?,
            months: parse(month, 1, 12, &MONTHS).context("the month")?,
            // Sunday is 0 and 7.
            weekdays: weekdays | weekdays >> 7,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        };
        // Every date there is has come within the days before this one.
        let sample = Date::from_ordinal_date(2400, 366)?.with_time(Time::MIDNIGHT).assume_utc();
        ensure!(cron.latest(sample).is_some(), "{text:?} never comes");
        Ok(cron)
    }
}

impl Cron {
    /// The latest of these times that is not after `now`.
    #[must_use]
    pub fn latest(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let (today, time) = (now.date(), now.time());
        let midnight = |day: Date| day.with_time(Time::MIDNIGHT).assume_utc();
        (0..DAYS).find_map(|ago| {
            let day = today.checked_sub(time::Duration::days(ago)).filter(|day| self.has_day(*day))?;
            let (last_hour, last_minute) = if ago == 0 { (time.hour(), time.minute()) } else { (23, 59) };
            (0..=last_hour).rev().filter(|hour| has(self.hours, *hour)).find_map(|hour| {
                let last_minute = if hour == last_hour { last_minute } else { 59 };
                let minute = (0..=last_minute).rev().find(|minute| has(self.minutes, *minute))?;
                Some(midnight(day) + time::Duration::minutes(60 * i64::from(hour) + i64::from(minute)))
            })
        })
    }

    fn has_day(&self, day: Date) -> bool {
        let in_month = has(self.days, day.day());
        let in_week = has(self.weekdays, day.weekday().number_days_from_sunday());
        has(self.months, day.month().into()) && if self.either_day { in_month || in_week } else { in_month && in_week }
    }
}

const fn has(set: u64, number: u8) -> bool {
    set >> number & 1 == 1
}

/// A list of numbers, names, ranges and steps: `*`, `*/15`, `8-18/2`, `MON-FRI`, `1,15`.
fn parse(field: &str, first: u8, last: u8, names: &[&str]) -> anyhow::Result<u64> {
    let number = |text: &str| {
        // `parse` alone would take a sign.
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let by_name = names.iter().zip(first..).find(|(name, _)| name.eq_ignore_ascii_case(text));
        by_name
            .map(|(_, number)| number)
            .or_else(|| text.parse().ok().filter(|_| digits))
            .filter(|number| (first..=last).contains(number))
            .with_context(|| format!("{text:?} is nothing from {first} to {last}"))
    };
    let mut set = 0;
    for item in field.split(',') {
        let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (first, last),
            Some((from, to)) => match (number(from)?, number(to)?) {
                // As in `MON-SUN`.
                (from @ 1.., 0) if last == 7 => (from, 7),
                range => range,
            },
            None if step.is_some() => (number(range)?, last),
            None => (number(range)?, number(range)?),
        };
        ensure!(from <= to, "{range:?} ends before it begins");
        let step = step.map_or(Ok(1), str::parse::<u8>).ok().filter(|step| *step > 0);
        let step = step.with_context(|| format!("the step of {item:?} is no number from 1 on"))?;
        set |= (from..=to).step_by(step.into()).fold(0, |set, number| set | 1 << number);
    }
    Ok(set)
}
