use serde_json::Value as Json;
use sqlx::Row as _;
use time::{Date, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};
use uuid::Uuid;

use crate::{
    QueryBuilder, Row,
    column::{Column, Kind},
};

/// The value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Boolean(bool),
    Date(Date),
    Integer(i64),
    Text(String),
    Timestamp(OffsetDateTime),
    Uuid(Uuid),
}

impl Value {
    pub fn of(row: &Row, column: &Column) -> Result<Self, sqlx::Error> {
        let name = column.name;
        let value = match column.kind {
            Kind::Boolean => row.try_get::<Option<_>, _>(name)?.map(Self::Boolean),
            Kind::Date => row.try_get::<Option<_>, _>(name)?.map(Self::Date),
            Kind::Decimal(_) | Kind::Integer => row.try_get::<Option<_>, _>(name)?.map(Self::Integer),
            Kind::OneOf(_) | Kind::Text => row.try_get::<Option<_>, _>(name)?.map(Self::Text),
            Kind::Timestamp => row.try_get::<Option<_>, _>(name)?.map(Self::Timestamp),
            Kind::Uuid => row.try_get::<Option<_>, _>(name)?.map(Self::Uuid),
        };
        Ok(value.unwrap_or(Self::Null))
    }

    pub fn push_to(&self, sql: &mut QueryBuilder) {
        match self {
            Self::Null => sql.push("NULL"),
            Self::Boolean(value) => sql.push_bind(*value),
            Self::Date(value) => sql.push_bind(*value),
            Self::Integer(value) => sql.push_bind(*value),
            Self::Text(value) => sql.push_bind(value.clone()),
            Self::Timestamp(value) => sql.push_bind(*value),
            Self::Uuid(value) => sql.push_bind(*value),
        };
    }

    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Boolean(value) => (*value).into(),
            Self::Date(value) => value.to_string().into(),
            Self::Integer(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
            Self::Uuid(value) => value.to_string().into(),
            Self::Timestamp(value) => value.format(&Rfc3339).map_or(Json::Null, Json::from),
        }
    }

    pub fn from_json(column: &Column, value: &Json) -> Option<Self> {
        match column.kind {
            _ if value.is_null() => column.nullable.then_some(Self::Null),
            Kind::Boolean => value.as_bool().map(Self::Boolean),
            Kind::Date => value.as_str().and_then(date).map(Self::Date),
            Kind::Decimal(_) | Kind::Integer => value.as_i64().map(Self::Integer),
            Kind::OneOf(values) => value.as_str().and_then(|text| one_of(values, text)),
            Kind::Text => value.as_str().filter(|text| is_storable(text)).map(|text| Self::Text(text.to_owned())),
            Kind::Uuid => value.as_str().and_then(|text| text.parse().ok()).map(Self::Uuid),
            Kind::Timestamp => value.as_str().and_then(timestamp).map(Self::Timestamp),
        }
    }
}

/// Databases have no NUL character in texts.
pub fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

pub fn one_of(values: &[&str], text: &str) -> Option<Value> {
    values.contains(&text).then(|| Value::Text(text.to_owned()))
}

/// A date that every database can store.
pub fn date(text: &str) -> Option<Date> {
    midnight(text).map(OffsetDateTime::date)
}

/// The moment at which a date begins.
pub fn midnight(date: &str) -> Option<OffsetDateTime> {
    timestamp(&format!("{date}T00:00:00Z"))
}

/// A number with so many digits behind the point at most, as a whole number of its smallest parts.
pub fn decimal(text: &str, places: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_number = !digits.is_empty() && [digits, fraction].concat().bytes().all(|digit| digit.is_ascii_digit());
    let fits = fraction.len() <= places && !text.ends_with('.');
    (is_number && fits).then(|| format!("{whole}{fraction:0<places$}").parse().ok()).flatten()
}

/// A time in RFC 3339 that every database can store.
pub fn timestamp(text: &str) -> Option<OffsetDateTime> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)?;
    (0..=9999).contains(&time.year()).then_some(time)
}
