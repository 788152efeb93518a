//! What every run has in common, whatever is asked: help, exit codes, where data and talk go, the forms of
//! results, and where a configuration comes from.

use crate::support::cluster::cluster;
use crate::support::world::World;
use serde_json::Value;

/// Escape sequences, which have no place in a pipe.
const ESCAPE: char = '\u{1b}';

#[test]
fn help_says_all_there_is() {
    let ran = World::new().run(["--help"]).ends_with(0);
    assert_eq!(ran.err, "");
    insta::assert_snapshot!("help", ran.out);
}

#[test]
fn the_version_is_a_name_and_a_number() {
    let ran = World::new().run(["--version"]).ends_with(0);
    assert_eq!(
        (ran.out.as_str(), ran.err.as_str()),
        (concat!("shipmate ", env!("CARGO_PKG_VERSION"), "\n"), "")
    );
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_would_be_right() {
    let world = World::new();
    world.run(["--frobnicate"]).ends_with(2).says(&["--frobnicate", "--help"]);
    world.run(["--translator", "oracle", "show pods"]).ends_with(2).says(&["oracle", "phrasebook"]);
    world.run(["--timeout", "0", "show pods"]).ends_with(2).says(&["--timeout"]);
    world.run(["--offline", "--translator", "model", "show pods"]).ends_with(2).says(&["--offline"]);
    world.run(["call", "scael", "--name", "web"]).ends_with(2).says(&["scael", "scale"]);
    world.run(["call", "scale", "--replicas", "many"]).ends_with(2).says(&["many", "replicas"]);
    world.run(["call", "scale", "--nmae", "web"]).ends_with(2).says(&["--nmae"]);
    world.run(["tools", "scael"]).ends_with(2).says(&["scael", "scale"]);
    assert!(world.records().is_empty(), "wrong usage is no request");
}

#[test]
fn a_first_word_that_is_a_command_is_one_unless_plain_words_follow() {
    let world = World::new();
    world.run(["tools"]).ends_with(0).prints(&["scale", "rollout_status"]);
    assert!(world.records().is_empty(), "a command is no request");
    let request = world.run(["--offline", "tools", "furiously", "sleep"]).ends_with(3);
    assert_eq!(request.out, "", "a request that is not understood has no data");
    assert!(world.record().contains("tools furiously sleep"));
    world.run(["--offline", "ask", "tools"]).ends_with(3);
    assert_eq!(world.records().len(), 2);
}

#[test]
fn what_is_not_understood_ends_with_3_and_is_recorded() {
    let world = World::new();
    let ran = world.run(["--offline", "colourless green ideas sleep furiously"]).ends_with(3);
    assert_eq!(ran.out, "");
    assert!(world.record().contains("colourless green ideas sleep furiously"));
}

#[test]
fn a_hyphen_reads_the_request_from_standard_input() {
    let world = World::new();
    world.run_with_input(["--offline", "-"], "colourless green ideas\n").ends_with(3);
    let record = world.record();
    assert!(record.contains("colourless green ideas"), "{record}");
}

#[test]
fn tools_are_listed_and_described_in_every_form() {
    let world = World::new();
    let names: Vec<String> = json(&world.run(["tools", "-o", "json"]).ends_with(0).out)
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect();
    let table = world.run(["tools"]).ends_with(0).out;
    let document = world.run(["tools", "-o", "markdown"]).ends_with(0).out;
    for name in &names {
        assert!(
            table.contains(name.as_str()) && document.contains(&format!("| {name} |")),
            "{name} is missing"
        );
        let described = json(&world.run(["tools", name, "-o", "json"]).ends_with(0).out);
        assert_eq!(described["name"], name.as_str());
        assert!(
            described["arguments"]["type"] == "object" && described["summary"].is_string(),
            "{described}"
        );
    }
    insta::assert_snapshot!("tool_scale", world.run(["tools", "scale"]).ends_with(0).out);
}

#[test]
fn configuration_says_each_value_and_where_it_came_from() {
    let mut world = World::new();
    let setting = |world: &World, arguments: &[&str], name: &str| {
        let shown =
            json(&world.run([arguments, &["config", "show", "-o", "json"]].concat()).ends_with(0).out);
        let [value, from] = ["value", "from"].map(|key| shown[name][key].as_str().unwrap().to_owned());
        (value, from)
    };
    assert_eq!(setting(&world, &[], "namespace"), ("-".to_owned(), "default".to_owned()));
    let user = world.path("home/.config/shipmate/config.toml");
    std::fs::create_dir_all(user.parent().unwrap()).unwrap();
    std::fs::write(&user, "namespace = 'of-the-user'\ntimeout = 7\n").unwrap();
    assert_eq!(setting(&world, &[], "namespace"), ("of-the-user".to_owned(), user.display().to_string()));
    let project = world.write(".shipmate.toml", "namespace = 'of-the-project'\n");
    assert_eq!(
        setting(&world, &[], "namespace"),
        ("of-the-project".to_owned(), project.display().to_string())
    );
    assert_eq!(setting(&world, &[], "timeout"), ("7 s".to_owned(), user.display().to_string()));
    world.set("SHIPMATE_NAMESPACE", "of-the-environment");
    assert_eq!(
        setting(&world, &[], "namespace"),
        ("of-the-environment".to_owned(), "SHIPMATE_NAMESPACE".to_owned())
    );
    assert_eq!(
        setting(&world, &["-n", "of-the-flag"], "namespace"),
        ("of-the-flag".to_owned(), "--namespace".to_owned())
    );
}

#[test]
fn the_kubeconfig_and_a_key_are_shown_with_their_origin_and_the_key_itself_never() {
    let mut world = World::new();
    world.set("OPENAI_API_KEY", "sk-never-to-be-seen-0123456789");
    let ran = world.run(["config", "show"]).ends_with(0).prints(&["OPENAI_API_KEY", "KUBECONFIG"]);
    assert!(!ran.out.contains("never-to-be-seen") && !ran.err.contains("never-to-be-seen"), "{ran:?}");
}

#[test]
fn a_configuration_that_is_wrong_is_an_error_with_its_place() {
    let world = World::new();
    world.write(".shipmate.toml", "namespce = 'x'\n");
    world.run(["config", "show"]).ends_with(2).says(&[".shipmate.toml", "namespce"]);
    world.write(".shipmate.toml", "version = 99\n");
    world.run(["config", "show"]).ends_with(2).says(&["version 99"]);
    world.write(".shipmate.toml", "base_url = 'http://somewhere.example'\n");
    let ran = world.run(["config", "show"]).ends_with(0).says(&["base_url"]);
    assert!(!ran.out.contains("somewhere.example"), "a project may not say where requests are sent: {ran:?}");
}

#[test]
fn translate_prints_exactly_its_keys() {
    let cluster = cluster();
    let namespace = cluster.namespace("faces");
    namespace.web("web", 1);
    let world = World::on(cluster, &namespace.name);
    let ran = world.run(["translate", "--offline", "-o", "json", "scale web to 3 replicas"]).ends_with(0);
    let translation = json(&ran.out);
    let keys: Vec<&String> = translation.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["schema", "request", "translator", "kind", "calls", "message", "elapsed_ms", "usage"]);
    assert_eq!(translation["schema"], "shipmate.translation/1");
    assert_eq!(translation["request"], "scale web to 3 replicas");
    assert_eq!((&translation["translator"], &translation["kind"]), (&"phrasebook".into(), &"calls".into()));
    let call = &translation["calls"][0];
    let keys: Vec<&String> = call.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["tool", "arguments", "effect", "command"]);
    assert_eq!((&call["tool"], &call["effect"]), (&"scale".into(), &"change".into()));
    assert_eq!(call["arguments"]["name"], "web");
    assert_eq!(call["command"], format!("kubectl scale deployment/web --replicas=3 -n {}", namespace.name));
    let usage: Vec<&String> = translation["usage"].as_object().unwrap().keys().collect();
    assert_eq!(usage, ["prompt_tokens", "completion_tokens"]);
    assert!(translation["elapsed_ms"].is_number());
    assert!(world.records().is_empty(), "nothing ran, so there is nothing to record");
    assert_eq!(namespace.field("deployment/web", ".spec.replicas"), "1");
}

