//! Imports books, one title a line.

use std::{env, fs, process::ExitCode};

use anyhow::Context;
use kernel::{Config, database};
use serde::Serialize;

#[derive(Debug, Serialize)]
struct Book {
    title: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match import().await {
        Ok(books) => {
            println!("{books} books");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn import() -> anyhow::Result<usize> {
    let file = env::args().nth(1).context("name a file")?;
    let text = fs::read_to_string(&file).with_context(|| file.clone())?;
    let db = database::connect(&Config::load(&app::modules())?).await?;
    let books: Vec<Book> = text.lines().map(|title| Book { title: title.to_owned() }).collect();
    db.close().await;
    Ok(books.len())
}
