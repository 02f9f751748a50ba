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
    Integer,
    Text,
    Timestamp,
}

impl Column {
    /// Breaks ties between rows that the other columns cannot tell apart.
    pub(crate) const ID: Self = Self::integer("id");

    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, nullable: false, sortable: false, filterable: false }
    }

    /// A filter finds rows that have the same value.
    #[must_use]
    pub const fn boolean(name: &'static str) -> Self {
        Self::new(name, Kind::Boolean)
    }

    /// A filter finds rows that have the same value.
    #[must_use]
    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, Kind::Integer)
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
