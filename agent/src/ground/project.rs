//! Which file is meant: Dockerfiles, charts and manifests of the project folder, by path or by a word for
//! what they are about.

use shipmate_tools::project::{Project, parent};
use shipmate_tools::{ErrorKind, Feedback, ReadWorld, docker, helm};

use super::{Choice, Obstacle, any_of, ask};

/// The path that a word or path means among `known` ones: itself when it exists, else the one whose parts
/// hold the word. The shallowest wins, because vendored copies lie deeper.
fn find<'a>(word: &str, known: &'a [String]) -> Option<&'a String> {
    let bare = word.trim_start_matches("./").trim_end_matches('/').to_ascii_lowercase();
    if bare.is_empty() || bare == "." {
        return known.iter().find(|path| !path.contains('/'));
    }
    let lower = |path: &String| path.to_ascii_lowercase();
    let parts =
        |path: &String| lower(path).split(['/', '-', '_', '.']).map(str::to_owned).collect::<Vec<_>>();
    known
        .iter()
        .find(|path| lower(path) == bare || lower(path).ends_with(&format!("/{bare}")))
        .or_else(|| known.iter().find(|path| lower(path).starts_with(&format!("{bare}/"))))
        .or_else(|| known.iter().find(|path| lower(path).split('/').any(|part| part == bare)))
        .or_else(|| {
            let words: Vec<&str> = bare.split(['-', '_', ' ', '/']).filter(|part| !part.is_empty()).collect();
            known.iter().find(|path| words.iter().all(|word| parts(path).iter().any(|part| part == word)))
        })
        // A path that leads nowhere still says what it is about: its last folder.
        .or_else(|| {
            let folders = bare.rsplit_once('/')?.0;
            let last = folders.rsplit('/').next().filter(|last| *last != bare)?;
            known.iter().find(|path| parts(path).iter().any(|part| part == last))
        })
        // "todo-backend" is built in a folder called "backend".
        .or_else(|| {
            let last = bare.rsplit(['-', '_', ' ']).next().unwrap_or(&bare).to_owned();
            known.iter().find(|path| parts(path).contains(&last))
        })
}

pub(super) fn fill_dockerfile(path: &mut Option<String>, world: &ReadWorld) -> Result<(), Obstacle> {
    let project = world.project();
    if let Some(said) = path.as_deref() {
        let there = project.resolve(said);
        if there.is_file() {
            return Ok(());
        }
        if there.is_dir() && there.join("Dockerfile").is_file() {
            *path = Some(format!("{}/Dockerfile", said.trim_end_matches('/')));
            return Ok(());
        }
    }
    let known = project.dockerfiles();
    let found = match path.as_deref() {
        Some(word) => find(word, &known).cloned(),
        None => match known.as_slice() {
            [one] => Some(one.clone()),
            several => several.iter().find(|path| !path.contains('/')).cloned(),
        },
    };
    match found {
        Some(found) => {
            *path = Some(found);
            Ok(())
        }
        None => Err(which_file("Dockerfile", path.as_deref(), known, "path", &project)),
    }
}

pub(super) fn fill_build(
    subject: &mut Option<String>,
    context: &mut Option<String>,
    dockerfile: &mut Option<String>,
    tag: &mut Option<String>,
    world: &ReadWorld,
) -> Result<(), Obstacle> {
    let project = world.project();
    let said = subject.take();
    if context.is_none() {
        let known = project.dockerfiles();
        let found = match (dockerfile.as_deref(), said.as_deref()) {
            (Some(path), _) => Some(path.to_owned()),
            (None, Some(word)) => direct(&project, word).or_else(|| find(word, &known).cloned()),
            (None, None) => match known.as_slice() {
                [one] => Some(one.clone()),
                several => several.iter().find(|path| !path.contains('/')).cloned(),
            },
        };
        let Some(found) = found else {
            return Err(which_file("Dockerfile", said.as_deref(), known, "dockerfile", &project));
        };
        let folder = docker::context_of(&project, &found);
        let usual = if folder == "." { "Dockerfile".to_owned() } else { format!("{folder}/Dockerfile") };
        *dockerfile = (found != usual && found != "Dockerfile").then_some(found);
        *context = Some(folder);
    }
    // "with tag 1.2.0" says the version and leaves the name to what is built.
    let version = tag.take_if(|tag| is_version(tag));
    if tag.is_none() {
        let word = said.unwrap_or_else(|| {
            let place = dockerfile.as_deref().map_or(context.as_deref().unwrap_or("."), parent);
            place.rsplit('/').next().filter(|name| *name != ".").unwrap_or("app").to_owned()
        });
        let name = docker::image_name(&project, &word);
        *tag = Some(match version {
            Some(version) => format!("{}:{version}", without_tag(&name)),
            None => name,
        });
    }
    Ok(())
}

/// Whether a tag is a version alone, such as `1.2.0` or `v3`, and no image's name.
fn is_version(tag: &str) -> bool {
    !tag.contains(['/', ':']) && tag.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit())
}

