use std::iter;

use crate::{QueryBuilder, column::Column, value::Value};

/// One of the columns that a list is sorted by.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub column: &'static Column,
    pub descending: bool,
}

/// The columns that a list is sorted by, as in `-created_at,title`. The last one is always the id, which makes the
/// order of rows certain.
#[derive(Clone, Debug)]
pub struct Order {
    text: String,
    keys: Vec<Key>,
}

impl Order {
    /// Reads `-created_at,title`, or says what can be sorted by. The id breaks ties between rows that the other columns cannot
    /// tell apart.
    pub fn parse(columns: &'static [Column], id: &'static Column, text: &str) -> Result<Self, String> {
        let mut keys: Vec<Key> = Vec::new();
        for part in text.split(',') {
            let (name, descending) = part.strip_prefix('-').map_or((part, false), |name| (name, true));
            let column = columns.iter().find(|column| column.sortable && column.name == name);
            match column {
                Some(column) if keys.iter().all(|key| key.column.name != name) => keys.push(Key { column, descending }),
                Some(_) => return Err(format!("Name {name} once.")),
                None => {
                    let names: Vec<_> =
                        columns.iter().filter(|column| column.sortable).map(|column| column.name).collect();
                    return Err(format!("Sort by {}; a minus sign in front reverses the order.", names.join(", ")));
                }
            }
        }
        // Ties keep the direction of the column before, so that one index serves both.
        if let Some(last) = keys.last().filter(|_| keys.iter().all(|key| key.column.name != id.name)) {
            let descending = last.descending;
            keys.push(Key { column: id, descending });
        }
        Ok(Self { text: text.to_owned(), keys })
    }

    /// The order as it was asked for.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    pub fn push_order_by(&self, sql: &mut QueryBuilder, backwards: bool) {
        for (key, separator) in self.keys.iter().zip(iter::once(" ORDER BY ").chain(iter::repeat(", "))) {
            let direction = if key.descending == backwards { "ASC" } else { "DESC" };
            sql.push(format_args!("{separator}{} {direction}", key.column.name));
            if key.column.nullable {
                sql.push(if backwards { " NULLS FIRST" } else { " NULLS LAST" });
            }
        }
    }
}

/// The condition that a row comes after the one with these values; when going backwards, before it.
pub fn push_beyond(sql: &mut QueryBuilder, keys: &[Key], values: &[Value], backwards: bool) {
    let ([key, more_keys @ ..], [value, more_values @ ..]) = (keys, values) else {
        // All columns are equal: this is the row itself.
        sql.push("FALSE");
        return;
    };
    let name = key.column.name;
    let operator = if key.descending == backwards { ">" } else { "<" };
    match (value, backwards) {
        (Value::Null, false) => {
            sql.push(format_args!("({name} IS NULL AND "));
        }
        (Value::Null, true) => {
            sql.push(format_args!("({name} IS NOT NULL OR "));
        }
        (value, false) if key.column.nullable => {
            sql.push(format_args!("({name} IS NULL OR {name} {operator} "));
            value.push_to(sql);
            sql.push(format_args!(" OR {name} = "));
            value.push_to(sql);
            sql.push(" AND ");
        }
        (value, _) => {
            // Says twice where the column must lie: the first time alone, where an index can follow it.
            sql.push(format_args!("({name} {operator}= "));
            value.push_to(sql);
            sql.push(format_args!(" AND ({name} {operator} "));
            value.push_to(sql);
            sql.push(" OR ");
            push_beyond(sql, more_keys, more_values, backwards);
            sql.push("))");
            return;
        }
    }
    push_beyond(sql, more_keys, more_values, backwards);
    sql.push(")");
}
