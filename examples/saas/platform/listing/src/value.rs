use serde_json::Value as Json;
use sqlx::Row as _;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::{
    QueryBuilder, Row,
    column::{Column, Kind},
};

/// The value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Text(String),
    Timestamp(OffsetDateTime),
}

impl Value {
    pub fn of(row: &Row, column: &Column) -> Result<Self, sqlx::Error> {
        let name = column.name;
        let value = match column.kind {
            Kind::Boolean => row.try_get::<Option<_>, _>(name)?.map(Self::Boolean),
            Kind::Integer => row.try_get::<Option<_>, _>(name)?.map(Self::Integer),
            Kind::Text => row.try_get::<Option<_>, _>(name)?.map(Self::Text),
            Kind::Timestamp => row.try_get::<Option<_>, _>(name)?.map(Self::Timestamp),
        };
        Ok(value.unwrap_or(Self::Null))
    }

    pub fn push_to(&self, sql: &mut QueryBuilder) {
        match self {
            Self::Null => sql.push("NULL"),
            Self::Boolean(value) => sql.push_bind(*value),
            Self::Integer(value) => sql.push_bind(*value),
            Self::Text(value) => sql.push_bind(value.clone()),
            Self::Timestamp(value) => sql.push_bind(*value),
        };
    }

    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Boolean(value) => (*value).into(),
            Self::Integer(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
            Self::Timestamp(value) => value.format(&Rfc3339).map_or(Json::Null, Json::from),
        }
    }

    pub fn from_json(column: &Column, value: &Json) -> Option<Self> {
        match column.kind {
            _ if value.is_null() => column.nullable.then_some(Self::Null),
            Kind::Boolean => value.as_bool().map(Self::Boolean),
            Kind::Integer => value.as_i64().map(Self::Integer),
            Kind::Text => value.as_str().filter(|text| is_storable(text)).map(|text| Self::Text(text.to_owned())),
            Kind::Timestamp => value.as_str().and_then(timestamp).map(Self::Timestamp),
        }
    }
}

/// Databases have no NUL character in texts.
pub fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

/// A time in RFC 3339 that every database can store.
pub fn timestamp(text: &str) -> Option<OffsetDateTime> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)?;
    (0..=9999).contains(&time.year()).then_some(time)
}
