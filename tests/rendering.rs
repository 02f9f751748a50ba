//! What a render promises, on templates made here and on the built-in one.

use std::collections::BTreeMap;

use neoforge::answers::record::{BUILT_IN, Record, TemplateId};
use neoforge::embedded;
use neoforge::gather::{Defaults, Given, gather};
use neoforge::render::render;
use neoforge::template::{Template, load};
use neoforge::tree::{File, FileTree, TreePath};
use proptest::prelude::*;

fn template(files: &[(&str, &[u8])]) -> Template {
    let manifest: &[u8] = b"format = 1\nname = \"t\"\nversion = \"0.1.0\"\nabout = \"a test\"\n\
        [[question]]\nkey = \"word\"\nprompt = \"?\"\ndefault = \"w\"\n\
        [[preset]]\nname = \"minimal\"\nabout = \"the base\"\ndefault = true\n";
    let head: [(&str, &[u8]); 2] = [("template.toml", manifest), ("base/feature.toml", b"")];
    let files = head.iter().chain(files);
    let tree: FileTree =
        files.map(|(path, bytes)| (TreePath::parse(*path).expect(path), File::plain(bytes.to_vec()))).collect();
    load(&tree).expect("a template that loads")
}

fn made(template: &Template, given: Given) -> FileTree {
    let given = Given { name: Some("my-app".into()), ..given };
    let answers = gather(template, &given, &mut Defaults).expect("complete answers").answers;
    let version = template.manifest.version.get_ref().clone();
    let id = TemplateId { source: BUILT_IN.into(), version, commit: None, content: None };
    render(template, &Record { template: id, answers }).expect("a render")
}

fn text<'a>(tree: &'a FileTree, path: &str) -> &'a str {
    tree.get(path).and_then(File::text).unwrap_or_else(|| panic!("no text at {path}"))
}

#[test]
fn bytes_pass_through_and_rendered_files_have_lf() {
    let binary: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let template = template(&[
        ("base/files/logo.png", &binary),
        ("base/files/latin1.txt", b"\xe9t\xe9 {{ word }}"),
        ("base/files/crlf.txt", b"a\r\n{{ word }}\r\n"),
        ("base/files/rendered.txt.liquid", b"a\r\n{{ word }}\r\n"),
        ("base/files/.liquid", b"{{ word }}"),
    ]);
    let tree = made(&template, Given::default());
    assert_eq!(tree.get("logo.png").map(|file| file.bytes.to_vec()), Some(binary));
    assert_eq!(tree.get("latin1.txt").map(|file| &file.bytes[..]), Some(&b"\xe9t\xe9 {{ word }}"[..]));
    assert_eq!(text(&tree, "crlf.txt"), "a\r\n{{ word }}\r\n");
    assert_eq!(text(&tree, "rendered.txt"), "a\nw\n");
    assert_eq!(text(&tree, ".liquid"), "{{ word }}", "a name that is only the suffix is a name");
}

#[test]
fn slots_keep_the_indentation_and_leave_no_marker() {
    let feature = |slot: &str, text: &str| {
        format!("title = \"T\"\nabout = \"a\"\n[[insert]]\ninto = \"x\"\nslot = \"{slot}\"\ntext = '''{text}'''\n")
    };
    let (one, two) = (feature("list", "b = 1\n\nc = 2\n"), feature("list", "a = 1\nb = 1"));
    let sorted = feature("sorted", "z\na\nz");
    let template = template(&[
        ("base/files/x", b"top\n  # @slot list\nmid\n\t# @slot sorted sort\n# @slot nothing\nend\n"),
        ("features/one/feature.toml", one.as_bytes()),
        ("features/two/feature.toml", two.as_bytes()),
        ("features/three/feature.toml", sorted.as_bytes()),
    ]);
    let with =
        |names: &[&str]| Given { with: names.iter().map(|name| (*name).to_owned()).collect(), ..Given::default() };
    let tree = made(&template, with(&["two", "one", "three"]));
    assert_eq!(text(&tree, "x"), "top\n  b = 1\n\n  c = 2\n  a = 1\n  b = 1\nmid\n\ta\n\tz\nend\n");
    assert_eq!(text(&made(&template, with(&[])), "x"), "top\nmid\nend\n");
}

#[test]
fn an_answer_that_looks_like_liquid_or_a_marker_stays_text() {
    let template = template(&[("base/files/x.liquid", b"{{ word }}\n# @slot a\n")]);
    let set = BTreeMap::from([("word".to_owned(), "{{ name }} {% if %} # @slot b".to_owned())]);
    let tree = made(&template, Given { set, ..Given::default() });
    assert_eq!(text(&tree, "x"), "{{ name }} {% if %} # @slot b\n");
}

#[test]
fn an_answer_that_is_a_marker_is_refused_where_it_would_become_one() {
    let template = template(&[("base/files/x.liquid", b"{{ word }}\n# @slot a\n")]);
    let given = Given {
        name: Some("my-app".into()),
        set: [("word".to_owned(), "# @slot b".to_owned())].into(),
        ..Given::default()
    };
    let answers = gather(&template, &given, &mut Defaults).expect("complete answers").answers;
    let id = TemplateId { source: BUILT_IN.into(), version: "0.1.0".into(), commit: None, content: None };
    let error = render(&template, &Record { template: id, answers }).expect_err("a second marker");
    assert!(error.to_string().contains("inside a liquid block that was left out or repeated"), "{error}");
}

#[test]
fn a_large_template_renders_as_a_small_one() {
    let files: Vec<(String, String)> = (0..1_000)
        .map(|index| (format!("base/files/{}/{index}.txt.liquid", index % 7), format!("{index} {{{{ word }}}}\n")))
        .collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect();
    let tree = made(&template(&files), Given::default());
    assert_eq!(tree.len(), 1_001);
    for index in 0..1_000 {
        assert_eq!(text(&tree, &format!("{}/{index}.txt", index % 7)), format!("{index} w\n"));
    }
}

fn built_in() -> Template {
    load(&embedded::template()).expect("the built-in template loads")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The order in which features are named, and how often something is rendered, make no difference.
    #[test]
    fn a_render_is_a_function_of_its_answers(order in Just(vec!["example", "docker", "github-actions", "vscode"]).prop_shuffle(), count in 0usize..5) {
        let template = built_in();
        let with: Vec<String> = order.iter().take(count).map(|name| (*name).to_owned()).collect();
        let mut sorted = with.clone();
        sorted.sort();
        let one = made(&template, Given { with, ..Given::default() });
        let other = made(&built_in(), Given { with: sorted, ..Given::default() });
        prop_assert_eq!(one, other);
    }

    /// Any line of text is an answer that survives the record.
    #[test]
    fn records_keep_any_text(word in "[^\\p{C}]{0,60}") {
        let template = template(&[("base/files/x.liquid", b"<{{ word }}>")]);
        let set = BTreeMap::from([("word".to_owned(), word.clone())]);
        let tree = made(&template, Given { set, ..Given::default() });
        let expected = format!("<{word}>");
        prop_assert_eq!(text(&tree, "x"), expected.as_str());
        let record = Record::parse(text(&tree, "neoforge.toml")).expect("a record");
        prop_assert_eq!(record.answers.values["word"].to_string(), word);
    }
}
