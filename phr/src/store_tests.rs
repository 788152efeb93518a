//! The store's promises, held against threads, processes that are killed, and odd folders.

use std::collections::HashSet;
use std::process::{Child, Command, Stdio};

use super::*;
use crate::{Document, FeatureName, lint_dir, parse};

/// Names the folder the child process of the tests below writes to.
const CHILD_FOLDER: &str = "SHIPMATE_PHR_TEST_FOLDER";

fn record(request: &str) -> Record {
    Record::for_request(request, jiff::civil::date(2026, 11, 24))
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn ids_count_up_in_each_folder_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().join("history/prompts"));
    let mut featured = record("add a health check");
    featured.stage = Stage::Green;
    featured.feature = Some(FeatureName::parse("004-phase4-kubernetes").unwrap());
    let ids = [&record("show me pods"), &record("show me nodes"), &featured]
        .map(|record| store.write(record).unwrap());
    assert_eq!(ids.each_ref().map(|written| written.id.to_string()), ["0001", "0002", "0001"]);
    assert_eq!(
        names(&store.root().join("general")),
        ["0001-show-me-pods.general.prompt.md", "0002-show-me-nodes.general.prompt.md"]
    );
    assert_eq!(
        names(&store.root().join("004-phase4-kubernetes")),
        ["0001-add-a-health-check.green.prompt.md"]
    );
    assert_eq!(lint_dir(store.root()).unwrap().files, []);
}

#[test]
fn only_four_digits_and_a_dash_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let general = folder.path().join("general");
    fs::create_dir_all(&general).unwrap();
    for name in [
        "0041-old.general.prompt.md",
        "PHR-0099-x.md",
        "NNN-x.md",
        "00500-x.md",
        "700-x.md",
        ".phr-0900-x.tmp",
    ] {
        fs::write(general.join(name), "").unwrap();
    }
    assert_eq!(Store::new(folder.path()).write(&record("show me pods")).unwrap().id.number(), 42);
}

#[test]
fn after_9999_there_is_a_clear_error_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let general = folder.path().join("general");
    fs::create_dir_all(&general).unwrap();
    fs::write(general.join("9998-x.general.prompt.md"), "").unwrap();
    let store = Store::new(folder.path());
    assert_eq!(store.write(&record("show me pods")).unwrap().id, RecordId::MAX);
    let error = store.write(&record("show me pods")).unwrap_err();
    assert!(matches!(error, Error::IdsExhausted { .. }), "{error}");
    assert!(error.to_string().contains("9999"), "{error}");
    assert_eq!(names(&general).len(), 2);
}

#[test]
fn threads_never_share_an_id() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let store = Store::new(folder.path());
            scope.spawn(move || {
                for turn in 0..25 {
                    store.write(&record(&format!("request {turn} of writer {writer}"))).unwrap();
                }
            });
        }
    });
    assert_whole_and_unique(&folder.path().join("general"), 200);
}

/// Every file is a complete record, and no number stands twice. Returns how many records there are.
fn assert_whole_and_unique(directory: &Path, at_least: usize) {
    let names: Vec<_> = names(directory).into_iter().filter(|name| !name.starts_with('.')).collect();
    assert!(names.len() >= at_least, "{} records", names.len());
    let numbers: HashSet<_> = names.iter().map(|name| number_prefix(name).unwrap()).collect();
    assert_eq!(numbers.len(), names.len(), "{names:?}");
    assert_eq!(usize::from(*numbers.iter().max().unwrap()), names.len(), "a number was skipped");
    for name in names {
        let path = directory.join(name);
        assert_eq!(crate::lint_text(&path, &fs::read_to_string(&path).unwrap()), [], "{}", path.display());
    }
}

#[test]
fn the_lock_is_not_what_keeps_ids_apart() {
    // The test holds the lock, so every writer goes on without it after its patience.
    let folder = tempfile::tempdir().unwrap();
    let general = folder.path().join("general");
    fs::create_dir_all(&general).unwrap();
    let _held = lock(&general).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..6 {
            let store = Store::new(folder.path());
            scope.spawn(move || store.write(&record(&format!("request of writer {writer}"))).unwrap());
        }
    });
    let names = names(&general);
    let numbers: HashSet<_> = names.iter().map(|name| number_prefix(name).unwrap()).collect();
    assert_eq!((names.len(), numbers.len()), (6, 6), "{names:?}");
}

#[test]
#[ignore = "the child process of the test below; it writes until it is killed"]
fn child_that_writes() {
    let folder =
        std::env::var_os(CHILD_FOLDER).expect("run by processes_that_are_killed, which sets the folder");
    let store = Store::new(folder);
    let writer = std::process::id();
    loop {
        store.write(&record(&format!("request of writer {writer}"))).unwrap();
    }
}

