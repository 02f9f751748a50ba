//! The template as a later version of it could be: what half a year of care does to one, in all of its parts.
//!
//! It is made from the built-in template. A text that is not there any more fails the test: write the change anew for what
//! stands there now.

use std::collections::BTreeMap;

use neoforge::tree::{File, FileTree, TreePath};

/// The later version of a template.
pub(crate) fn version(template: &FileTree) -> FileTree {
    let mut later = Later(template.iter().map(|(path, file)| (path.to_string(), file.clone())).collect());
    let version = later.text("template.toml").lines().find(|line| line.starts_with("version = ")).map(str::to_owned);
    later.replace("template.toml", &version.expect("the template has a version"), "version = \"9.0.0\"");
    dependencies(&mut later);
    kernel(&mut later);
    signals(&mut later);
    pages(&mut later);
    example(&mut later);
    delivery(&mut later);
    prose(&mut later);
    later.0.into_iter().map(|(path, file)| (TreePath::parse(path).expect("a path"), file)).collect()
}

/// Dependencies ask for newer versions and more features; the workspace is stricter.
fn dependencies(later: &mut Later) {
    later.replace("template.toml", "\nanyhow = \"1.0\"", "\nanyhow = \"1.0.90\"");
    later.replace("template.toml", "clap = { version = \"4.5\", features = [\"derive\"] }", CLAP);
    later.replace("lock/features.txt", "  clap: default derive\n", "  clap: default derive env\n");
    later.replace("template.toml", "\nserde_json = \"1.0\"", "\nserde_json = \"1.0.120\"");
    let manifest = "base/files/Cargo.toml.liquid";
    later.replace(manifest, "todo = \"warn\"", "large_futures = \"warn\"\ntodo = \"warn\"");
    later.replace(manifest, "codegen-units = 1", "codegen-units = 2");
}

const CLAP: &str = "clap = { version = \"4.5\", features = [\"derive\", \"env\"] }";

/// Functions change, one has another name, a variable is new, a file has another name.
fn kernel(later: &mut Later) {
    let http = "base/files/platform/kernel/src/http.rs";
    later.replace("base/files/platform/kernel/src/access.rs", "body: 1024 * 1024,", "body: 2 * 1024 * 1024,");
    later.replace(
        http,
        "        (\"x-frame-options\", ",
        "        (\"origin-agent-cluster\", \"?1\"),\n        (\"x-frame-options\", ",
    );
    later.replace(http, "let response = write_problem(", "let response = with_problem(");
    later.replace(http, "async fn write_problem(", "async fn with_problem(");

    let config = "base/files/platform/kernel/src/config.rs";
    later.replace(
        config,
        "    pub shutdown_timeout: Duration,\n",
        "    pub shutdown_timeout: Duration,\n    /// How long a connection without a request stays open.\n    pub keep_alive: Duration,\n",
    );
    later.replace(
        config,
        "        let concurrency = reader",
        "        let keep_alive_seconds = reader.positive(\"KEEP_ALIVE_SECONDS\", 60);\n        let concurrency = reader",
    );
    later.replace(
        config,
        "                worker_concurrency: concurrency.into(),\n",
        "                keep_alive: Duration::from_secs(keep_alive_seconds.into()),\n                worker_concurrency: \
         concurrency.into(),\n",
    );
    later.replace(config, "positive(\"SLOW_QUERY_MILLISECONDS\", 250)", "positive(\"SLOW_QUERY_MILLISECONDS\", 200)");
    let manifest = "base/feature.toml";
    later.replace(
        manifest,
        "key = \"SLOW_QUERY_MILLISECONDS\"\ndefault = \"250\"",
        "key = \"SLOW_QUERY_MILLISECONDS\"\ndefault = \"200\"",
    );
    later.replace(
        manifest,
        "[[env]]\nkey = \"WORKER_CONCURRENCY\"",
        "[[env]]\nkey = \"KEEP_ALIVE_SECONDS\"\ndefault = \"60\"\nabout = \"how long a connection without a request stays open\"\n\
         commented = true\n\n[[env]]\nkey = \"WORKER_CONCURRENCY\"",
    );

    later.rename("base/files/platform/kernel/src/clock.rs", "base/files/platform/kernel/src/now.rs");
    let lib = "base/files/platform/kernel/src/lib.rs";
    later.replace(lib, "mod clock;\n", "");
    later.replace(lib, "mod module;\n", "mod module;\nmod now;\n");
    later.replace(lib, "pub use clock::Clock;\n", "");
    later.replace(lib, "pub use module::", "pub use now::Clock;\npub use module::");
    later.replace(
        "base/files/platform/kernel/src/error.rs",
        "        StatusCode::UNPROCESSABLE_ENTITY => \"Correct",
        "        StatusCode::CONFLICT => \"Load it again, and make the change anew.\",\n        StatusCode::UNPROCESSABLE_ENTITY \
         => \"Correct",
    );
    later.replace(
        "base/files/platform/testkit/src/client.rs",
        "    /// Submits a form,",
        "    /// # Panics\n    ///\n    /// When the body cannot be written as JSON.\n    pub async fn put_json<T: Serialize + Sync>(&self, \
         path: &str, body: &T) -> Response {\n        let body = serde_json::to_string(body).expect(\"the body can be \
         serialised\");\n        let request = Request::put(path).header(CONTENT_TYPE, \"application/json\");\n        \
         self.send(request, body).await\n    }\n\n    /// Submits a form,",
    );
}

