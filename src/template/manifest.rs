//! The types of `template.toml` and `feature.toml`, exactly as they are written.
//!
//! They hold no behaviour: [`super::load`] reads them, [`crate::check`] says what is wrong with them. Their doc comments are
//! the descriptions in the JSON Schema.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// The version of the template format that this program reads.
pub const FORMAT: u32 = 1;

/// The manifest of a template: what it is, what it asks, the crates that it may use, how its projects are proved.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TemplateManifest {
    /// The version of the template format: 1.
    pub format: u32,
    /// The template's name.
    pub name: String,
    /// The template's semantic version.
    #[schemars(with = "String")]
    pub version: Spanned<String>,
    /// The template in one line.
    pub about: String,
    /// Project names that would clash with what the template itself contains, such as its crates.
    #[serde(default)]
    pub reserved_names: Vec<String>,
    /// What is asked, in this order.
    #[serde(default)]
    pub question: Vec<Question>,
    /// Sets of features of which exactly one is chosen.
    #[serde(default)]
    pub group: Vec<Group>,
    /// Named sets of features.
    #[serde(default)]
    pub preset: Vec<Preset>,
    /// The catalogue of dependencies that features may name.
    pub dependencies: Option<Catalogue>,
    /// Where the environment variables of the chosen features are listed.
    pub env: Option<EnvTargets>,
    /// Where the pages of the chosen features go.
    pub docs: Option<DocsTargets>,
    /// How the modules of a project change its database.
    pub migrations: Option<Migrations>,
    /// The commands that a newcomer types first, in the project's folder; liquid.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub next: Vec<Spanned<String>>,
    /// How to prove that a project works.
    #[serde(default)]
    pub smoke: TemplateSmoke,
}

/// The manifest of a feature, of the base, or of the glue between two features: its whole footprint on shared files.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FeatureManifest {
    /// The feature's name for people.
    #[serde(default)]
    pub title: String,
    /// The feature in one line.
    #[serde(default)]
    pub about: String,
    /// The heading under which lists of features show it.
    pub section: Option<String>,
    /// What a person should know who renames a project that has it, one sentence each.
    #[serde(default)]
    pub rename_notices: Vec<String>,
    /// The group that this feature is a member of.
    #[schemars(with = "Option<String>")]
    pub group: Option<Spanned<String>>,
    /// Features that are chosen along with this one.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub requires: Vec<Spanned<String>>,
    /// Features that cannot be chosen together with this one.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub conflicts: Vec<Spanned<String>>,
    /// Names from the template's catalogue of dependencies.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub dependencies: Vec<Spanned<String>>,
    /// Texts for the liquid files of the whole template.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub variables: BTreeMap<String, Spanned<String>>,
    /// Earlier names of this feature, by which records of older versions know it.
    #[serde(default)]
    pub formerly: Vec<String>,
    /// Asked only when the feature is chosen.
    #[serde(default)]
    pub question: Vec<Question>,
    /// Lines for the slots of shared files.
    #[serde(default)]
    pub insert: Vec<Insert>,
    /// Environment variables that the feature reads.
    #[serde(default)]
    pub env: Vec<EnvVar>,
    /// Requests that a smoke test sends.
    #[serde(default)]
    pub probe: Vec<Probe>,
    /// What a smoke test needs for this feature.
    #[serde(default)]
    pub smoke: FeatureSmoke,
}

/// A question whose answer becomes a variable.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Question {
    /// The name of the variable, in `snake_case`.
    #[schemars(with = "String")]
    pub key: Spanned<String>,
    /// The question itself.
    pub prompt: String,
    /// What kind of answer it takes.
    #[serde(default)]
    pub kind: Kind,
    /// The answer that `--yes` gives. A text is liquid: it may use the name, the groups and earlier answers.
    #[schemars(with = "serde_json::Value")]
    pub default: Spanned<toml::Value>,
    /// A regular expression that the whole text must match.
    #[schemars(with = "Option<String>")]
    pub pattern: Option<Spanned<String>>,
    /// What `pattern` asks for, in words.
    pub message: Option<String>,
    /// The least integer.
    pub min: Option<i64>,
    /// The greatest integer.
    pub max: Option<i64>,
    /// The options of a choice.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// Earlier keys of this question, by which records of older versions know its answer.
    #[serde(default)]
    pub formerly: Vec<String>,
    /// A condition in liquid's syntax; where it is false, the question is not asked and has its default.
    #[schemars(with = "Option<String>")]
    pub when: Option<Spanned<String>>,
}

/// What kind of answer a question takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One line of text.
    #[default]
    String,
    /// Yes or no.
    Bool,
    /// A whole number.
    Integer,
    /// One of `choices`.
    Choice,
    /// Any of `choices`.
    Choices,
}

/// An option of a choice.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Choice {
    /// The value that the variable gets.
    pub value: String,
    /// What people read; the value where it is missing.
    pub title: Option<String>,
}

/// A set of features of which exactly one is chosen.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Group {
    /// The group's name, which is a variable too: its value is the name of the chosen member.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// The question that chooses a member.
    pub prompt: String,
    /// The member that is chosen where nobody says otherwise.
    #[schemars(with = "String")]
    pub default: Spanned<String>,
    /// What a person should know who changes the choice of a project, one sentence each.
    #[serde(default)]
    pub notices: Vec<String>,
}

/// A named set of features.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Preset {
    /// The preset's name.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// The preset in one line.
    pub about: String,
    /// The features of the preset; a member of a group replaces the group's default.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub features: Vec<Spanned<String>>,
    /// Every feature that is not in a group, instead of a list.
    #[serde(default)]
    pub all: bool,
    /// What `all` leaves out.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub except: Vec<Spanned<String>>,
    /// The preset that is taken where nobody says otherwise; exactly one is.
    #[serde(default)]
    pub default: bool,
    /// How many lines its files may have in all, by the end of their names (`rs = 2500`), as `--yes` makes it with any
    /// member of a group.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, usize>")]
    pub max_lines: BTreeMap<String, Spanned<usize>>,
}

