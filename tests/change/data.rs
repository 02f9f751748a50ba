//! What a change means for a database that has seen the project's migrations.

use serde_json::json;

use super::Project;

const MIGRATIONS: &str = r#"
[migrations]
folder = "modules/*/sql"
history = "_ran_*"
group = "database"
drops = { folder = "modules/first/sql", feature = "first" }
"#;

/// A project with the feature `shop`, which has two tables, a view and an index.
fn project() -> Project {
    let project = Project::new();
    let feature = |about: &str| format!("title = \"T\"\nabout = \"{about}\"\n");
    let manifest = project.sandbox.read("template/template.toml");
    let manifest = manifest.replace(
        "prompt = \"Database?\"\n",
        "prompt = \"Database?\"\nnotices = [\"backups of the old database stay\"]\n",
    );
    for (path, text) in [
        ("template.toml", format!("{manifest}{MIGRATIONS}")),
        ("features/first/feature.toml", feature("runs what drops tables")),
        ("features/first/files/modules/first/sql/README.md", "come first\n".to_owned()),
        ("features/shop/feature.toml", feature("sells things")),
        (
            "features/shop/files/modules/shop/sql/1_orders.sql",
            "CREATE TABLE buyers (id INT);\nCREATE TABLE orders (buyer INT REFERENCES buyers (id));\n\
             CREATE INDEX orders_by_buyer ON orders (buyer);\n"
                .to_owned(),
        ),
        (
            "features/shop/files/modules/shop/sql/2_view.sql",
            "CREATE VIEW sold AS SELECT * FROM orders;\nALTER TABLE people ADD age INT;\n".to_owned(),
        ),
    ] {
        project.sandbox.write(&format!("template/{path}"), text);
    }
    project.run("update --yes --commit").expect(0);
    project.run("add feature shop --yes --commit").expect(0);
    project
}

#[test]
fn removing_names_the_tables_that_stay() {
    let project = project();
    let said = project.run("remove feature shop --json --dry-run").expect(0).json();
    assert_eq!(
        said["database"],
        json!({ "stays": ["buyers", "orders"], "drops": [], "left_behind": [], "to_check": [] })
    );
    let said = project.run("remove feature shop --yes --commit").expect(0);
    let note = "the database keeps the tables buyers and orders, with all rows; `--drop-tables` writes a migration that drops them";
    assert!(said.err.contains(note), "{}", said.err);
    assert!(!project.exists("modules"));
}

#[test]
fn dropping_writes_one_migration_that_names_everything_in_order() {
    let project = project();
    let said = project.run("remove feature shop --drop-tables --yes --dry-run").expect(0);
    assert!(said.out.contains("  + modules/first/sql/0001_drop_shop.sql"), "{}", said.out);
    assert_eq!(project.status(), "");

    let said = project.run("remove feature shop --drop-tables --json --commit").expect(0).json();
    assert_eq!(said["database"]["drops"], json!(["sold", "orders", "buyers", "_ran_shop"]));
    assert_eq!(
        said["notes"],
        json!([
            "modules/first/sql/0001_drop_shop.sql drops buyers and orders for good, with all rows, as soon as the migrations run; \
             make a backup of the database first",
            "what the migrations have changed in people stays",
            "`first` comes along: it runs the migration that drops tables",
        ])
    );
    let migration = "-- Drops for good what `shop` has made. Where that is not there, this does nothing.\n\
                     DROP VIEW IF EXISTS sold;\nDROP TABLE IF EXISTS orders;\nDROP TABLE IF EXISTS buyers;\n\
                     DROP TABLE IF EXISTS _ran_shop;\n";
    assert_eq!(project.read("modules/first/sql/0001_drop_shop.sql"), migration);
    assert!(project.read("neoforge.toml").contains("\"first\""), "it is what runs the migration");

    // Once more: the migration stays as it is, and the next one has the next number.
    project.run("add feature shop --yes --commit").expect(0);
    assert_eq!(project.read("modules/first/sql/0001_drop_shop.sql"), migration);
    project.run("remove feature shop --drop-tables --yes --commit").expect(0);
    assert_eq!(project.read("modules/first/sql/0002_drop_shop.sql"), migration);
}

#[test]
fn what_people_have_edited_added_and_moved_is_dropped_too() {
    let project = project();
    project.git(&["mv", "modules/shop", "modules/store"]);
    project.edit("modules/store/sql/3_own.sql", "CREATE TABLE \"Own Things\" (id INT);\nDROP VIEW sold;\n");
    let said = project.run("remove feature shop --drop-tables --json --dry-run").expect(0).json();
    assert_eq!(said["database"]["drops"], json!(["\"Own Things\"", "orders", "buyers", "_ran_shop"]));

    project.git(&["rm", "--quiet", "modules/store/sql/1_orders.sql"]);
    project.git(&["commit", "--quiet", "--message", "a deleted migration"]);
    let said = project.run("remove feature shop --drop-tables --json --dry-run").expect(0).json();
    assert_eq!(said["database"]["drops"], json!(["\"Own Things\"", "orders", "buyers", "_ran_shop"]));
}

#[test]
fn what_others_use_is_not_dropped() {
    let project = project();
    project.edit("modules/mine/sql/1.sql", "CREATE TABLE bills (buyers TEXT, payer INT REFERENCES Buyers);\n");
    let said = project.run("remove feature shop --drop-tables --yes").expect(1);
    let reason = "`buyers` cannot be dropped: modules/mine/sql/1.sql uses it\nhint: end that first, or leave out `--drop-tables`";
    assert!(said.err.contains(reason), "{}", said.err);
    assert_eq!(project.status(), "");
    // A column of the same name is no use.
    project.edit("modules/mine/sql/1.sql", "CREATE TABLE bills (buyers TEXT, orders INT);\n");
    project.run("remove feature shop --drop-tables --yes").expect(0);
}

#[test]
fn tables_that_refer_to_each_other_are_left_to_a_person() {
    let project = project();
    project.edit("modules/shop/sql/3_circle.sql", "ALTER TABLE buyers ADD last INT REFERENCES orders;\n");
    let said = project.run("remove feature shop --drop-tables --yes").expect(1);
    assert!(said.err.contains("orders and buyers refer to each other in a circle"), "{}", said.err);
    assert_eq!(project.status(), "");
}

#[test]
fn a_feature_without_migrations_has_nothing_to_drop() {
    let project = project();
    project.run("add feature mail --yes --commit").expect(0);
    let said = project.run("remove feature mail --drop-tables --yes").expect(0);
    assert!(said.err.contains("what goes has no migrations: there is nothing to drop"), "{}", said.err);
    assert!(!project.exists("modules/first"));
}

#[test]
fn another_database_begins_empty() {
    let project = project();
    project.edit("modules/mine/sql/1.sql", "CREATE TABLE bills (id SERIAL);\n");
    let said = project.run("set database=big --json --dry-run").expect(0).json();
    assert_eq!(said["database"]["left_behind"], json!(["bills", "buyers", "orders"]));
    assert_eq!(said["database"]["to_check"], json!(["modules/mine/sql/1.sql"]));
    assert_eq!(
        said["notes"],
        json!([
            "no rows are carried over from lite to big: bills, buyers and orders will be empty there",
            "migrations of your own, written for lite: see that big understands modules/mine/sql/1.sql",
            "backups of the old database stay",
        ])
    );
    let said = project.run("set port=81 --json --dry-run").expect(0).json();
    assert_eq!(said["database"]["left_behind"], json!([]));
}
