//! Manifests from files: one file, or those of one folder (as `kubectl apply -f` takes them), or what was piped
//! in; with a digest of the bytes, so that a run can tell that it applies what was shown.

use ring::digest::{Context, SHA256};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::project::Project;

use super::manifest::{ManifestObject, parse_manifest};

/// Most bytes read for one apply. etcd takes objects of up to 1.5 MiB, and people read what they approve.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Most files of one folder.
const FILES: usize = 500;

/// Endings that a folder's manifests have (kubectl's own list).
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// Files that configure other programs and are no objects.
const OTHERS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "skaffold.yaml"];

/// The objects of a file, a folder or the input.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifests {
    /// The objects, file by file in order of name.
    pub objects: Vec<ManifestObject>,
    /// SHA-256 of all names and bytes, in hexadecimal.
    pub digest: String,
    /// What was left out, and what comes from elsewhere than it seems.
    pub notes: Vec<String>,
}

/// Reads the manifests at `path` of the project, or `input` for `-`.
///
/// # Errors
/// `NotFound` for a path without manifests, `InvalidArguments` with file and line for what is none, or when
/// there is too much.
pub fn read_manifests(project: &Project, path: &str, input: Option<&str>) -> Result<Manifests> {
    if let Some(text) = input {
        let objects = parse_manifest(text, "standard input")?;
        return found(objects, digest([("-", text.as_bytes())]), Vec::new(), "standard input");
    }
    let place = project.resolve(path);
    let metadata = fs::metadata(&place).map_err(|error| unreadable(path, &error))?;
    let mut notes = Vec::new();
    let files =
        if metadata.is_dir() { folder(&place, path, &mut notes)? } else { vec![(place, path.to_owned())] };
    let (mut objects, mut texts) = (Vec::new(), Vec::new());
    let mut room = LIMIT;
    for (file, shown) in files {
        let text = read(&file, &shown, room)?;
        room = room.saturating_sub(text.len() as u64);
        notes.extend(elsewhere(project, &file, &shown));
        objects.extend(parse_manifest(&text, &shown)?);
        texts.push((shown, text));
    }
    let digest = digest(texts.iter().map(|(shown, text)| (shown.as_str(), text.as_bytes())));
    found(objects, digest, notes, path)
}

fn found(objects: Vec<ManifestObject>, digest: String, notes: Vec<String>, place: &str) -> Result<Manifests> {
    if objects.is_empty() {
        return Err(Feedback::new(ErrorKind::NotFound, format!("there is no Kubernetes object in {place}"))
            .next("name the file or folder that holds the manifests")
            .into());
    }
    Ok(Manifests { objects, digest, notes })
}

/// SHA-256 of named contents, in hexadecimal.
#[must_use]
pub fn digest<'a>(parts: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut context = Context::new(&SHA256);
    for (name, bytes) in parts {
        // Lengths keep two different divisions of the same bytes apart.
        for part in [name.as_bytes(), bytes] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
    }
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The manifests of a folder, one level deep, by name.
fn folder(place: &Path, path: &str, notes: &mut Vec<String>) -> Result<Vec<(PathBuf, String)>> {
    let mut names: Vec<String> = fs::read_dir(place)
        .map_err(|error| unreadable(path, &error))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    let base = path.trim_end_matches('/');
    if names.iter().any(|name| name == "Chart.yaml") {
        return Err(Feedback::new(
            ErrorKind::InvalidArguments,
            format!("{base} is a Helm chart, not manifests"),
        )
        .next("install it instead: ask to install the chart")
        .into());
    }
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for name in names {
        let file = place.join(&name);
        if file.is_dir() {
            folders.push(name);
        } else if OTHERS.contains(&name.as_str()) || name == "Kustomization" {
            notes.push(format!("{base}/{name} is left out: it is no object, and its changes are not made"));
        } else if ENDINGS.iter().any(|end| name.rsplit_once('.').is_some_and(|(_, found)| found == *end)) {
            files.push((file, format!("{base}/{name}")));
        }
    }
    if files.len() > FILES {
        return Err(Feedback::new(
            ErrorKind::InvalidArguments,
            format!("{base} holds {} files, more than the {FILES} that are applied at once", files.len()),
        )
        .next("apply it in parts")
        .into());
    }
    if files.is_empty() {
        let next = if folders.is_empty() {
            "name the file or folder that holds the manifests".to_owned()
        } else {
            format!("only the folder itself is read; it has the folders {}", folders.join(", "))
        };
        return Err(Feedback::new(ErrorKind::NotFound, format!("there are no manifests in {base}"))
            .next(next)
            .into());
    }
    if !folders.is_empty() {
        notes.push(format!("folders in {base} are not looked into: {}", folders.join(", ")));
    }
    Ok(files)
}

