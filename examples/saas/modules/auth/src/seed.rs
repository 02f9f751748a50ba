//! Somebody to develop with.

use anyhow::anyhow;
use kernel::{AppState, BoxFuture, database};

use crate::{
    accounts::Adoption,
    address::Address,
    passwords::{Hasher, Password},
    users::{self, NewUser, Role},
};

/// Everybody may know it: `app seed` refuses to run in production.
const PASSWORD: &str = "only in development";

const PEOPLE: [(&str, &str, Role); 2] =
    [("admin@example.com", "Admin", Role::Admin), ("ann@example.com", "Ann", Role::User)];

/// Makes an administrator and a user, unless they are there, and says how to sign in.
pub fn fill(state: AppState) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        for (email, name, role) in PEOPLE {
            let address = Address::parse(email).ok_or_else(|| anyhow!("{email} is no address"))?;
            if users::find_by_key(&state.db, &address.key).await?.is_some() {
                continue;
            }
            let hash = state.service::<Hasher>().hash(&Password::new(PASSWORD)).await;
            let hash = hash.map_err(|error| anyhow!("{error:?}"))?;
            let new = NewUser { address: &address, name, role, password: Some(&hash) };
            let mut transaction = database::begin(&state.db).await?;
            let user = users::insert(&mut transaction, &new, state.clock.now().truncate_to_second()).await;
            let user = user.map_err(|error| anyhow!("{error:?}"))?;
            if role == Role::Admin {
                state.emit(&mut transaction, &Adoption { user: user.id }).await?;
            }
            transaction.commit().await?;
            tracing::info!("{email} signs in with the password “{PASSWORD}”");
        }
        Ok(())
    })
}
