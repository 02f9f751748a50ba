/// A column that clients may sort or filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    pub(crate) sortable: bool,
    pub(crate) filterable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Boolean,
    Date,
    /// So many digits stand behind the point.
    Decimal(usize),
    Integer,
    OneOf(&'static [&'static str]),
    Text,
    Timestamp,
    Uuid,
}

impl Column {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, nullable: false, sortable: false, filterable: false }
    }

    /// A filter finds rows that have the same value.
    #[must_use]
    pub const fn boolean(name: &'static str) -> Self {
        Self::new(name, Kind::Boolean)
    }

    /// Two filters, `NAME.from` and `NAME.to`, take a date.
    #[must_use]
    pub const fn date(name: &'static str) -> Self {
        Self::new(name, Kind::Date)
    }

    /// A number with so many digits behind the point. The column holds it without the point, as a whole number: 12.50 with two
    /// places is 1250. Two filters, `NAME.from` and `NAME.to`, take a number.
    #[must_use]
    pub const fn decimal(name: &'static str, places: usize) -> Self {
        Self::new(name, Kind::Decimal(places))
    }

    /// A filter finds rows that have the same value.
    #[must_use]
    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, Kind::Integer)
    }

    /// A text that is one of a few. A filter finds rows that have the same value.
    #[must_use]
    pub const fn one_of(name: &'static str, values: &'static [&'static str]) -> Self {
        Self::new(name, Kind::OneOf(values))
    }

    /// A filter finds rows that contain the text, in capitals or not.
    #[must_use]
    pub const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text)
    }

    /// Two filters, `NAME.from` and `NAME.to`, take a date or a time in RFC 3339.
    #[must_use]
    pub const fn timestamp(name: &'static str) -> Self {
        Self::new(name, Kind::Timestamp)
    }

    /// A filter finds rows that have the same value.
    #[must_use]
    pub const fn uuid(name: &'static str) -> Self {
        Self::new(name, Kind::Uuid)
    }

    /// The column may be NULL; such rows come last.
    #[must_use]
    pub const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    #[must_use]
    pub const fn sortable(mut self) -> Self {
        self.sortable = true;
        self
    }

    #[must_use]
    pub const fn filterable(mut self) -> Self {
        self.filterable = true;
        self
    }

    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}