/// A regular file's text: a device or pipe would never end.
fn read(file: &Path, shown: &str, room: u64) -> Result<String> {
    let metadata = fs::metadata(file).map_err(|error| unreadable(shown, &error))?;
    if !metadata.is_file() {
        return Err(Feedback::new(ErrorKind::InvalidArguments, format!("{shown} is no regular file"))
            .next("pipe it in and name it `-`")
            .into());
    }
    let mut bytes = Vec::new();
    fs::File::open(file)
        .and_then(|open| open.take(room + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(shown, &error))?;
    if bytes.len() as u64 > room {
        return Err(Feedback::new(
            ErrorKind::InvalidArguments,
            format!("{shown} is too large: at most {} MiB are applied at once", LIMIT / 1024 / 1024),
        )
        .next("check that it is a manifest, or apply it in parts")
        .into());
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Feedback::new(ErrorKind::InvalidArguments, format!("{shown}:{line} is not UTF-8 text"))
            .next("save it as UTF-8, or check that it is a manifest")
            .into()
    })
}

/// Says where a file really is when it seems to be in the project and is not.
fn elsewhere(project: &Project, file: &Path, shown: &str) -> Option<String> {
    let root = fs::canonicalize(project.folder()).ok()?;
    let real = fs::canonicalize(file).ok()?;
    let seems_inside = Path::new(shown).is_relative() && !shown.split('/').any(|part| part == "..");
    (seems_inside && !real.starts_with(root))
        .then(|| format!("{shown} is a link out of the project, to {}", real.display()))
}

fn unreadable(shown: &str, error: &std::io::Error) -> ToolError {
    if error.kind() == std::io::ErrorKind::NotFound {
        Feedback::new(ErrorKind::NotFound, format!("there is no file or folder {shown:?}"))
            .next("name it by its path from the project folder")
            .into()
    } else {
        Feedback::new(ErrorKind::Other, format!("{shown} cannot be read: {error}"))
            .next("check its permissions")
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

    fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let project = Project::new(folder.path().to_owned());
        (folder, project)
    }

    fn error(project: &Project, path: &str) -> String {
        read_manifests(project, path, None).unwrap_err().to_string()
    }

    #[test]
    fn a_folder_is_its_manifests_without_what_is_no_object() {
        let (_kept, project) = project(&[
            ("m/b.yaml", OBJECT),
            ("m/a.json", r#"{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}"#),
            ("m/kustomization.yaml", "resources: [a]"),
            ("m/notes.md", "x"),
            ("m/more/c.yaml", OBJECT),
        ]);
        let found = read_manifests(&project, "m/", None).unwrap();
        let places: Vec<String> = found.objects.iter().map(ManifestObject::place).collect();
        assert_eq!(places, ["m/a.json:1", "m/b.yaml:1"]);
        assert_eq!(found.notes.len(), 2, "{:?}", found.notes);
        fs::write(project.resolve("m/b.yaml"), format!("{OBJECT}# another byte\n")).unwrap();
        assert_ne!(read_manifests(&project, "m", None).unwrap().digest, found.digest);
    }

    #[test]
    fn what_holds_no_manifest_is_said() {
        let (_kept, project) = project(&[
            ("chart/Chart.yaml", "name: x"),
            ("deep/er/a.yaml", OBJECT),
            ("empty.yaml", "# nothing\n"),
            ("values.yaml", "\nreplicas: 3\n"),
        ]);
        insta::assert_snapshot!(error(&project, "chart"), @"chart is a Helm chart, not manifests");
        insta::assert_snapshot!(error(&project, "deep"), @"there are no manifests in deep");
        insta::assert_snapshot!(error(&project, "empty.yaml"), @"there is no Kubernetes object in empty.yaml");
        insta::assert_snapshot!(error(&project, "values.yaml"), @"values.yaml:2 is no Kubernetes object: it has no apiVersion and kind");
        insta::assert_snapshot!(error(&project, "nowhere"), @r#"there is no file or folder "nowhere""#);
        insta::assert_snapshot!(error(&project, "/dev/zero"), @"/dev/zero is no regular file");
        fs::write(project.resolve("bytes.yaml"), b"a: 1\nb: \xff\n").unwrap();
        insta::assert_snapshot!(error(&project, "bytes.yaml"), @"bytes.yaml:2 is not UTF-8 text");
        fs::write(project.resolve("big.yaml"), vec![b' '; 17 * 1024 * 1024]).unwrap();
        insta::assert_snapshot!(error(&project, "big.yaml"), @"big.yaml is too large: at most 16 MiB are applied at once");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_project_is_named() {
        let (_other, elsewhere) = project(&[("x.yaml", OBJECT)]);
        let (_kept, project) = project(&[("m/a.yaml", OBJECT)]);
        std::os::unix::fs::symlink(elsewhere.resolve("x.yaml"), project.resolve("m/b.yaml")).unwrap();
        let found = read_manifests(&project, "m", None).unwrap();
        assert!(found.notes.iter().any(|note| note.starts_with("m/b.yaml is a link out of the project")));
    }
}
