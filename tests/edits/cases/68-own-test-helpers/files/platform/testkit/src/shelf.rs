/// Where books of tests stand.
#[derive(Debug, Default)]
pub struct Shelf(pub Vec<String>);