/// An image's name without its tag; the colon of a registry's port is none.
fn without_tag(image: &str) -> &str {
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

/// A word that is the path of a Dockerfile, or of a folder that holds one.
fn direct(project: &Project, word: &str) -> Option<String> {
    let there = project.resolve(word);
    let clean = word.trim_start_matches("./").trim_end_matches('/');
    if there.is_file() {
        return Some(clean.to_owned());
    }
    (there.is_dir() && there.join("Dockerfile").is_file()).then(|| {
        if clean.is_empty() || clean == "." { "Dockerfile".to_owned() } else { format!("{clean}/Dockerfile") }
    })
}

pub(super) fn fill_chart(
    chart: &mut Option<String>,
    release: &mut Option<String>,
    values: &mut [String],
    world: &ReadWorld,
) -> Result<(), Obstacle> {
    let project = world.project();
    let is_chart = |path: &str| project.resolve(path).join("Chart.yaml").is_file();
    let settled = chart
        .as_deref()
        .is_some_and(|path| is_chart(path) || path.contains("://") || project.resolve(path).is_file());
    if !settled {
        let known = project.charts();
        let found = match (chart.as_deref(), release.as_deref()) {
            (Some(word), _) => find(word, &known).cloned(),
            (None, Some(name)) => find(name, &known).cloned().or_else(|| only(&known)),
            (None, None) => only(&known),
        };
        let Some(found) = found else {
            return Err(which_file("chart", chart.as_deref(), known, "chart", &project));
        };
        *chart = Some(found);
    }
    let folder = chart.as_deref().unwrap_or(".");
    if release.is_none() {
        *release = Some(helm::chart_name(&project, folder));
    }
    for file in values {
        let beside = format!("{}/{file}", folder.trim_end_matches('/'));
        // One that is nowhere stays as it was said: the preview names it.
        if !project.resolve(file).is_file() && project.resolve(&beside).is_file() {
            *file = beside;
        }
    }
    Ok(())
}

fn only(known: &[String]) -> Option<String> {
    match known {
        [one] => Some(one.clone()),
        _ => None,
    }
}

pub(super) fn fill_path(path: &mut String, world: &ReadWorld) -> Result<(), Obstacle> {
    let project = world.project();
    if path == "-" || project.resolve(path).exists() {
        return Ok(());
    }
    let known = project.files(|name| [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end)));
    let wanted = path.trim_start_matches("./").trim_end_matches('/').to_owned();
    let suffix = format!("/{wanted}");
    let mut fitting: Vec<String> = known.iter().filter(|file| file.ends_with(&suffix)).cloned().collect();
    if fitting.is_empty() {
        // A folder's name instead of its path.
        fitting = known
            .iter()
            .filter_map(|file| {
                parent(file)
                    .strip_suffix(&wanted)
                    .filter(|before| before.is_empty() || before.ends_with('/'))
                    .map(|_| parent(file).to_owned())
            })
            .collect();
        fitting.dedup();
    }
    match fitting.as_slice() {
        [one] => {
            one.clone_into(path);
            Ok(())
        }
        // Said as a path, it is shown as a path; the preview says that it is not there.
        [] if wanted.contains(['/', '.']) => Ok(()),
        [] => Err(Feedback::new(
            ErrorKind::NotFound,
            format!("there is no file or folder {path:?} in {}", project.folder().display()),
        )
        .next("name it by its path from here")
        .into()),
        several => Err(Obstacle::Ask {
            question: format!("{path:?} fits several files: which one, {}?", any_of(several)),
            choices: several
                .iter()
                .map(|one| Choice { label: one.clone(), arguments: vec![("path", one.clone())] })
                .collect(),
        }),
    }
}

fn which_file(
    what: &str,
    word: Option<&str>,
    mut known: Vec<String>,
    argument: &'static str,
    project: &Project,
) -> Obstacle {
    known.truncate(8);
    if known.is_empty() {
        return Feedback::new(
            ErrorKind::NotFound,
            format!("there is no {what} in {}", project.folder().display()),
        )
        .next(format!("run shipmate in the folder of your project, or name the {what} by its path"))
        .into();
    }
    let question = match word {
        Some(word) => format!("No {what} here fits {word:?}: which one, {}?", any_of(&known)),
        None => format!("Which {what}: {}?", any_of(&known)),
    };
    if known.is_empty() {
        return ask(question);
    }
    Obstacle::Ask {
        question,
        choices: known
            .into_iter()
            .map(|path| Choice { label: path.clone(), arguments: vec![(argument, path)] })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_find_the_shallowest_fitting_file() {
        let known: Vec<String> = [
            "Dockerfile",
            "api/Dockerfile",
            "docker/web/Dockerfile",
            "docker/shop-api/Dockerfile",
            "web/Dockerfile.dev",
        ]
        .map(str::to_owned)
        .to_vec();
        for (word, expected) in [
            ("api", Some("api/Dockerfile")),
            ("./api", Some("api/Dockerfile")),
            ("docker/web/Dockerfile", Some("docker/web/Dockerfile")),
            ("shop-api", Some("docker/shop-api/Dockerfile")),
            ("mega-web", Some("docker/web/Dockerfile")),
            (".", Some("Dockerfile")),
            ("some/where/api/Dockerfile", Some("api/Dockerfile")),
            ("worker", None),
        ] {
            assert_eq!(find(word, &known).map(String::as_str), expected, "{word}");
        }
    }
}
