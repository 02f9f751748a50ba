//! `neoforge list`

use std::fmt::Write as _;

use anyhow::Result;
use console::style;
use serde_json::json;

use super::{Exit, source};
use crate::cli::{List, ListWhat};
use crate::gather;
use crate::interrupt::Interrupt;
use crate::template::{Feature, Template};
use crate::ui::Out;

pub(super) fn run(args: &List, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    let template = source::open(args.template.template.as_deref(), interrupt)?.template;
    let wants = |what| args.what.is_none_or(|wanted| wanted == what);
    if args.json {
        let mut document = serde_json::Map::new();
        for (what, key, list) in [
            (ListWhat::Features, "features", features_json(&template)),
            (ListWhat::Presets, "presets", presets_json(&template)),
            (ListWhat::Questions, "questions", questions_json(&template)),
        ] {
            if wants(what) {
                document.insert(key.to_owned(), list);
            }
        }
        out.json(&document.into())?;
        return Ok(Exit::Done);
    }
    let mut sections = Vec::new();
    if wants(ListWhat::Features) {
        sections.push(features(&template));
    }
    if wants(ListWhat::Presets) {
        sections.push(section("Presets", &presets(&template)));
    }
    if wants(ListWhat::Questions) {
        sections.push(section("Questions", &questions(&template)));
    }
    out.data(sections.join("\n"))?;
    Ok(Exit::Done)
}

/// A heading and two columns.
fn section(title: &str, rows: &[(String, String)]) -> String {
    format!("{}\n{}", style(title).bold(), columns(rows, width(rows)))
}

fn width(rows: &[(String, String)]) -> usize {
    rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0)
}

fn columns(rows: &[(String, String)], width: usize) -> String {
    let row =
        |(name, about): &(String, String)| format!("  {}  {about}\n", style(format_args!("{name:width$}")).cyan());
    rows.iter().map(row).collect()
}

/// The features under their headings, in columns that are equally wide.
fn features(template: &Template) -> String {
    let sections: Vec<_> = gather::sections(template)
        .into_iter()
        .map(|(section, features)| (section, features.into_iter().map(|feature| row(template, feature)).collect()))
        .collect();
    let width = sections.iter().map(|(_, rows): &(_, Vec<_>)| width(rows)).max().unwrap_or(0);
    let mut out = format!("{}\n", style("Features").bold());
    for (section, rows) in &sections {
        if let Some(section) = section {
            let _ = writeln!(out, " {section}");
        }
        out.push_str(&columns(rows, width));
    }
    out
}

fn row(template: &Template, feature: &Feature) -> (String, String) {
    let about = |feature: &Feature| {
        let mut about = feature.manifest.about.clone();
        if let Some(group) = feature.group() {
            let default = is_default(template, feature);
            let _ = write!(about, " ({group}{})", if default { ", the default" } else { "" });
        }
        let requires: Vec<&str> = feature.requires().collect();
        if !requires.is_empty() {
            let _ = write!(about, "; requires {}", requires.join(", "));
        }
        let conflicts: Vec<&str> = feature.conflicts().collect();
        if !conflicts.is_empty() {
            let _ = write!(about, "; not with {}", conflicts.join(", "));
        }
        about
    };
    (feature.name.clone(), about(feature))
}

fn is_default(template: &Template, feature: &Feature) -> bool {
    template.manifest.group.iter().any(|group| group.default.get_ref() == &feature.name)
}

fn presets(template: &Template) -> Vec<(String, String)> {
    let row = |preset: &crate::template::manifest::Preset| {
        let features: Vec<String> = gather::preset_features(template, preset).into_iter().collect();
        let features = if features.is_empty() { "no features".to_owned() } else { features.join(", ") };
        (preset.name.get_ref().clone(), format!("{} ({features})", preset.about))
    };
    template.manifest.preset.iter().map(row).collect()
}

fn questions(template: &Template) -> Vec<(String, String)> {
    let groups = template.manifest.group.iter().map(|group| {
        let members: Vec<&str> = template.members(group.name.get_ref()).map(|member| member.name.as_str()).collect();
        let about = format!("{} {} [{}]", group.prompt, members.join(" or "), group.default.get_ref());
        (group.name.get_ref().clone(), about)
    });
    let questions = gather::questions_of_template(template).map(|(question, feature)| {
        let by = feature.map_or_else(String::new, |feature| format!(" (feature {})", feature.name));
        (question.key.get_ref().clone(), format!("{} [{}]{by}", question.prompt, question.default.get_ref()))
    });
    groups.chain(questions).collect()
}

fn features_json(template: &Template) -> serde_json::Value {
    let feature = |feature: &Feature| {
        json!({
            "name": feature.name,
            "title": feature.manifest.title,
            "about": feature.manifest.about,
            "section": feature.manifest.section,
            "group": feature.group(),
            "default": is_default(template, feature),
            "requires": feature.requires().collect::<Vec<_>>(),
            "conflicts": feature.conflicts().collect::<Vec<_>>(),
        })
    };
    template.features.values().map(feature).collect()
}

fn presets_json(template: &Template) -> serde_json::Value {
    let preset = |preset: &crate::template::manifest::Preset| {
        json!({
            "name": preset.name.get_ref(),
            "about": preset.about,
            "default": preset.default,
            "features": gather::preset_features(template, preset),
        })
    };
    template.manifest.preset.iter().map(preset).collect()
}

fn questions_json(template: &Template) -> serde_json::Value {
    let groups = template.manifest.group.iter().map(|group| {
        json!({
            "key": group.name.get_ref(),
            "prompt": group.prompt,
            "kind": "choice",
            "default": group.default.get_ref(),
            "choices": template.members(group.name.get_ref()).map(|member| &member.name).collect::<Vec<_>>(),
            "feature": null,
        })
    });
    let questions = gather::questions_of_template(template).map(|(question, feature)| {
        json!({
            "key": question.key.get_ref(),
            "prompt": question.prompt,
            "kind": question.kind.as_str(),
            "default": question.default.get_ref(),
            "choices": question.choices.iter().map(|choice| &choice.value).collect::<Vec<_>>(),
            "feature": feature.map(|feature| &feature.name),
        })
    });
    groups.chain(questions).collect()
}
