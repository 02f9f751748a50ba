//! Mail, and the people who have an account.

use auth::{Export, UserDeleted};
use kernel::{AppState, BoxFuture, database::Connection};

use crate::{
    store::{self, Email, key_of},
    suppression::Reason,
};

/// Tells somebody that no mail reaches them: they would wait for a link in vain.
pub fn tell_of_bounces<'a>(state: &'a AppState, address: &'a str) -> BoxFuture<'a, anyhow::Result<Option<String>>> {
    Box::pin(async move {
        let query = "SELECT reason FROM suppressions \
             WHERE to_key = $1 AND scope = 'all' AND (expires_at IS NULL OR expires_at > $2)";
        let query = sqlx::query_scalar(query).bind(key_of(address)).bind(store::now(state));
        let reason: Option<Reason> = query.fetch_optional(&state.db).await?;
        let notice = reason.map(|reason| match reason {
            Reason::Bounce | Reason::Soft => "Mail to your address comes back. Use another one, or you get no more.",
            _ => "You get no mail from here at present. Ask the people who run this site.",
        });
        Ok(notice.map(str::to_owned))
    })
}

/// Adds what has been sent to somebody to all that there is about them.
pub fn export<'a>(
    _: &'a AppState,
    connection: &'a mut Connection,
    export: &'a Export,
) -> BoxFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        let query = sqlx::query_as("SELECT * FROM emails WHERE user_id = $1 ORDER BY id").bind(export.user);
        let mails: Vec<Email> = query.fetch_all(connection).await?;
        export.add("mails", &mails)
    })
}

/// Deletes the mails to somebody, and what providers have told of the address. That the address gets no mail stays known: it
/// would be sent to again otherwise.
pub fn delete<'a>(
    _: &'a AppState,
    connection: &'a mut Connection,
    event: &'a UserDeleted,
) -> BoxFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        for query in [
            "DELETE FROM emails WHERE user_id = $1 OR to_key IN (SELECT email_key FROM users WHERE id = $1)",
            "DELETE FROM email_events WHERE to_key IN (SELECT email_key FROM users WHERE id = $1)",
        ] {
            sqlx::query(query).bind(event.user).execute(&mut *connection).await?;
        }
        Ok(())
    })
}
