//! The suites, one file each, named after what people would look for.

mod bad_input;
mod builds;
mod change;
mod change_moved;
mod change_nodes;
mod change_tools;
mod conversation;
mod coverage;
mod docker_tools;
mod equivalence;
mod faces;
mod health;
mod helm_tools;
mod interrupted;
mod look_tools;
mod manifests;
mod metrics;
mod model_faults;
mod own_tools;
mod plan;
mod pod_tools;
mod repl;
mod requests;
mod seven;
mod undo;
mod write_manifest;

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
