//! No tool without a test on the real thing: every file of the catalog is spoken of in a suite, by its name or, for
//! those that are asked for in plain words there, in the table below.

use crate::support::world::repository;
use std::fs;

/// Tools whose tests ask for them in words only: the tool, the suite, and a test of it.
const IN_WORDS: &[(&str, &str, &str)] = &[
    ("analyze_dockerfile", "seven", "as_one_shots_offline"),
    ("analyze_health", "seven", "as_one_shots_offline"),
    ("annotate_resource", "change_tools", "fields_labels_and_annotations_change_and_come_back"),
    ("apply_chart", "change", "a_chart_is_installed_and_an_upgrade_shows_only_what_changes"),
    ("build_image", "seven", "as_one_shots_offline"),
    ("cluster_status", "docker_tools", "a_local_cluster_starts_stops_and_takes_addons_and_images"),
    ("compose_down", "docker_tools", "a_compose_project_goes_up_and_down"),
    ("compose_logs", "docker_tools", "a_compose_project_goes_up_and_down"),
    ("compose_status", "docker_tools", "a_compose_project_goes_up_and_down"),
    ("compose_up", "docker_tools", "a_compose_project_goes_up_and_down"),
    ("container_logs", "docker_tools", "a_container_runs_is_looked_at_stops_and_goes"),
    ("container_stats", "docker_tools", "a_container_runs_is_looked_at_stops_and_goes"),
    ("cordon_node", "change_nodes", "a_node_is_closed_and_opened"),
    ("delete_resource", "undo", "what_was_deleted_is_made_again_from_what_was_kept_and_a_secret_is_not_kept"),
    ("docker_disk_usage", "docker_tools", "a_prune_takes_what_it_listed_and_no_volume"),
    ("drain_node", "change_nodes", "a_drain_shows_who_goes_and_respects_budgets"),
    ("enable_addon", "docker_tools", "a_local_cluster_starts_stops_and_takes_addons_and_images"),
    ("inspect_container", "docker_tools", "a_container_runs_is_looked_at_stops_and_goes"),
    ("list_containers", "docker_tools", "a_container_runs_is_looked_at_stops_and_goes"),
    ("list_images", "docker_tools", "images_are_listed_inspected_tagged_and_removed"),
    ("push_image", "docker_tools", "a_push_that_no_registry_answers_says_so_and_shows_no_login"),
    ("remove_container", "docker_tools", "a_container_runs_is_looked_at_stops_and_goes"),
    ("remove_image", "docker_tools", "images_are_listed_inspected_tagged_and_removed"),
    ("rollout_pause", "change_tools", "fields_labels_and_annotations_change_and_come_back"),
    ("rollout_resume", "change_tools", "fields_labels_and_annotations_change_and_come_back"),
    ("scale", "change", "scaling_is_shown_refused_approved_verified_and_recorded"),
    ("scan_image", "docker_tools", "an_image_is_scanned_by_what_is_there"),
    ("stop_cluster", "docker_tools", "a_local_cluster_starts_stops_and_takes_addons_and_images"),
    ("tag_image", "docker_tools", "images_are_listed_inspected_tagged_and_removed"),
    ("uncordon_node", "change_nodes", "a_node_is_closed_and_opened"),
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
    let catalog: Vec<&str> = shipmate_tools::catalog::all().iter().map(|entry| entry.tool.name()).collect();
    // A row may come before its tool.
    for (tool, suite, test) in IN_WORDS.iter().filter(|(tool, ..)| catalog.contains(tool)) {
        let text = suites.iter().find(|(name, _)| name == suite).map(|(_, text)| text.as_str());
        assert!(
            text.is_some_and(|text| text.contains(&format!("fn {test}("))),
            "{tool} is said to be tested by {suite}::{test}, which is not there"
        );
    }
    let named = |tool: &str| {
        suites.iter().any(|(_, text)| {
            text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|word| word == tool)
        })
    };
    let untested: Vec<&str> = catalog
        .iter()
        .copied()
        .filter(|tool| !named(tool) && !IN_WORDS.iter().any(|(known, ..)| known == tool))
        .collect();
    assert!(untested.is_empty(), "no suite tests {}: add a test that calls it", untested.join(", "));
}