/// The dependencies that features may name: the only place where a version stands.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Catalogue {
    /// The file that lists the dependencies of the chosen features.
    #[schemars(with = "String")]
    pub into: Spanned<String>,
    /// The slot of that file.
    #[schemars(with = "String")]
    pub slot: Spanned<String>,
    /// The dependencies as the file wants them: a version, or a table with version and features.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub crates: BTreeMap<String, toml::Value>,
}

/// The files that list environment variables; each has a slot `env`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EnvTargets {
    /// The example file, usually `.env.example`.
    #[schemars(with = "String")]
    pub example: Spanned<String>,
    /// A page of the docs that gets a table of the variables.
    #[schemars(with = "Option<String>")]
    pub docs: Option<Spanned<String>>,
}

/// Where the `README.md` of each chosen feature goes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DocsTargets {
    /// The folder of the pages.
    #[schemars(with = "String")]
    pub pages: Spanned<String>,
    /// The page that lists them, in a slot `features`.
    #[schemars(with = "Option<String>")]
    pub index: Option<Spanned<String>>,
}

/// How the modules of a project change its database: by files of SQL, of which the database remembers those that have run.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Migrations {
    /// The folder with the `.sql` files of a module; one part is `*`, which stands for the module's name, and `**/` before it
    /// stands for any folders above.
    #[schemars(with = "String")]
    pub folder: Spanned<String>,
    /// The table that remembers which of them have run; `*` stands for the module's name.
    #[schemars(with = "String")]
    pub history: Spanned<String>,
    /// The group whose member says which database it is.
    #[schemars(with = "Option<String>")]
    pub group: Option<Spanned<String>>,
    /// Where `neoforge remove --drop-tables` writes migrations.
    pub drops: Option<Drops>,
}

/// Where migrations are written that run before those of all modules.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Drops {
    /// The folder for them.
    pub folder: String,
    /// The feature that runs them; chosen along with the first of them.
    #[schemars(with = "String")]
    pub feature: Spanned<String>,
}

/// Lines for a slot.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Insert {
    /// The path of the file, as written in the template without `.liquid`.
    #[schemars(with = "String")]
    pub into: Spanned<String>,
    /// The slot's name.
    #[schemars(with = "String")]
    pub slot: Spanned<String>,
    /// One or more lines; rendered where the file is.
    #[schemars(with = "String")]
    pub text: Spanned<String>,
}

/// An environment variable that the generated project reads.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EnvVar {
    /// The variable's name, in upper case.
    #[schemars(with = "String")]
    pub key: Spanned<String>,
    /// The value for development; liquid.
    #[schemars(with = "Option<String>")]
    pub default: Option<Spanned<String>>,
    /// What it is for, in one line.
    pub about: String,
    /// A secret: 32 random bytes, made anew for each project and never committed.
    #[serde(default)]
    pub secret: bool,
    /// The line is written as a comment: the program has the value as its own default.
    #[serde(default)]
    pub commented: bool,
}

/// An HTTP request of the smoke test, and what it must answer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Probe {
    /// The path of a GET request.
    #[schemars(with = "Option<String>")]
    pub get: Option<Spanned<String>>,
    /// The path of a POST request.
    #[schemars(with = "Option<String>")]
    pub post: Option<Spanned<String>>,
    /// The body of a POST request.
    pub body: Option<String>,
    /// Headers to send.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The status of the answer.
    pub status: u16,
    /// A text that the body of the answer contains.
    pub contains: Option<String>,
    /// Headers of the answer, each with the text that its value starts with.
    #[serde(default)]
    pub header: BTreeMap<String, String>,
}

/// The template's part of the smoke test.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TemplateSmoke {
    /// Commands that must succeed, in this order.
    #[serde(default)]
    pub step: Vec<SmokeStep>,
    /// The program that is started and probed after the steps.
    pub app: Option<SmokeApp>,
    /// How long it took, and on which machine, for people who are about to wait for it.
    pub took: Option<String>,
}

/// A command of the smoke test.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SmokeStep {
    /// What people read while it runs.
    pub name: String,
    /// The program and its arguments.
    pub run: Vec<String>,
    /// Environment variables for this step alone.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The level from which on it is run.
    #[serde(default)]
    pub level: SmokeLevel,
}

/// How much a smoke test proves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SmokeLevel {
    /// Builds, passes its tests, answers its probes, stops gracefully.
    #[default]
    Quick,
    /// Also formatted, free of warnings, documented.
    Full,
}

impl SmokeLevel {
    /// As it stands in a manifest.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "full",
        }
    }
}

/// The program that a smoke test starts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SmokeApp {
    /// The program and its arguments; `target/` stands for cargo's target directory.
    pub run: Vec<String>,
    /// The path that is polled until it answers 200.
    pub ready: String,
    /// Environment variables; `{port}` is a free port, `{scratch}` an empty folder.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// A feature's part of the smoke test.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FeatureSmoke {
    /// Environment variables for the steps and the app; `{scratch}` is an empty folder.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Programs that run as long as the smoke test.
    #[serde(default)]
    pub service: Vec<SmokeService>,
}

/// A program that the steps and the app need, such as a database server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SmokeService {
    /// What people read while it starts.
    pub name: String,
    /// The program and its arguments. It prints `KEY=VALUE` lines for the others, then `ready`, and stops when its standard
    /// input closes.
    pub run: Vec<String>,
    /// Where this variable is set already, the service is not started.
    pub unless: Option<String>,
}
