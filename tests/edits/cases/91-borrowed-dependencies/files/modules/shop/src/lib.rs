//! Receipts that nobody else can write, and the room that is left for them.

use axum::{extract::Path, routing::get};
use hmac::{Hmac, KeyInit as _, Mac as _};
use kernel::{Error, Link, Module, Place, Policy, Routes};
use sha2::Sha256;

/// What this crate brings to the application.
pub fn module() -> Module {
    let pages = Routes::new().route("/shop/room", get(room)).route("/shop/receipts/{number}", get(receipt));
    Module::new("shop")
        .pages(Policy::PUBLIC, pages)
        .link(Link::new(Place::Main, "Shop", "/shop/room").about("How much room is left."))
}

async fn room() -> Result<String, Error> {
    Ok(fs4::available_space(".")?.to_string())
}

async fn receipt(Path(number): Path<u32>) -> Result<String, Error> {
    let mut tag = Hmac::<Sha256>::new_from_slice(b"a key of this shop")?;
    tag.update(&number.to_be_bytes());
    Ok(format!("{number} {:?}", tag.finalize().into_bytes()))
}