#[test]
fn processes_that_are_killed_leave_no_half_record_and_no_shared_id() {
    let folder = tempfile::tempdir().unwrap();
    let general = folder.path().join("general");
    let spawn = |_| -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::child_that_writes", "--ignored"])
            .env(CHILD_FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let started = Instant::now();
    for _round in 0..3 {
        let mut children: Vec<_> = (0..4).map(spawn).collect();
        let before = fs::read_dir(&general).map_or(0, Iterator::count);
        while fs::read_dir(&general).map_or(0, Iterator::count) < before + 30 {
            assert!(started.elapsed() < Duration::from_secs(60), "the children write nothing");
            sleep(Duration::from_millis(1));
        }
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
    assert_whole_and_unique(&general, 60);
}

#[test]
fn nothing_of_a_dead_process_stays_and_nothing_of_a_living_one_goes() {
    let folder = tempfile::tempdir().unwrap();
    let general = folder.path().join("general");
    fs::create_dir_all(&general).unwrap();
    let old = general.join(".phr-dead.tmp");
    let new = general.join(".phr-alive.tmp");
    for path in [&old, &new] {
        fs::write(path, "half a rec").unwrap();
    }
    let long_ago = SystemTime::now() - STALE - Duration::from_secs(5);
    File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
    Store::new(folder.path()).write(&record("show me pods")).unwrap();
    assert_eq!(names(&general), [".phr-alive.tmp", "0001-show-me-pods.general.prompt.md"]);
}

#[test]
fn a_file_in_the_way_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("history");
    fs::write(&file, "").unwrap();
    for root in [file.clone(), file.join("prompts")] {
        let error = Store::new(root).write(&record("show me pods")).unwrap_err();
        assert!(matches!(&error, Error::NotADirectory { path } if *path == file), "{error}");
    }
    fs::create_dir(folder.path().join("prompts")).unwrap();
    fs::write(folder.path().join("prompts/general"), "").unwrap();
    let error = Store::new(folder.path().join("prompts")).write(&record("show me pods")).unwrap_err();
    assert!(matches!(&error, Error::NotADirectory { path } if path.ends_with("prompts/general")), "{error}");
}

#[test]
fn a_folder_nobody_can_write_to_is_named_with_what_to_do() {
    // No one, root included, can make a folder in /proc.
    let error = Store::new("/proc/history/prompts").write(&record("show me pods")).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("/proc/history/prompts") || message.contains("/proc/history"), "{message}");
    assert!(message.contains("--phr-dir"), "{message}");
}

#[cfg(unix)]
#[test]
fn links_are_followed_where_the_owner_set_them_and_refused_where_they_lead_out() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().join("real");
    let outside = folder.path().join("outside");
    fs::create_dir_all(&real).unwrap();
    fs::create_dir_all(&outside).unwrap();
    let root = folder.path().join("link");
    symlink(&real, &root).unwrap();
    let written = Store::new(&root).write(&record("show me pods")).unwrap();
    assert!(real.join("general/0001-show-me-pods.general.prompt.md").is_file());
    assert_eq!(
        fs::metadata(&written.path).unwrap().permissions().mode() & 0o444,
        0o444,
        "others can read it"
    );

    symlink(&outside, real.join("004-feature")).unwrap();
    let mut leading_out = record("add a health check");
    leading_out.stage = Stage::Green;
    leading_out.feature = Some(FeatureName::parse("004-feature").unwrap());
    let error = Store::new(&root).write(&leading_out).unwrap_err();
    assert!(matches!(error, Error::OutsideRoot { .. }), "{error}");
    assert_eq!(names(&outside), [] as [&str; 0]);

    symlink(folder.path().join("nowhere"), real.join("005-feature")).unwrap();
    leading_out.feature = Some(FeatureName::parse("005-feature").unwrap());
    let error = Store::new(&root).write(&leading_out).unwrap_err();
    assert!(matches!(error, Error::NotADirectory { .. }), "{error}");
}

#[test]
fn a_name_that_is_taken_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("0001-x.general.prompt.md");
    fs::write(&path, "somebody else's").unwrap();
    assert!(!publish(folder.path(), &path, "ours").unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else's");
    assert_eq!(names(folder.path()).len(), 1, "the temporary file is gone");
}

#[test]
fn what_was_written_is_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let record = record("show me all todo pods");
    let written = Store::new(folder.path()).write(&record).unwrap();
    let document: Document = parse(&fs::read_to_string(&written.path).unwrap());
    assert_eq!(document.to_record().unwrap(), record);
    assert_eq!(document.text("id"), Some("0001"));
}
