//! Rendering a template: the same every time, with a record that reads back as it was, and no marker of a slot left.

#![no_main]

use libfuzzer_sys::fuzz_target;
use neoforge::answers::record::{self, BUILT_IN, Record, TemplateId};
use neoforge::gather::{Defaults, Given, gather};
use neoforge::render::{environment, next_commands, render};
use neoforge::template::load;
use neoforge_fuzz::{pass_over_caught_panics, tree};

fuzz_target!(init: pass_over_caught_panics(), |case: &str| {
    let Ok(template) = load(&tree(case)) else { return };
    let all = template.features.keys().cloned().collect();
    for features in [None, Some(all)] {
        let given = Given { name: Some("my-app".to_owned()), features, ..Given::default() };
        let Ok(gathered) = gather(&template, &given, &mut Defaults) else { continue };
        let version = template.manifest.version.get_ref().clone();
        let id = TemplateId { source: BUILT_IN.to_owned(), version, commit: None, content: None };
        let record = Record { template: id, answers: gathered.answers };
        let rendered = render(&template, &record);
        assert_eq!(rendered, render(&template, &record), "a render is the same every time");
        let _ = (environment(&template, &record), next_commands(&template, &record));
        let Ok(project) = rendered else { continue };
        let text = project.get(record::PATH).and_then(|file| file.text()).expect("a project has its record");
        assert_eq!(Record::parse(text), Ok(record), "the record reads back as it was");
    }
});
