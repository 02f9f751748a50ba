//! Parse, dispatch, tell the error, exit.

use std::panic;
use std::process::ExitCode;

use clap::Parser;
use neoforge::cli::{Cli, Command};
use neoforge::commands::{self, ErrorKind, Exit};
use neoforge::interrupt::Interrupt;
use neoforge::render::text;
use neoforge::ui::Out;

fn main() -> ExitCode {
    let cli =
        Cli::try_parse().unwrap_or_else(|error| commands::with_suggestion(error, std::env::args().skip(1)).exit());
    if cli.global.no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        console::set_colors_enabled(false);
        console::set_colors_enabled_stderr(false);
    }
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !text::is_parsing() {
            tell(panic);
        }
    }));
    let mut out = Out::standard(cli.global.quiet);
    // The process that asks for another tool is to end at once, as its parent tells.
    let interrupt = match cli.command {
        Command::CargoGenerate { .. } => Ok(Interrupt::new()),
        _ => Interrupt::install(),
    };
    let result = interrupt
        .map_err(|error| anyhow::Error::from(error).into())
        .and_then(|interrupt| commands::run(cli, &mut out, &interrupt));
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            match error.kind {
                ErrorKind::Interrupted => out.stopped(&error.message),
                _ => out.error(&error.message, &error.causes, error.hint.as_deref()),
            }
            Exit::from(error.kind).into()
        }
    }
}
