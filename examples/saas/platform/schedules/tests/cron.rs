//! Cron's five fields, compared with a search that tries minute after minute.

use schedules::Cron;
use time::{Duration, OffsetDateTime, macros::datetime};

/// Numbers in no order, the same in every run.
struct Dice(u64);

impl Dice {
    const fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// A field between `first` and `last`; with `names`, some numbers are written as these.
    fn field(&mut self, first: u64, last: u64, names: &[&str]) -> String {
        let mut items = Vec::new();
        for _ in 0..=self.roll(3) {
            let from = first + self.roll(last - first + 1);
            let to = from + self.roll(last - from + 1);
            let step = 1 + self.roll(9);
            let mut write = |number: u64| match names.get(usize::try_from(number - first).unwrap()) {
                Some(name) if self.roll(2) == 0 => (*name).to_owned(),
                _ => number.to_string(),
            };
            let (from, to) = (write(from), write(to));
            items.push(match self.roll(5) {
                0 => from,
                1 => format!("{from}-{to}"),
                2 => format!("{from}-{to}/{step}"),
                3 => format!("*/{step}"),
                _ => "*".to_owned(),
            });
        }
        items.join(",")
    }
}

const MONTHS: [&str; 12] = ["jan", "FEB", "Mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "MON", "Tue", "wed", "thu", "fri", "sat"];

/// All numbers that a field means, by writing each of its items out.
fn meant(field: &str, first: u64, last: u64, names: &[&str]) -> Vec<u64> {
    let value = |text: &str| {
        let place = names.iter().position(|name| *name == text);
        place.map_or_else(|| text.parse().unwrap(), |position| first + u64::try_from(position).unwrap())
    };
    let mut numbers = Vec::new();
    for item in field.split(',') {
        let parts: Vec<&str> = item.split('/').collect();
        let ends: Vec<&str> = parts[0].split('-').collect();
        let (mut next, end) = match ends[..] {
            ["*"] => (first, last),
            [one] => (value(one), value(one)),
            [from, to] => (value(from), value(to)),
            _ => unreachable!(),
        };
        while next <= end {
            numbers.push(next);
            next += parts.get(1).map_or(1, |step| step.parse().unwrap());
        }
    }
    numbers
}

#[test]
fn the_latest_time_is_the_one_that_a_search_finds() {
    const FAR: i64 = 30 * 24 * 60;
    let mut dice = Dice(20_26);
    let (mut found, mut far) = (0, 0);
    for _ in 0..200 {
        let fields = [
            dice.field(0, 59, &[]),
            dice.field(0, 23, &[]),
            dice.field(1, 31, &[]),
            dice.field(1, 12, &MONTHS),
            dice.field(0, 6, &WEEKDAYS),
        ];
        let text = fields.join(" ");
        let Ok(cron) = text.parse::<Cron>() else {
            // The only ones that make no sense: the 31st of February, and the like.
            assert!(meant(&fields[2], 1, 31, &[]).iter().all(|day| *day > 28), "{text}");
            continue;
        };
        let start = OffsetDateTime::from_unix_timestamp(i64::try_from(dice.roll(4_000_000_000)).unwrap()).unwrap();
        let [minutes, hours, days, months, weekdays] = [
            meant(&fields[0], 0, 59, &[]),
            meant(&fields[1], 0, 23, &[]),
            meant(&fields[2], 1, 31, &[]),
            meant(&fields[3], 1, 12, &MONTHS),
            meant(&fields[4], 0, 6, &WEEKDAYS),
        ];
        let fits = |at: OffsetDateTime| {
            let day = days.contains(&at.day().into());
            let weekday = weekdays.contains(&at.weekday().number_days_from_sunday().into());
            let one_is_enough = !fields[2].starts_with('*') && !fields[4].starts_with('*');
            minutes.contains(&at.minute().into())
                && hours.contains(&at.hour().into())
                && months.contains(&u8::from(at.month()).into())
                && if one_is_enough { day || weekday } else { day && weekday }
        };
        let minute = start.replace_second(0).unwrap();
        let searched = (0..FAR).map(|ago| minute - Duration::minutes(ago)).find(|at| fits(*at));
        let latest = cron.latest(start);
        if searched.is_some() {
            found += 1;
            assert_eq!(latest, searched, "{text:?} before {start}");
        } else {
            far += 1;
            assert!(latest.is_none_or(|at| at <= minute - Duration::minutes(FAR)), "{text:?} before {start}");
        }
        assert_eq!(latest.and_then(|at| cron.latest(at)), latest, "a time is its own latest");
    }
    assert!(found > 50 && far > 0, "{found} times were found, {far} lie far back: change the dice");
}

#[test]
fn rare_dates_are_found() {
    let latest = |cron: &str, now| cron.parse::<Cron>().unwrap().latest(now).unwrap();
    assert_eq!(latest("0 0 29 2 *", datetime!(2104-02-28 23:59 UTC)), datetime!(2096-02-29 0:00 UTC));
    assert_eq!(latest("59 23 31 12 *", datetime!(2026-12-31 23:58:59 UTC)), datetime!(2025-12-31 23:59 UTC));
    assert_eq!(latest("0 12 * * mon-sun", datetime!(2026-11-29 12:00 UTC)), datetime!(2026-11-29 12:00 UTC));
    assert_eq!(latest("0 12 * * 7", datetime!(2026-11-30 0:00 UTC)), datetime!(2026-11-29 12:00 UTC));
    // Friday the 13th is not what cron makes of this: both are restricted, and one is enough.
    assert_eq!(latest("0 0 13 * FRI", datetime!(2026-11-29 0:00 UTC)), datetime!(2026-11-27 0:00 UTC));
}

#[test]
fn mistakes_are_named() {
    for (cron, expected) in [
        ("* * * *", "4 fields instead of five"),
        ("60 * * * *", "the minute: \"60\" is nothing from 0 to 59"),
        ("* 24 * * *", "the hour"),
        ("* * 0 * *", "the day of the month"),
        ("* * * FEBRUARY *", "the month"),
        ("* * * * 8", "the day of the week"),
        ("+5 * * * *", "\"+5\""),
        ("5- * * * *", "\"\""),
        ("9-5 * * * *", "ends before it begins"),
        ("*/0 * * * *", "the step of \"*/0\""),
        ("*/x * * * *", "the step"),
        (",5 * * * *", "\"\" is nothing"),
        ("0 0 30 2 *", "never comes"),
        ("@daily", "1 fields"),
    ] {
        let error = format!("{:#}", cron.parse::<Cron>().unwrap_err());
        assert!(error.contains(expected), "{cron:?}: {error}");
    }
}