/// A file is split.
fn signals(later: &mut Later) {
    let service = "base/files/platform/kernel/src/service.rs";
    let text = later.text(service).to_owned();
    let start = text.find("/// A token that is cancelled").expect("the function that waits for signals");
    let head = "use std::io;\n\nuse tokio::signal;\nuse tokio_util::sync::CancellationToken;\n\nuse crate::notify;\n\n";
    later.write("base/files/platform/kernel/src/signals.rs", &format!("{head}{}", &text[start..]));
    later.write(service, &format!("{}\n", text[..start].trim_end()));
    later.replace(service, "use tokio::{net::TcpListener, signal};", "use tokio::net::TcpListener;");
    later.replace(service, "use tokio_util::sync::CancellationToken;\n", "");
    let lib = "base/files/platform/kernel/src/lib.rs";
    later.replace(lib, "mod service;\n", "mod service;\nmod signals;\n");
    later.replace(
        lib,
        "pub use service::{listen, notify, stop_on_signal};",
        "pub use service::{listen, notify};\npub use signals::stop_on_signal;",
    );
}

/// The layout and the stylesheet are improved, and a slot has another name.
fn pages(later: &mut Later) {
    let layout = "base/files/platform/ui/templates/layout.html";
    later.replace(layout, "<nav aria-label=\"Main\">", "<nav class=\"main\" aria-label=\"Main\">");
    later.replace(
        layout,
        "    <a href=\"/health/ready\">Health</a>\n",
        "    <a href=\"/health/ready\" rel=\"nofollow\">Health</a>\n",
    );
    let css = "base/files/platform/ui/assets/app.css";
    later.replace(css, "--radius: 0.625rem;", "--radius: 0.75rem;");
    later.replace(css, ".eyebrow {", ".hero > :last-child { margin-block-end: 0; }\n.eyebrow {");
    later.replace(css, "h2 { font-size: 1.25rem; }", "h2 { font-size: 1.375rem; }");
    later.replace(
        "base/files/platform/ui/templates/error.html",
        "<h1>Busy right now</h1>",
        "<h1>Too busy right now</h1>",
    );
    later.replace("base/files/platform/ui/templates/home.html", "<p class=\"lead\">", "<p class=\"lead wide\">");
    later.replace("base/files/platform/ui/src/assets.rs", "// @slot stylesheets", "// @slot sheets");
    later.replace("features/components/feature.toml", "slot = \"stylesheets\"", "slot = \"sheets\"");
}

/// The example allows more, and says so.
fn example(later: &mut Later) {
    let notes = "features/example/files/modules/notes";
    later.replace(&format!("{notes}/src/note.rs"), "Text::new(\"title\", 120)", "Text::new(\"title\", 200)");
    later.replace(
        &format!("{notes}/src/api.rs"),
        "/// List notes\n",
        "/// List notes\n///\n/// The newest come first, unless `sort` says something else.\n",
    );
    later.replace(&format!("{notes}/src/pages.rs"), "\"Edit note\"", "\"Change the note\"");
}

