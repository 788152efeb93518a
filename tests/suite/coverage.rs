//! No tool without a test on the real thing: every file of the catalog is spoken of in a suite, by its name or, for
//! those that are asked for in plain words there, in the table below.

use crate::support::world::repository;
use std::fs;

/// Tools whose tests ask for them in words only: the tool, the suite, and a test of it.
const IN_WORDS: &[(&str, &str, &str)] = &[
    ("analyze_dockerfile", "seven", ""),
    ("analyze_health", "seven", ""),
    ("apply_chart", "change", "a_chart_is_installed_and_an_upgrade_shows_only_what_changes"),
    ("build_image", "seven", ""),
    ("delete_resource", "undo", "what_was_deleted_is_made_again_from_what_was_kept_and_a_secret_is_not_kept"),
    ("scale", "change", "scaling_is_shown_refused_approved_verified_and_recorded"),
];

#[test]
fn every_tool_has_an_integration_test() {
    let suites: Vec<(String, String)> = fs::read_dir(repository().join("tests/suite"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .filter(|(name, _)| name != "coverage" && name != "mod")
        .collect();
    for (tool, suite, test) in IN_WORDS {
        let text = suites.iter().find(|(name, _)| name == suite).map(|(_, text)| text.as_str());
        assert!(
            text.is_some_and(|text| test.is_empty() || text.contains(&format!("fn {test}("))),
            "{tool} is said to be tested by {suite}::{test}, which is not there"
        );
    }
    let named = |tool: &str| {
        suites.iter().any(|(_, text)| {
            text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|word| word == tool)
        })
    };
    let untested: Vec<&str> = shipmate_tools::catalog::all()
        .iter()
        .map(|entry| entry.tool.name())
        .filter(|tool| !named(tool) && !IN_WORDS.iter().any(|(known, ..)| known == tool))
        .collect();
    assert!(untested.is_empty(), "no suite tests {}: add a test that calls it", untested.join(", "));
}
