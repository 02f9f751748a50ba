use std::{collections::BTreeMap, marker::PhantomData};

use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{StatusCode, request::Parts},
};
use kernel::{Db, Error, Problem, Result, database::Backend};
use sqlx::{Decode, Encode, Row as _, Type, TypeInfo, ValueRef};

use crate::{
    DEFAULT_LIMIT, Everyone, List, Listed, MAX_BYTES, MAX_LIMIT, QueryBuilder, Row,
    cursor::Cursor,
    filter::Filter,
    order::{Order, push_beyond},
};

/// The types whose values can be large.
const LARGE: [&str; 7] = ["TEXT", "VARCHAR", "BLOB", "BYTEA", "JSON", "JSONB", "XML"];

/// What a client asks of a list: an extractor, which refuses what the list does not offer.
#[derive(Debug)]
pub struct ListQuery<T> {
    path: String,
    limit: usize,
    order: Order,
    filters: Vec<Filter>,
    cursor: Option<Cursor>,
    items: PhantomData<fn() -> T>,
}

impl<T: Listed> ListQuery<T> {
    /// Reads the query of a request for `path`. Links to pages may carry parameters that are meant for others, such as
    /// `utm_source`: they are left out. In the API, an unknown parameter is a mistake.
    ///
    /// # Errors
    ///
    /// Has a message for every parameter that is malformed or, in the API, unknown.
    ///
    /// # Panics
    ///
    /// When the list's `DEFAULT_SORT` is none of its orders.
    pub fn parse(path: &str, query: &str) -> Result<Self> {
        let order = Self::order(T::DEFAULT_SORT).expect("DEFAULT_SORT names sortable columns");
        let mut parsed = Self {
            path: path.to_owned(),
            limit: DEFAULT_LIMIT,
            order,
            filters: Vec::new(),
            cursor: None,
            items: PhantomData,
        };
        let mut parameters = BTreeMap::new();
        let mut errors = BTreeMap::new();
        let is_api = path.starts_with("/api/");
        let is_for_us = |name: &str| {
            is_api || matches!(name, "limit" | "sort" | "cursor") || Self::filter_named(name, "").is_some()
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| is_for_us(name)) {
            if parameters.insert(name.clone(), value).is_some() {
                errors.insert(name.into_owned(), "Give this parameter once.".to_owned());
            }
        }
        // The fields of a form that were left empty ask for nothing.
        parameters.retain(|_, value| !value.is_empty());
        let cursor = parameters.remove("cursor");
        for (name, value) in parameters {
            if let Err(message) = parsed.set(&name, &value) {
                errors.insert(name.into_owned(), message);
            }
        }
        if let Some(text) = cursor {
            parsed.cursor = Cursor::decode(&text, &parsed.order);
            if parsed.cursor.is_none() && !errors.contains_key("sort") {
                let message = "This is no cursor of this list in this order: start again without it.";
                errors.insert("cursor".to_owned(), message.to_owned());
            }
        }
        if errors.is_empty() {
            return Ok(parsed);
        }
        let detail = Some("Some parameters of the query cannot be used.".to_owned());
        Err(Error::Problem(Problem { detail, errors, ..StatusCode::BAD_REQUEST.into() }))
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                self.limit = limit.ok_or_else(|| format!("Use a number from 1 to {MAX_LIMIT}."))?;
            }
            "sort" => self.order = Self::order(value)?,
            _ => {
                let filter = Self::filter_named(name, value);
                self.filters.push(filter.ok_or_else(|| "This list has no such parameter.".to_owned())??);
            }
        }
        Ok(())
    }

    fn order(text: &str) -> Result<Order, String> {
        Order::parse(T::COLUMNS, const { &T::ID }, text)
    }

    fn filter_named(name: &str, value: &str) -> Option<Result<Filter, String>> {
        Filter::parse(T::COLUMNS, name, value)
    }

    async fn run(self, db: &Db, condition: impl FnOnce(&mut QueryBuilder) + Send) -> Result<List<T>> {
        let backwards = self.cursor.as_ref().is_some_and(|cursor| cursor.backwards);
        let mut sql = QueryBuilder::new("SELECT * FROM ");
        sql.push(T::FROM).push(" WHERE TRUE");
        condition(&mut sql);
        for filter in &self.filters {
            sql.push(" AND ");
            filter.push_to(&mut sql);
        }
        if let Some(cursor) = &self.cursor {
            sql.push(" AND ");
            push_beyond(&mut sql, self.order.keys(), &cursor.values, backwards);
        }
        self.order.push_order_by(&mut sql, backwards);
        // One more than the page holds tells whether there is another page.
        sql.push(" LIMIT ").push_bind(i64::try_from(self.limit + 1)?);
        let mut rows = sql.build().fetch_all(db).await?;

        let kept = self.limit.min(fitting(&rows));
        let more = rows.len() > kept;
        rows.truncate(kept);
        if backwards {
            rows.reverse();
        }
        let (has_previous, has_next) = if backwards { (more, true) } else { (self.cursor.is_some(), more) };
        let cursor = |row, backwards| Cursor::at(row, &self.order, backwards).map(|cursor| cursor.encode(&self.order));
        Ok(List {
            previous: rows.first().filter(|_| has_previous).map(|row| cursor(row, true)).transpose()?,
            next: rows.last().filter(|_| has_next).map(|row| cursor(row, false)).transpose()?,
            items: rows.iter().map(T::from_row).collect::<Result<_, _>>()?,
            query: self,
        })
    }

    /// How many rows a page has at most.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// The order of the list, as in `-created_at`.
    #[must_use]
    pub fn sort(&self) -> &str {
        self.order.text()
    }

    /// What a filter looks for, or nothing: the value of its field in a form.
    #[must_use]
    pub fn filter(&self, name: &str) -> &str {
        self.filters.iter().find(|filter| filter.name == name).map_or("", |filter| &filter.text)
    }

    /// Whether rows are left out because of a filter.
    #[must_use]
    pub const fn is_filtered(&self) -> bool {
        !self.filters.is_empty()
    }

    /// `ascending` or `descending` if the list is sorted by this column first, otherwise `none`: the value of
    /// `aria-sort`.
    #[must_use]
    pub fn aria_sort(&self, column: &str) -> &'static str {
        match self.order.keys().first() {
            Some(key) if key.column.name == column => {
                if key.descending {
                    "descending"
                } else {
                    "ascending"
                }
            }
            _ => "none",
        }
    }

    /// The first page, sorted by this column: ascending, or descending if it is ascending already.
    #[must_use]
    pub fn sort_url(&self, column: &str) -> String {
        let sign = if self.aria_sort(column) == "ascending" { "-" } else { "" };
        self.url(&self.filters, &format!("{sign}{column}"), None)
    }

    /// The first page.
    #[must_use]
    pub fn first_url(&self) -> String {
        self.cursor_url(None)
    }

    /// The page that was asked for.
    #[must_use]
    pub fn this_url(&self) -> String {
        let cursor = self.cursor.as_ref().map(|cursor| cursor.encode(&self.order));
        self.cursor_url(cursor.as_deref())
    }

    /// The first page of the list without its filters, in the same order.
    #[must_use]
    pub fn unfiltered_url(&self) -> String {
        self.url(&[], self.sort(), None)
    }

    /// Whether the list begins here. Any other page may be behind its end by now.
    #[must_use]
    pub const fn is_first_page(&self) -> bool {
        self.cursor.is_none()
    }

    pub(crate) fn cursor_url(&self, cursor: Option<&str>) -> String {
        self.url(&self.filters, self.sort(), cursor)
    }

    /// Parameters that say nothing new are left out.
    fn url(&self, filters: &[Filter], sort: &str, cursor: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(filters.iter().map(|filter| (&filter.name, &filter.text)));
        if sort != T::DEFAULT_SORT {
            query.append_pair("sort", sort);
        }
        if self.limit != DEFAULT_LIMIT {
            query.append_pair("limit", &self.limit.to_string());
        }
        query.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{query}", self.path)
    }
}

