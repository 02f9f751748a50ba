//! Lists that clients page through, sort and filter: `?sort=-created_at&title=milk&limit=20&cursor=…`.
//!
//! A type says with [`Listed`] what may be asked of it. A handler takes a [`ListQuery`], which has been checked, and
//! answers with the [`List`] that it fetches, as JSON or in a page:
//!
//! ```text
//! async fn list(State(state): State<AppState>, query: ListQuery<Note>) -> Result<List<Note>> {
//!     query.fetch(&state.db).await
//! }
//! ```
//!
//! A page of a list begins where the one before it ended (keyset pagination): rows that come and go in the meantime
//! shift nothing, and the last page is as fast as the first.

mod column;
mod cursor;
mod errors;
mod filter;
#[allow(clippy::option_if_let_else, reason = "the derived schema of a generic type has it")]
mod list;
mod order;
mod parameters;
mod query;
mod value;

use kernel::database::Backend;
use sqlx::{Database, FromRow};

pub use column::Column;
pub use filter::TEXT_LIMIT;
pub use list::List;
pub use query::ListQuery;

/// The rows of one page unless the client asks for another number.
pub const DEFAULT_LIMIT: usize = 20;

/// The most rows that one page may have.
pub const MAX_LIMIT: usize = 100;

/// The most bytes of text that one page may have, unless a single row has more: what clients read slowly stays in memory.
pub const MAX_BYTES: usize = 512 * 1024;

/// A row as the database returns it.
pub type Row = <Backend as Database>::Row;

/// What a query gets before it has its values.
pub type QueryBuilder = sqlx::QueryBuilder<Backend>;

/// The owner of rows that everybody may see, or nobody at all: of a list without owners.
#[derive(Clone, Copy, Debug)]
pub enum Everyone {}

/// What may be asked of a list of this type.
///
/// A list whose rows belong to somebody cannot be fetched without saying to whom:
///
/// ```compile_fail,E0271
/// # use listing::{Column, List, ListQuery, Listed};
/// #[derive(sqlx::FromRow)]
/// struct Invoice {}
///
/// impl Listed for Invoice {
///     type Owner = i64;
/// #   const FROM: &'static str = "invoices";
/// #   const COLUMNS: &'static [Column] = &[Column::integer("number").sortable()];
/// #   const DEFAULT_SORT: &'static str = "number";
/// }
///
/// # async fn all(db: &kernel::Db, query: ListQuery<Invoice>) -> kernel::Result<List<Invoice>> {
/// query.fetch(db).await
/// # }
/// ```
///
/// `query.fetch_of(user_id, db)` compiles instead.
pub trait Listed: for<'r> FromRow<'r, Row> {
    /// Whom a row belongs to: the type of the column [`Listed::OWNER`], or [`Everyone`].
    type Owner;

    /// The column that says whom a row belongs to.
    const OWNER: &'static str = "user_id";

    /// The column that tells each row from all others, such as the primary key.
    const ID: Column = Column::uuid("id");

    /// A table, or a query in parentheses with a name: `(SELECT …) AS rows`.
    const FROM: &'static str;

    /// The columns that clients may sort and filter by.
    const COLUMNS: &'static [Column];

    /// The order that a client gets without asking, written as in `sort`: `-created_at`.
    const DEFAULT_SORT: &'static str;
}
