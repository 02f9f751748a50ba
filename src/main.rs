//! Parse, dispatch, tell the error, exit.

use std::panic;
use std::process::ExitCode;

use clap::Parser;
use neoforge::cli::{Cli, Command};
use neoforge::commands::{self, Exit};
use neoforge::interrupt::Interrupt;
use neoforge::render::text;
use neoforge::ui::Out;

fn main() -> ExitCode {
    let cli = Cli::parse();
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
    let result = interrupt.map_err(anyhow::Error::from).and_then(|interrupt| commands::run(cli, &mut out, &interrupt));
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            let exit = commands::exit_of(&error);
            match exit {
                Exit::Interrupted => out.stopped(&error),
                _ => out.error(&error),
            }
            exit.into()
        }
    }
}