/// Actions, images, limits and recipes move on.
fn delivery(later: &mut Later) {
    for path in
        ["features/github-actions/files/.github/workflows/ci.yml", "features/github-actions/with/docker/feature.toml"]
    {
        let text = later.text(path);
        let old = text
            .lines()
            .find_map(|line| line.split_once("uses: ").filter(|(_, it)| it.starts_with("actions/checkout@")));
        let old = old.expect("the sources are checked out").1.to_owned();
        let new = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v9.0.0";
        later.replace_all(path, &old, new);
    }
    let ci = "features/github-actions/files/.github/workflows/ci.yml";
    later.replace(ci, "  CARGO_TERM_COLOR: always\n", "  CARGO_TERM_COLOR: always\n  RUST_BACKTRACE: 1\n");
    later.replace(ci, "      - run: cargo fmt --all --check\n", "      - run: cargo fmt --all -- --check\n");
    let dockerfile = "features/docker/files/Dockerfile.liquid";
    later.replace(dockerfile, "FROM rust:1.95-slim-trixie", "FROM rust:1.96-slim-trixie");
    later.replace(dockerfile, "--start-period=10s", "--start-period=20s");
    let compose = "features/docker/files/compose.yaml.liquid";
    later.replace(compose, "stop_grace_period: 30s", "stop_grace_period: 45s");
    later.replace(compose, "mem_limit: 256m", "mem_limit: 320m");
    let justfile = "base/files/justfile";
    later.replace(
        justfile,
        "# Format the code\n",
        "# Throw away what was built\nclean:\n    cargo clean\n\n# Format the code\n",
    );
    later.replace(
        justfile,
        "# Run the application; the configuration comes from .env\n",
        "# Run the application, configured by .env\n",
    );
    later.replace("base/files/deny.toml", "    \"MIT\",\n", "    \"MIT\",\n    \"MIT-0\",\n");
    later.append("base/files/.gitignore", "*.profraw\n");
    later.replace(
        "features/vscode/files/.vscode/settings.json",
        "  \"editor.rulers\": [120],\n",
        "  \"editor.rulers\": [100, 120],\n  \"files.trimFinalNewlines\": true,\n",
    );
}

/// Pages of the docs are reworded, renamed, written and dropped.
fn prose(later: &mut Later) {
    later.replace(
        "base/files/README.md.liquid",
        "1.95 or newer and, for the short commands,",
        "1.95 or newer; for the short commands,",
    );
    later.replace(
        "base/files/README.md.liquid",
        "| `just migrate` |",
        "| `just clean` | throw away what was built |\n| `just migrate` |",
    );
    let development = "base/files/docs/development.md";
    later.append(
        development,
        "\n## Profiling\n\nBuild with `--profile profiling`, and run the binary under `perf record`.\n",
    );
    later.rename("base/files/docs/testing.md", "base/files/docs/tests.md");
    later.replace("base/files/docs/README.md", "[Testing](testing.md)", "[Tests](tests.md)");
    for (path, file) in &mut later.0 {
        let text = file
            .text()
            .filter(|_| path.ends_with("feature.toml"))
            .map(|text| text.replace("\"docs/testing.md\"", "\"docs/tests.md\""));
        if let Some(text) = text {
            file.bytes = text.into();
        }
    }
    let page = "0002-pages-without-javascript.md";
    later.0.remove(&format!("base/files/docs/decisions/{page}")).expect("the page stands in the template");
    later.replace("base/files/docs/decisions/README.md", &format!("- [2. Pages without JavaScript]({page})\n"), "");
    later.write(
        "base/files/docs/operations.md",
        "# Operations\n\nWhat to look at every morning: the log, the jobs, the backups.\n",
    );
    later.replace(
        "base/files/docs/README.md",
        "- [Decisions](",
        "- [Operations](operations.md): what to look at every morning\n- [Decisions](",
    );
}

/// The files of a template, to be changed.
struct Later(BTreeMap<String, File>);

impl Later {
    fn text(&self, path: &str) -> &str {
        let file = self.0.get(path).unwrap_or_else(|| panic!("the template has no {path} any more"));
        file.text().unwrap_or_else(|| panic!("{path} is no text"))
    }

    fn write(&mut self, path: &str, text: &str) {
        self.0.insert(path.to_owned(), File::plain(text.to_owned()));
    }

    fn append(&mut self, path: &str, text: &str) {
        let text = self.text(path).to_owned() + text;
        self.write(path, &text);
    }

    fn rename(&mut self, from: &str, to: &str) {
        let file = self.0.remove(from).unwrap_or_else(|| panic!("the template has no {from} any more"));
        self.0.insert(to.to_owned(), file);
    }

    /// Changes the one place where a text stands.
    fn replace(&mut self, path: &str, from: &str, to: &str) {
        assert_eq!(self.text(path).matches(from).count(), 1, "{path} of the template has not one {from:?}");
        self.replace_all(path, from, to);
    }

    fn replace_all(&mut self, path: &str, from: &str, to: &str) {
        let text = self.text(path).replace(from, to);
        self.write(path, &text);
    }
}
