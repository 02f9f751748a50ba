//! The migrations of the app come before those of all modules.

#[test]
fn the_app_comes_first() {
    let modules = app::modules();
    assert!(format!("{:?}", modules[0]).contains("\"app\""), "{:?}", modules[0]);
}
