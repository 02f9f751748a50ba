//! Any text is a schedule or refused, and a schedule has a latest time that is not in the future.

use proptest::prelude::*;
use schedules::Cron;
use time::{Duration, OffsetDateTime};

/// Nearly five fields.
fn fields() -> impl Strategy<Value = String> {
    let item = r"(\*|[0-9]{1,3}|[A-Za-z]{3})(-([0-9]{1,3}|[A-Za-z]{3}))?(/[0-9]{0,3})?";
    let field = prop::string::string_regex(&format!("({item})(,{item})?")).unwrap();
    prop::collection::vec(field, 4..7).prop_map(|fields| fields.join(" "))
}

proptest! {
    #[test]
    fn a_text_is_a_schedule_or_refused(text in prop_oneof![3 => fields(), 1 => any::<String>()], seconds in 0..4_000_000_000_i64) {
        if let Ok(cron) = text.parse::<Cron>() {
            let now = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            let latest = cron.latest(now).expect("it was refused if it never comes");
            prop_assert!(latest <= now && latest.second() == 0);
            prop_assert_eq!(cron.latest(latest), Some(latest), "it is one of its own times");
            prop_assert!(cron.latest(latest - Duration::SECOND) < Some(latest));
        }
    }
}