impl<T: Listed<Owner = Everyone>> ListQuery<T> {
    /// Fetches the page that was asked for.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub async fn fetch(self, db: &Db) -> Result<List<T>> {
        self.run(db, |_| {}).await
    }

    /// Fetches the page that was asked for, of the rows that meet a condition: `sql.push(" AND shelf = ").push_bind(7)`.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub async fn fetch_where(self, db: &Db, condition: impl FnOnce(&mut QueryBuilder) + Send) -> Result<List<T>> {
        self.run(db, condition).await
    }
}

impl<T: Listed> ListQuery<T>
where
    T::Owner: for<'q> Encode<'q, Backend> + Type<Backend> + Send + 'static,
{
    /// Fetches the page that was asked for, of the rows that belong to `owner`.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub async fn fetch_of(self, owner: T::Owner, db: &Db) -> Result<List<T>> {
        self.fetch_of_where(owner, db, |_| {}).await
    }

    /// Fetches the page that was asked for, whomever the rows belong to: for those who may see all of them.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub async fn fetch_of_all(self, db: &Db) -> Result<List<T>> {
        self.run(db, |_| {}).await
    }

    /// Fetches the page that was asked for, of the rows that belong to `owner` and meet a condition.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub async fn fetch_of_where(
        self,
        owner: T::Owner,
        db: &Db,
        condition: impl FnOnce(&mut QueryBuilder) + Send,
    ) -> Result<List<T>> {
        let of_owner = |sql: &mut QueryBuilder| {
            sql.push(format_args!(" AND {} = ", T::OWNER)).push_bind(owner);
            condition(sql);
        };
        self.run(db, of_owner).await
    }
}

impl<T: Listed, S: Send + Sync> FromRequestParts<S> for ListQuery<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let OriginalUri(uri) = OriginalUri::from_request_parts(parts, state).await?;
        Self::parse(uri.path(), uri.query().unwrap_or_default())
    }
}

/// How many rows a page has room for: one at least, however large it is.
fn fitting(rows: &[Row]) -> usize {
    let mut bytes = 0;
    let fits = rows.iter().take_while(|row| {
        bytes += (0..row.len()).map(|column| size(row, column)).sum::<usize>();
        bytes <= MAX_BYTES
    });
    fits.count().max(1)
}

/// How many bytes a row has in a column of a type without a size of its own.
fn size(row: &Row, column: usize) -> usize {
    let value = row.try_get_raw(column).ok().filter(|value| !value.is_null());
    let value = value.filter(|value| LARGE.contains(&value.type_info().name()));
    value.and_then(|value| <&[u8]>::decode(value).ok()).map_or(0, <[u8]>::len)
}
