//! The people who have an account.

use kernel::{
    Result, ResultExt, Visitor,
    database::{Backend, Connection},
};
use serde::{Deserialize, Serialize};
use sqlx::{Executor, FromRow};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::address::Address;

/// The role of those who manage the application, as policies name it.
pub const ADMIN: &str = "admin";

/// Somebody who has an account.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
pub struct User {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub role: Role,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
    #[serde(skip)]
    pub email_key: String,
    /// Nothing until one was chosen.
    #[serde(skip)]
    pub password: Option<String>,
    /// Device cookies of earlier generations count no more.
    #[serde(skip)]
    pub device_generation: i64,
    #[serde(skip)]
    pub deactivated_at: Option<OffsetDateTime>,
    #[serde(skip)]
    pub delete_after: Option<OffsetDateTime>,
}

impl User {
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.deactivated_at.is_none()
    }
}

/// The visitor of a user.
#[must_use]
pub fn visitor(id: Uuid, name: &str, role: Role) -> Visitor {
    let roles: &[String] = if role == Role::Admin { &[ADMIN.to_owned()] } else { &[] };
    Visitor { id, name: name.into(), roles: roles.into() }
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    User,
    Admin,
}

impl Role {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => ADMIN,
        }
    }
}

impl From<String> for Role {
    fn from(name: String) -> Self {
        if name == ADMIN { Self::Admin } else { Self::User }
    }
}

/// The user with an address, if there is one.
///
/// # Errors
///
/// Fails when the database does.
pub async fn find_by_key<'c>(db: impl Executor<'c, Database = Backend>, key: &str) -> sqlx::Result<Option<User>> {
    sqlx::query_as("SELECT * FROM users WHERE email_key = $1").bind(key).fetch_optional(db).await
}

/// The user with an id, if there is one.
///
/// # Errors
///
/// Fails when the database does.
pub async fn find<'c>(db: impl Executor<'c, Database = Backend>, id: Uuid) -> sqlx::Result<Option<User>> {
    sqlx::query_as("SELECT * FROM users WHERE id = $1").bind(id).fetch_optional(db).await
}

/// Locks an account until the transaction ends, and returns it as it is by then. Whoever changes what belongs to an account does this
/// first: nobody waits in a circle then.
///
/// # Errors
///
/// Fails when the database does.
pub async fn lock(connection: &mut Connection, id: Uuid) -> sqlx::Result<Option<User>> {
    let query = sqlx::query_as("UPDATE users SET role = role WHERE id = $1 RETURNING *");
    query.bind(id).fetch_optional(connection).await
}

/// Like [`lock`], for the account with an address.
///
/// # Errors
///
/// Fails when the database does.
pub async fn lock_by_key(connection: &mut Connection, key: &str) -> sqlx::Result<Option<User>> {
    let query = sqlx::query_as("UPDATE users SET role = role WHERE email_key = $1 RETURNING *");
    query.bind(key).fetch_optional(connection).await
}

/// Like [`lock`], together with all administrators: whether one of them is the last can be asked then.
///
/// # Errors
///
/// Fails when the database does.
pub async fn lock_with_admins(connection: &mut Connection, id: Uuid) -> sqlx::Result<Option<User>> {
    // In the same order by everybody.
    let query = sqlx::query_scalar("SELECT id FROM users WHERE role = 'admin' OR id = $1 ORDER BY id").bind(id);
    let mut user = None;
    for other in query.fetch_all(&mut *connection).await? {
        let locked = lock(connection, other).await?;
        user = if other == id { locked } else { user };
    }
    Ok(user)
}

/// A user who is not there yet.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    pub address: &'a Address,
    pub name: &'a str,
    pub role: Role,
    pub password: Option<&'a str>,
}

/// Stores a user.
///
/// # Errors
///
/// Blames the address if somebody has it already.
pub async fn insert(connection: &mut Connection, new: &NewUser<'_>, now: OffsetDateTime) -> Result<User> {
    sqlx::query_as(
        "INSERT INTO users (id, email, email_key, name, role, password, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *",
    )
    .bind(Uuid::now_v7())
    .bind(&new.address.text)
    .bind(&new.address.key)
    .bind(new.name)
    .bind(new.role.name())
    .bind(new.password)
    .bind(now)
    .fetch_one(connection)
    .await
    .on_constraint("users_email_key_key", "email", "There is an account with this address.")
}

/// Like [`lock`], if the password which was checked is the user's still: it may have been replaced while it was hashed.
///
/// # Errors
///
/// Fails when the database does.
pub async fn hold(connection: &mut Connection, user: &User) -> sqlx::Result<bool> {
    let query = "UPDATE users SET role = role WHERE id = $1 AND password = $2 AND deactivated_at IS NULL";
    let query = sqlx::query(query).bind(user.id).bind(&user.password);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// Gives a user another password.
///
/// # Errors
///
/// Fails when the database does.
pub async fn set_password(connection: &mut Connection, id: Uuid, hash: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET password = $1 WHERE id = $2").bind(hash).bind(id).execute(connection).await?;
    Ok(())
}

/// How many can manage the application.
///
/// # Errors
///
/// Fails when the database does.
pub async fn count_admins<'c>(db: impl Executor<'c, Database = Backend>) -> sqlx::Result<i64> {
    let query = "SELECT count(*) FROM users WHERE role = 'admin' AND deactivated_at IS NULL";
    sqlx::query_scalar(query).fetch_one(db).await
}
