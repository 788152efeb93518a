//! Tools of one's own: declared in a file, asked for in words, approved and recorded like any other; a project's
//! file only once it is trusted, as it is.

use crate::support::world::World;
use std::fs;

const DECLARATION: &str = r#"
name = "announce_build"
description = "Announce a build to the team."
words = ["announce [the] build {build:word}"]
effect = "change"
argv = ["sh", "announce.sh", "{build}"]
deadline = 10

[arguments.build]
description = "Number or name of the build"
"#;

const SCRIPT: &str = "printf '%s\\n' \"$1\" >> announced; echo \"told everybody of $1\"\n";

#[test]
fn a_tool_of_the_user_is_a_tool_like_any_other() {
    let world = World::new();
    let file = world.path("home/.config/shipmate/tools.d/announce.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, DECLARATION).unwrap();
    world.write("announce.sh", SCRIPT);
    let announced = || fs::read_to_string(world.project().join("announced")).unwrap_or_default();

    world.run(["tools"]).ends_with(0).prints(&["announce_build", "Announce a build to the team."]);
    world.run(["tools", "announce_build"]).ends_with(0).prints(&["Number or name of the build"]);
    world.run(["--offline", "announce the build 1.4-rc1"]).ends_with(4).says(&[
        "sh announce.sh 1.4-rc1",
        "cannot be undone",
        "--yes",
    ]);
    assert_eq!(announced(), "", "not approved, and yet run");
    world
        .run(["--offline", "--yes", "announce the build 1.4-rc1"])
        .ends_with(0)
        .prints(&["told everybody of 1.4-rc1"]);
    assert_eq!(announced(), "1.4-rc1\n");
    let record = world.last_record();
    assert!(record.contains("announce_build") && record.contains("--yes"), "{record}");

    // No shell looks at a value, and none becomes a flag.
    world.run(["--yes", "call", "announce_build", "build=$(touch evil); x"]).ends_with(0);
    assert!(announced().ends_with("$(touch evil); x\n") && !world.project().join("evil").exists());
    world.run(["--yes", "call", "announce_build", "build=--force"]).ends_with(2).says(&["dash"]);
    let ran = world.run(["--yes", "call", "announce_build"]);
    assert!(ran.code != 0 && ran.err.contains("build is missing"), "{ran:?}");
    world.write("announce.sh", "echo 'no line to the team' >&2; exit 3\n");
    world
        .run(["--yes", "call", "announce_build", "build=2"])
        .ends_with(1)
        .says(&["announce_build failed: no line to the team"]);
}

#[test]
fn a_tool_of_the_project_is_used_only_as_it_was_trusted() {
    let world = World::new();
    let file = world.write("tools.d/announce.toml", DECLARATION);
    world.write("announce.sh", SCRIPT);
    let ask = ["--yes", "call", "announce_build", "build=7"];
    world.run(ask).ends_with(2).says(&["not trusted", "shipmate tools --trust tools.d/announce.toml"]);
    world.run(["tools", "--trust", "tools.d/announce.toml"]).ends_with(0).says(&["announce_build"]);
    world.run(ask).ends_with(0).prints(&["told everybody of 7"]);
    // Another content is another file.
    fs::write(&file, DECLARATION.replace("announce.sh", "other.sh")).unwrap();
    world.run(ask).ends_with(2).says(&["not trusted"]);
    world.write("tools.d/broken.toml", "name = 'x'");
    world.run(["tools", "--trust", "tools.d/broken.toml"]).ends_with(2).says(&["cannot be trusted"]);
}
