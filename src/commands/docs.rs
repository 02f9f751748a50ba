//! `neoforge completions`, `man` and the reference: what clap knows, in other forms.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::Shell;
use clap_markdown::MarkdownOptions;

use super::Exit;
use crate::cli::Cli;
use crate::ui::Out;

pub(super) fn completions(shell: Shell, out: &mut Out) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "neoforge", &mut script);
    out.raw(&script)?;
    Ok(Exit::Done)
}

pub(super) fn man(into: Option<&Path>, out: &mut Out) -> Result<Exit> {
    let Some(folder) = into else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        out.raw(&page)?;
        return Ok(Exit::Done);
    };
    fs::create_dir_all(folder).with_context(|| format!("failed to make the folder {}", folder.display()))?;
    clap_mangen::generate_to(Cli::command(), folder)
        .with_context(|| format!("failed to write manual pages into {}", folder.display()))?;
    out.say(format_args!("The manual pages are in {}.", folder.display()));
    Ok(Exit::Done)
}

pub(super) fn reference(out: &mut Out) -> Result<Exit> {
    let options = MarkdownOptions::new().title("The command line".to_owned()).show_footer(false);
    let text = clap_markdown::help_markdown_command_custom(&Cli::command(), &options);
    out.data(text.trim_end())?;
    Ok(Exit::Done)
}
