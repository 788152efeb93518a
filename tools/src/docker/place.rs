//! Where an image is built and what it is called, read from the project: the smallest folder that holds what
//! the Dockerfile copies, and the name its manifests already use.

use parse_dockerfile::Instruction;
use std::path::Path;

use crate::project::{Project, parent};

/// The build context of a Dockerfile: the nearest folder, from its own up to the project's, in which
/// everything it copies exists; its own folder when none has all of it.
#[must_use]
pub fn context_of(project: &Project, dockerfile: &str) -> String {
    let own = parent(dockerfile).to_owned();
    let text = std::fs::read_to_string(project.resolve(dockerfile)).unwrap_or_default();
    let sources = copied(&text);
    let mut folder = own.clone();
    loop {
        let place = project.resolve(&folder);
        if sources.iter().all(|source| exists(&place, source)) {
            return folder;
        }
        if folder == "." {
            return own;
        }
        folder = parent(&folder).to_owned();
    }
}

/// What COPY and ADD take from the context; sources from other stages, addresses and heredocs are not.
fn copied(text: &str) -> Vec<String> {
    let Ok(dockerfile) = parse_dockerfile::parse(text) else { return Vec::new() };
    let mut sources = Vec::new();
    for instruction in &dockerfile.instructions {
        let (options, list) = match instruction {
            Instruction::Copy(copy) => (&copy.options, &copy.src),
            Instruction::Add(add) => (&add.options, &add.src),
            _ => continue,
        };
        if options.iter().any(|option| option.name.value == "from") {
            continue;
        }
        for source in list {
            if let parse_dockerfile::Source::Path(path) = source
                && !path.value.contains("://")
                && !path.value.contains('$')
            {
                sources.push(path.value.to_string());
            }
        }
    }
    sources
}

/// Whether a source is there; of a pattern, its fixed beginning.
fn exists(folder: &Path, source: &str) -> bool {
    let fixed: Vec<&str> = source
        .trim_start_matches("./")
        .trim_start_matches('/')
        .split('/')
        .take_while(|part| !part.contains(['*', '?', '[']))
        .collect();
    folder.join(fixed.join("/")).exists()
}

/// The name for an image of `word`: the one the project's manifests use when one fits, else the word itself,
/// tagged `latest`.
#[must_use]
pub fn image_name(project: &Project, word: &str) -> String {
    let bare = word
        .trim_start_matches("./")
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(word)
        .to_ascii_lowercase();
    let files = project.files(|name| name.ends_with(".yaml") || name.ends_with(".yml"));
    let mut names: Vec<String> = files
        .iter()
        .take(200)
        .filter_map(|file| std::fs::read_to_string(project.resolve(file)).ok())
        .flat_map(|text| images_in(&text))
        .filter(|image| {
            let repository = image.rsplit('/').next().unwrap_or(image);
            let name = repository.split([':', '@']).next().unwrap_or(repository);
            name == bare || name.split('-').any(|part| part == bare)
        })
        .collect();
    names.sort_by_key(String::len);
    names.into_iter().next().unwrap_or_else(|| format!("{bare}:latest"))
}

/// The `image:` values of a manifest or values file, templates left out.
fn images_in(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("image:"))
        .map(|value| value.trim().trim_matches(['"', '\'']).to_owned())
        .filter(|value| {
            !value.is_empty() && !value.contains("{{") && !value.contains(' ') && !value.contains('@')
        })
        .map(|value| {
            if value.rsplit('/').next().is_some_and(|last| last.contains(':')) {
                value
            } else {
                format!("{value}:latest")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_context_is_the_nearest_folder_that_holds_what_is_copied() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("docker/web")).unwrap();
        fs::create_dir_all(folder.path().join("web/src")).unwrap();
        fs::write(
            folder.path().join("docker/web/Dockerfile"),
            "FROM scratch\nCOPY web/src /src\nCOPY --from=0 /x /y\n",
        )
        .unwrap();
        fs::write(folder.path().join("docker/web/Dockerfile.own"), "FROM scratch\nCOPY Dockerfile /\n")
            .unwrap();
        let project = Project::new(folder.path().to_owned());
        assert_eq!(context_of(&project, "docker/web/Dockerfile"), ".");
        assert_eq!(context_of(&project, "docker/web/Dockerfile.own"), "docker/web");
    }

    #[test]
    fn the_name_is_the_one_the_manifests_use() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("web.yaml"), "spec:\n  - image: registry.local/shop-web:1.0\n").unwrap();
        let project = Project::new(folder.path().to_owned());
        assert_eq!(image_name(&project, "web"), "registry.local/shop-web:1.0");
        assert_eq!(image_name(&project, "./api/"), "api:latest");
    }
}