#[test]
fn data_goes_to_stdout_and_talk_to_stderr_in_every_form() {
    let cluster = cluster();
    let namespace = cluster.namespace("faces");
    namespace.web("web", 1);
    namespace.rolled_out("deployment/web");
    let world = World::on(cluster, &namespace.name);
    let status = ["call", "rollout_status", "--name", "web", "--kind", "deployment"];
    let in_form = |form: &str| {
        let ran =
            world.run([&status[..], &["-o", form]].concat()).ends_with(0).says(&["kubectl rollout status"]);
        assert!(!ran.out.contains("kubectl rollout status"), "talk in the data: {ran:?}");
        assert!(!ran.out.contains(ESCAPE) && !ran.err.contains(ESCAPE), "escapes in a pipe: {ran:?}");
        ran.out
    };
    assert!(in_form("text").contains("1 of 1 replicas"));
    assert_eq!(json(&in_form("json"))["status"]["availableReplicas"], 1);
    assert!(in_form("yaml").contains("availableReplicas: 1"));
    assert!(in_form("markdown").contains("1 of 1 replicas"));
    assert_eq!(world.records().len(), 4);
}

#[test]
fn doctor_says_what_works_and_what_to_do_about_the_rest() {
    let world = World::new();
    let ran = world.run(["doctor"]).ends_with(5);
    for part in ["cluster", "docker", "records", "model"] {
        assert!(ran.out.contains(part), "{part} is missing: {}", ran.out);
    }
    assert!(ran.out.contains("KUBECONFIG") && ran.out.contains("DOCKER_HOST"), "no next step: {}", ran.out);

    let world = World::on(cluster(), "default");
    let findings = json(&world.run(["doctor", "-o", "json"]).out);
    let state = |part: &str| {
        let found = findings.as_array().unwrap().iter().find(|finding| finding["part"] == part);
        found.unwrap_or_else(|| panic!("{part} is missing: {findings}"))["state"].clone()
    };
    for part in ["cluster", "docker", "helm", "records"] {
        assert_eq!(state(part), "ok", "{findings}");
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
