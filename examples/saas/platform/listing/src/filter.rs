use kernel::database::TIMES_ARE_TEXTS;
use time::Duration;

use crate::{
    QueryBuilder,
    column::{Column, Kind},
    value::{self, Value},
};

/// Longer texts are refused: nobody types them, and a database need not search for them.
pub const TEXT_LIMIT: usize = 200;

/// One condition that rows must meet.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The name and value of the parameter, for links that keep the filter.
    pub name: String,
    pub text: String,
    column: &'static Column,
    condition: Condition,
}

#[derive(Clone, Debug)]
enum Condition {
    Equals(Value),
    /// A pattern for `LIKE`.
    Contains(String),
    /// Compares with this operator.
    Compares(&'static str, Value),
}

impl Filter {
    /// Nothing if no column has a filter of this name, otherwise the filter or what its value must be.
    pub fn parse(columns: &'static [Column], name: &str, text: &str) -> Option<Result<Self, String>> {
        let (column, condition) = columns.iter().filter(|column| column.filterable).find_map(|column| {
            let suffix = name.strip_prefix(column.name)?;
            let condition = match (column.kind, suffix) {
                (Kind::Boolean, "") => equals(text.parse().map(Value::Boolean), "Use true or false."),
                (Kind::Integer, "") => equals(text.parse().map(Value::Integer), "Use a whole number."),
                (Kind::OneOf(values), "") => {
                    equals(value::one_of(values, text).ok_or(()), &format!("Use one of {}.", values.join(", ")))
                }
                (Kind::Uuid, "") => equals(text.parse().map(Value::Uuid), "Use an id."),
                (Kind::Text, "") => contains(text),
                (Kind::Timestamp, ".from") => starts(text),
                (Kind::Timestamp, ".to") => ends(text),
                (Kind::Date, ".from" | ".to") => {
                    compares(suffix, value::date(text).map(Value::Date), "Use a date such as 2026-01-31.")
                }
                (Kind::Decimal(places), ".from" | ".to") => {
                    let message = format!("Use a number with at most {places} digits behind the point.");
                    compares(suffix, value::decimal(text, places).map(Value::Integer), &message)
                }
                _ => return None,
            };
            Some((column, condition))
        })?;
        Some(condition.map(|condition| Self { name: name.to_owned(), text: text.to_owned(), column, condition }))
    }

    pub fn push_to(&self, sql: &mut QueryBuilder) {
        let name = self.column.name;
        match &self.condition {
            Condition::Equals(value) => {
                sql.push(format_args!("{name} = "));
                value.push_to(sql);
            }
            Condition::Contains(pattern) => {
                sql.push(format_args!("lower({name}) LIKE lower(")).push_bind(pattern.clone()).push(r") ESCAPE '\'");
            }
            Condition::Compares(operator, value) => {
                sql.push(format_args!("{name} {operator} "));
                value.push_to(sql);
            }
        }
    }
}

fn equals<E>(value: Result<Value, E>, message: &str) -> Result<Condition, String> {
    value.map(Condition::Equals).map_err(|_| message.to_owned())
}

fn compares(suffix: &str, value: Option<Value>, message: &str) -> Result<Condition, String> {
    let operator = if suffix == ".from" { ">=" } else { "<=" };
    value.map(|value| Condition::Compares(operator, value)).ok_or_else(|| message.to_owned())
}

fn contains(text: &str) -> Result<Condition, String> {
    if text.chars().count() > TEXT_LIMIT || !value::is_storable(text) {
        return Err(format!("Use a text of at most {TEXT_LIMIT} characters."));
    }
    let escaped = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    Ok(Condition::Contains(format!("%{escaped}%")))
}

const TIMESTAMP: &str = "Use a date such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z.";

/// Where times are texts, a fraction of a second would come before the second itself. Rows have whole seconds there, and so
/// the next whole second in the right direction finds the same ones.
fn starts(text: &str) -> Result<Condition, String> {
    let time = value::midnight(text).or_else(|| value::timestamp(text)).ok_or(TIMESTAMP)?;
    let up = Duration::nanoseconds((1_000_000_000 - i64::from(time.nanosecond())) % 1_000_000_000);
    let time = if TIMES_ARE_TEXTS { time.checked_add(up).ok_or(TIMESTAMP)? } else { time };
    Ok(Condition::Compares(">=", Value::Timestamp(time)))
}

/// A date includes all of its day.
fn ends(text: &str) -> Result<Condition, String> {
    if let Some(start) = value::midnight(text) {
        let end = start.checked_add(Duration::DAY).ok_or(TIMESTAMP)?;
        return Ok(Condition::Compares("<", Value::Timestamp(end)));
    }
    let time = value::timestamp(text).ok_or(TIMESTAMP)?;
    let time = if TIMES_ARE_TEXTS { time.truncate_to_second() } else { time };
    Ok(Condition::Compares("<=", Value::Timestamp(time)))
}
