//! From what somebody wants to change to the plan of it.

use std::collections::BTreeMap;

use super::change::{ChangePlan, Side};
use super::dependents::Dependent;
use super::migrations::{DropError, DropMigration};
use crate::answers::record::{Record, TemplateId};
use crate::gather::{Ask, GatherError, Given, gather};
use crate::render::RenderError;
use crate::template::Template;
use crate::tree::FileTree;

/// What is known of a change before its answers are.
#[derive(Debug)]
pub struct Draft<'a> {
    /// What it does, as the subject of a commit.
    pub subject: String,
    /// What the project was made from.
    pub record: Record,
    /// The template that made it.
    pub before: &'a Template,
    /// The template that makes it from now on: the same or a later one.
    pub after: &'a Template,
    /// What a record names the latter by.
    pub id: TemplateId,
    /// The project's files.
    pub ours: FileTree,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum DraftError {
    #[error(transparent)]
    Gather(#[from] GatherError),
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(transparent)]
    Drop(#[from] DropError),
    #[error("`{feature}` cannot go: {by} {what}; take that out there, and commit it, first")]
    InUse { feature: String, by: String, what: String },
}

impl Draft<'_> {
    /// Plans the change. Features that nobody wants to go stay where files of the person's depend on them; with `drop_tables`,
    /// what the others have made in the database goes, too. Each question is asked once.
    ///
    /// # Errors
    /// Where the answers are not valid, the template does not render, a feature is in use, or its tables cannot be dropped.
    pub fn plan(&self, mut given: Given, drop_tables: bool, ask: &mut dyn Ask) -> Result<ChangePlan, DraftError> {
        let mut before = None;
        let mut plan = self.change(&mut before, &mut given, None, ask)?;
        let mut kept = BTreeMap::new();
        loop {
            let needed = plan.in_use(self.before, self.after);
            if let Some((feature, Dependent { by, what })) =
                needed.iter().find(|(feature, _)| given.without.contains(*feature))
            {
                let (feature, by, what) = (feature.clone(), by.to_string(), what.clone());
                return Err(DraftError::InUse { feature, by, what });
            }
            if needed.is_empty() {
                break;
            }
            given.with.extend(needed.keys().cloned());
            kept.extend(needed);
            plan = self.change(&mut before, &mut given, None, ask)?;
        }
        if drop_tables {
            match plan.drop_migration(self.after)? {
                Some(migration) => {
                    given.with.push(migration.feature.clone());
                    plan = self.change(&mut before, &mut given, Some(migration), ask)?;
                }
                None => plan.data.notes.push("what goes has no migrations: there is nothing to drop".to_owned()),
            }
        }
        plan.kept = kept;
        Ok(plan)
    }

    /// Plans it from what is given, and adds to that what was answered.
    fn change(
        &self,
        before: &mut Option<Side>,
        given: &mut Given,
        drop: Option<DropMigration>,
        ask: &mut dyn Ask,
    ) -> Result<ChangePlan, DraftError> {
        let gathered = gather(self.after, given, ask)?;
        given.features = Some(gathered.answers.features.clone());
        let answered = gathered.answers.values.iter().filter(|(key, _)| !given.set.contains_key(*key));
        given.answers.extend(answered.map(|(key, value)| (key.clone(), value.clone())));
        let before = match before {
            Some(before) => before,
            none => none.insert(Side::new(self.before, self.record.clone())?),
        };
        let goal = Record { template: self.id.clone(), answers: gathered.answers.clone() };
        let same = self.id == self.record.template && goal == self.record;
        let mut goal = if same { before.clone() } else { Side::new(self.after, goal)? };
        if let Some(migration) = drop {
            goal = goal.dropping(migration);
        }
        Ok(ChangePlan::new(self.subject.clone(), self.after, before.clone(), goal, &gathered, self.ours.clone()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::answers::Value;
    use crate::gather::{AskError, Defaults, Prompt};
    use crate::render::render;
    use crate::template::testing::template;
    use crate::tree::{File, TreePath};

    const OWN: (&str, &str) =
        ("crates/shop/Cargo.toml", "[package]\nname = \"shop\"\n\n[dependencies]\nlists.workspace = true\n");

    /// What becomes of a project with `chosen`, of which `lists` comes along with `notes`, when `gone` goes.
    fn planned(chosen: &str, own: &[(&str, &str)], gone: &str) -> Result<ChangePlan, DraftError> {
        let template = template(&[
            ("features/lists/feature.toml", ""),
            ("features/lists/files/crates/lists/Cargo.toml", "[package]\nname = \"lists\"\n"),
            ("features/notes/feature.toml", "requires = [\"lists\"]"),
            ("features/notes/files/crates/notes/Cargo.toml", "[dependencies]\nlists.workspace = true\n"),
        ]);
        let features: BTreeSet<String> = [chosen.to_owned()].into();
        let given = Given { name: Some("my-app".to_owned()), features: Some(features), ..Given::default() };
        let id = TemplateId { source: "t".to_owned(), version: "0.1.0".to_owned(), commit: None, content: None };
        let answers = gather(&template, &given, &mut Defaults)?.answers;
        let record = Record { template: id.clone(), answers };
        let mut ours = render(&template, &record)?;
        for (path, text) in own {
            ours.insert(TreePath::parse(*path).expect("a path"), File::plain((*text).to_owned()));
        }
        let subject = format!("Remove {gone}");
        let draft = Draft { subject, record, before: &template, after: &template, id, ours };
        draft.plan(Given { without: vec![gone.to_owned()], ..given }, false, &mut Defaults)
    }

    #[test]
    fn what_nothing_requires_any_more_goes_unless_a_crate_of_the_person_depends_on_it() {
        let plan = planned("notes", &[], "notes").expect("a plan");
        assert_eq!(plan.removed(), ["lists", "notes"]);
        let plan = planned("notes", &[OWN], "notes").expect("a plan");
        assert_eq!(plan.removed(), ["notes"]);
        assert_eq!(plan.after.record.answers.features, ["lists".to_owned()].into());
        assert_eq!(
            plan.notes(),
            ["`lists` stays, as if you had chosen it: crates/shop/Cargo.toml depends on its crate `lists`"]
        );
    }

    /// How often somebody is asked.
    struct Counted(usize);

    impl Ask for Counted {
        fn ask(&mut self, prompt: &Prompt<'_>) -> Result<Value, AskError> {
            self.0 += 1;
            Defaults.ask(prompt)
        }
    }

    #[test]
    fn no_question_is_asked_twice() {
        let group = "[[group]]\nname = \"db\"\nprompt = \"Which?\"\ndefault = \"lite\"\n";
        let question = "[[question]]\nkey = \"port\"\nprompt = \"Which?\"\nkind = \"integer\"\ndefault = 80\n";
        let files = |more: &str, member: &str| {
            template(&[
                ("template.toml", more),
                ("features/lite/feature.toml", member),
                ("features/lists/feature.toml", ""),
                ("features/lists/files/crates/lists/Cargo.toml", "[package]\nname = \"lists\"\n"),
                ("features/notes/feature.toml", if more.is_empty() { "requires = [\"lists\"]" } else { "" }),
                ("features/notes/files/crates/notes/Cargo.toml", "[package]\nname = \"notes\"\n"),
            ])
        };
        let (before, after) = (files("", ""), files(&format!("{group}{question}"), "group = \"db\""));
        let features: BTreeSet<String> = ["notes".to_owned()].into();
        let given = Given { name: Some("my-app".to_owned()), features: Some(features), ..Given::default() };
        let id = TemplateId { source: "t".to_owned(), version: "0.1.0".to_owned(), commit: None, content: None };
        let answers = gather(&before, &given, &mut Defaults).expect("answers").answers;
        let record = Record { template: id.clone(), answers };
        let mut ours = render(&before, &record).expect("a render");
        ours.insert(TreePath::parse(OWN.0).expect("a path"), File::plain(OWN.1.to_owned()));
        let draft = Draft { subject: "Update".to_owned(), record, before: &before, after: &after, id, ours };
        let mut ask = Counted(0);
        let plan = draft.plan(given, false, &mut ask).expect("a plan");
        assert_eq!(plan.kept.keys().collect::<Vec<_>>(), ["lists"]);
        assert_eq!(ask.0, 2, "the group and the question");
    }

    #[test]
    fn what_is_in_use_does_not_go() {
        planned("lists", &[], "lists").expect("nobody uses it");
        let error = planned("lists", &[OWN], "lists").expect_err("a crate depends on it");
        let told = "`lists` cannot go: crates/shop/Cargo.toml depends on its crate `lists`; take that out there, and commit it, first";
        assert_eq!(error.to_string(), told);
    }
}
