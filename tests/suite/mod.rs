//! The suites, one file each, named after what people would look for.

mod bad_input;
mod change;
mod faces;
mod helm_tools;
mod interrupted;
mod manifests;
mod model_faults;
mod repl;
mod requests;
mod seven;

use std::path::Path;

/// A file that nobody lists here is never compiled, and its tests would pass by not being there.
#[test]
fn every_suite_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/suite");
    let listed = include_str!("mod.rs");
    let forgotten: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
        .filter(|name| name != "mod" && !listed.lines().any(|line| line == format!("mod {name};")))
        .collect();
    assert!(forgotten.is_empty(), "add `mod {};` to tests/suite/mod.rs", forgotten.join(";`, `mod "));
}
