//! The conversation, with a script in the place of a person.

use super::*;
use crate::template::testing::template;

/// Answers in their order; remembers what was asked.
struct Script {
    answers: Vec<(&'static str, Value)>,
    asked: Vec<String>,
}

impl Script {
    fn new(answers: &[(&'static str, &str)]) -> Self {
        let answers = answers.iter().rev().map(|(key, value)| (*key, Value::Text((*value).to_owned()))).collect();
        Self { answers, asked: Vec::new() }
    }
}

impl Ask for Script {
    fn ask(&mut self, prompt: &Prompt<'_>) -> Result<Value, AskError> {
        self.asked.push(prompt.key.to_owned());
        match self.answers.last() {
            Some((key, _)) if *key == prompt.key => {
                let (_, value) = self.answers.pop().expect("there is a last one");
                (prompt.check)(&value).map_err(AskError::Terminal)?;
                Ok(value)
            }
            _ => Defaults.ask(prompt),
        }
    }
}

fn shop() -> Template {
    template(&[
        (
            "template.toml",
            "[[question]]\nkey = 'slug'\nprompt = '?'\ndefault = '{{ name | snake_case }}'\n\
             [[question]]\nkey = 'loud'\nprompt = '?'\nkind = 'bool'\ndefault = false\n\
             [[question]]\nkey = 'shout'\nprompt = '?'\ndefault = '{{ slug | upcase }}'\nwhen = 'loud'\n\
             [[group]]\nname = 'db'\nprompt = '?'\ndefault = 'lite'\n\
             [[preset]]\nname = 'small'\nabout = 'x'\ndefault = true\n\
             [[preset]]\nname = 'shop'\nabout = 'x'\nfeatures = ['auth', 'big']\n\
             [[preset]]\nname = 'most'\nabout = 'x'\nall = true\nexcept = ['cluster', 'mail']\n",
        ),
        ("features/lite/feature.toml", "group = 'db'"),
        ("features/big/feature.toml", "group = 'db'"),
        ("features/auth/feature.toml", "requires = ['mail']"),
        ("features/mail/feature.toml", "[[question]]\nkey = 'sender'\nprompt = '?'\ndefault = 'me@{{ slug }}'"),
        ("features/cluster/feature.toml", "requires = ['big']"),
    ])
}

fn names(gathered: &Gathered) -> Vec<&str> {
    gathered.all.iter().map(String::as_str).collect()
}

#[test]
fn everything_is_asked_once_and_in_order() {
    let mut script = Script::new(&[("name", "my-shop"), ("preset", "custom"), ("slug", "x")]);
    let gathered = gather(&shop(), &Given::default(), &mut script).expect("complete answers");
    assert_eq!(script.asked, ["name", "preset", "preset", "features", "db", "slug", "loud"]);
    assert_eq!(names(&gathered), ["lite"]);
    assert_eq!(gathered.answers.values["slug"], Value::Text("x".into()));
    assert_eq!(gathered.answers.values["shout"], Value::Text("X".into()), "what is not asked has its default");
}

#[test]
fn what_was_given_is_not_asked() {
    let given = Given {
        name: Some("my-shop".into()),
        preset: Some("shop".into()),
        set: [("slug".to_owned(), "s".to_owned()), ("loud".to_owned(), "yes".to_owned())].into(),
        ..Given::default()
    };
    let mut script = Script::new(&[]);
    let gathered = gather(&shop(), &given, &mut script).expect("complete answers");
    assert_eq!(script.asked, ["shout", "sender"], "the preset has chosen the database");
    assert_eq!(names(&gathered), ["auth", "big", "mail"]);
    assert_eq!(gathered.pulled_in, [("mail".to_owned(), "auth".to_owned())]);
    let chosen: Vec<_> = gathered.answers.features.iter().collect();
    assert_eq!(chosen, ["auth", "big"], "what came along is not recorded as chosen");
    assert_eq!(gathered.answers.values["sender"], Value::Text("me@s".into()), "a default may use an earlier answer");
}

#[test]
fn a_preset_may_leave_some_features_out() {
    let given = Given { name: Some("my-shop".into()), preset: Some("most".into()), ..Given::default() };
    let gathered = gather(&shop(), &given, &mut Defaults).expect("complete answers");
    assert_eq!(names(&gathered), ["auth", "lite", "mail"], "what another feature requires comes along nevertheless");
}

#[test]
fn a_member_takes_the_place_of_the_others() {
    let choose = |with: &[&str], set: &[(&str, &str)]| {
        let given = Given {
            name: Some("my-shop".into()),
            preset: Some("shop".into()),
            with: with.iter().map(|name| (*name).to_owned()).collect(),
            set: set.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            ..Given::default()
        };
        gather(&shop(), &given, &mut Defaults).map(|gathered| gathered.all.into_iter().collect::<Vec<_>>())
    };
    assert_eq!(choose(&["lite"], &[]).expect("lite"), ["auth", "lite", "mail"]);
    assert_eq!(choose(&[], &[("db", "lite")]).expect("lite"), ["auth", "lite", "mail"]);
    assert_eq!(choose(&["cluster"], &[]).expect("big"), ["auth", "big", "cluster", "mail"]);
    let both = choose(&["cluster"], &[("db", "lite")]).expect_err("cluster requires big");
    assert_eq!(
        both.to_string(),
        "`big` and `lite` are both a db, of which a project has exactly one; leave one of them out"
    );
}

#[test]
fn a_required_member_is_not_asked_for() {
    let given = Given { name: Some("my-shop".into()), with: vec!["cluster".into()], ..Given::default() };
    let mut script = Script::new(&[]);
    let gathered = gather(&shop(), &given, &mut script).expect("complete answers");
    assert!(!script.asked.contains(&"db".to_owned()), "{:?}", script.asked);
    assert_eq!(names(&gathered), ["big", "cluster"]);
}

#[test]
fn without_a_default_somebody_must_answer() {
    assert_eq!(gather(&shop(), &Given::default(), &mut Defaults).map(drop), Err(GatherError::NoName));
    let mut script = Script::new(&[("name", "Shop")]);
    let error = gather(&shop(), &Given::default(), &mut script).expect_err("a bad name");
    assert!(error.to_string().contains("\"Shop\" holds 'S'"), "{error}");
}

#[test]
fn answers_of_a_file_are_checked_and_those_of_absent_features_passed_over() {
    let given = |values: &[(&str, Value)]| Given {
        name: Some("my-shop".into()),
        features: Some(BTreeSet::new()),
        answers: values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
        ..Given::default()
    };
    let gathered =
        gather(&shop(), &given(&[("sender", Value::Text("x".into())), ("loud", Value::Bool(true))]), &mut Defaults);
    let values = gathered.expect("complete answers").answers.values;
    assert_eq!(values.get("loud"), Some(&Value::Bool(true)));
    assert_eq!(values.get("sender"), None);
    let error = gather(&shop(), &given(&[("loud", Value::Integer(3))]), &mut Defaults).expect_err("a wrong kind");
    assert_eq!(error.to_string(), "`3` does not answer `loud`: this takes true or false");
}
