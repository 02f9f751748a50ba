//! `neoforge completions`, `man` and the reference: what clap knows, in other forms.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;
use clap_markdown::MarkdownOptions;

use super::{Exit, source};
use crate::cli::Cli;
use crate::gather::questions_of_template;
use crate::template::Template;
use crate::template::manifest::Kind;
use crate::ui::Out;

pub(super) fn completions(shell: Shell, out: &mut Out) -> Result<Exit> {
    let mut script = Vec::new();
    let names = Names::of(&source::built_in()?.template);
    clap_complete::generate(shell, &mut names.known_to(Cli::command()), "neoforge", &mut script);
    out.raw(&script)?;
    Ok(Exit::Done)
}

/// What the built-in template offers, as it is typed.
struct Names {
    presets: Vec<String>,
    features: Vec<String>,
    /// Those that are no member of a group, which are set instead of added.
    optional: Vec<String>,
    /// `key=`, and `key=value` where there are few values.
    answers: Vec<String>,
}

impl Names {
    fn of(template: &Template) -> Self {
        let features = || template.features.keys().cloned();
        let members =
            template.features.values().filter_map(|member| Some(format!("{}={}", member.group()?, member.name)));
        let questions = questions_of_template(template).flat_map(|(question, _)| {
            let key = question.key.get_ref();
            let values: Vec<&str> = match question.kind {
                Kind::Bool => vec!["true", "false"],
                Kind::Choice => question.choices.iter().map(|choice| choice.value.as_str()).collect(),
                Kind::String | Kind::Integer | Kind::Choices => vec![""],
            };
            values.into_iter().map(move |value| format!("{key}={value}"))
        });
        Self {
            presets: template.manifest.preset.iter().map(|preset| preset.name.get_ref().clone()).collect(),
            features: features().collect(),
            optional: features().filter(|name| !template.is_member(name)).collect(),
            answers: members.chain(questions).collect(),
        }
    }

    /// The command with these names as the values of its arguments. Other templates have others, so the program itself takes any.
    fn known_to(&self, command: clap::Command) -> clap::Command {
        let values = |arg: clap::Arg| {
            let names = match arg.get_id().as_str() {
                "preset" => &self.presets,
                "with" | "without" => &self.features,
                "names" => &self.optional,
                "set" | "pairs" => &self.answers,
                _ => return arg,
            };
            arg.value_parser(PossibleValuesParser::new(names.clone()))
        };
        command.mut_args(values).mut_subcommands(|command| self.known_to(command))
    }
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
