//! Which image or container a word means: its name, a part of it ("backend" for `todo-backend:latest`), and
//! the nearest names for one that is not there. Pure, so that the rules can be tested without an engine.

use bollard::models::{ContainerSummary, ImageSummary};

/// What a word came to among the names there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// It means this one.
    One(String),
    /// It fits these alike.
    Several(Vec<String>),
    /// It fits none.
    None,
}

/// The names of images, `repository:tag`; images without a name are left out.
#[must_use]
pub fn of_images(images: &[ImageSummary]) -> Vec<String> {
    let tags = images.iter().flat_map(|image| &image.repo_tags);
    tags.filter(|tag| !tag.starts_with("<none>")).cloned().collect()
}

/// The names of containers, without the slash that the engine puts before them.
#[must_use]
pub fn of_containers(containers: &[ContainerSummary]) -> Vec<String> {
    containers.iter().filter_map(name_of).collect()
}

/// A container's own name; the names that links give it hold another slash.
#[must_use]
pub fn name_of(container: &ContainerSummary) -> Option<String> {
    let names = container.names.iter().flatten().map(|name| name.trim_start_matches('/'));
    names.clone().find(|name| !name.contains('/')).or_else(|| names.clone().next()).map(str::to_owned)
}

/// Which image a word means.
#[must_use]
pub fn image(word: &str, names: &[String]) -> Named {
    let tagged = tag_of(word).is_some() || word.contains('@');
    let exact = |name: &&String| *name == word || (!tagged && **name == format!("{word}:latest"));
    if names.iter().any(|name| exact(&name)) {
        return Named::One(word.to_owned());
    }
    let (repository, tag) = (repository_of(word), tag_of(word));
    let fits: Vec<&String> = names.iter().filter(|name| tag.is_none() || tag_of(name) == tag).collect();
    best(repository, &fits, |name| repository_of(name))
}

/// Which container a word means.
#[must_use]
pub fn container(word: &str, names: &[String]) -> Named {
    best(word, &names.iter().collect::<Vec<_>>(), |name| name)
}

/// The names that fit best: the very name, else its last part of a path, else words of it, else text in it.
fn best<'a>(word: &str, names: &[&'a String], part: impl Fn(&'a str) -> &'a str) -> Named {
    let word = word.to_ascii_lowercase();
    let last = |name: &'a str| part(name).rsplit('/').next().unwrap_or(name);
    let words = |text: &str| text.split(['-', '_', '.', '/']).map(str::to_owned).collect::<Vec<_>>();
    let rules: [&dyn Fn(&'a str) -> bool; 4] = [
        &|name| part(name) == word,
        &|name| last(name) == word,
        &|name| words(&word).iter().all(|one| words(last(name)).contains(one)),
        &|name| word.len() >= 3 && part(name).to_ascii_lowercase().contains(&word),
    ];
    for rule in rules {
        let mut fits: Vec<String> =
            names.iter().filter(|name| rule(name.as_str())).map(|name| (*name).clone()).collect();
        fits.sort();
        fits.dedup();
        match fits.as_slice() {
            [] => {}
            [one] => return Named::One(one.clone()),
            _ => return Named::Several(fits),
        }
    }
    Named::None
}

/// The names nearest to a word that is none of them, at most five, best first.
#[must_use]
pub fn nearest(word: &str, names: &[String]) -> Vec<String> {
    let word = word.to_ascii_lowercase();
    let bare = repository_of(&word).to_owned();
    let mut scored: Vec<(f64, &String)> = names
        .iter()
        .map(|name| {
            let lower = name.to_ascii_lowercase();
            let own = repository_of(&lower).rsplit('/').next().unwrap_or_default();
            let score = strsim::jaro_winkler(&bare, own).max(strsim::jaro_winkler(&word, &lower));
            (if own.contains(&bare) { score.max(0.9) } else { score }, name)
        })
        .filter(|(score, _)| *score > 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.into_iter().take(5).map(|(_, name)| name.clone()).collect()
}

/// The reference without tag and digest.
#[must_use]
pub fn repository_of(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    }
}

/// The tag of a reference, if it says one.
#[must_use]
pub fn tag_of(reference: &str) -> Option<&str> {
    let name = reference.split('@').next().unwrap_or(reference);
    name.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| !tag.contains('/'))
}

/// The host of the registry a reference lies in; Docker Hub where it names none.
#[must_use]
pub fn registry_of(reference: &str) -> &str {
    match reference.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => "docker.io",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_word_means_the_image_it_names_or_is_a_part_of() {
        let all = names(&["todo-backend:latest", "todo-frontend:dev", "host:5000/team/api:1", "api:2"]);
        let one = |name: &str| Named::One(name.to_owned());
        assert_eq!(image("todo-backend", &all), one("todo-backend"));
        assert_eq!(image("todo-frontend", &all), one("todo-frontend:dev"));
        assert_eq!(image("backend", &all), one("todo-backend:latest"));
        assert_eq!(image("api", &all), one("api:2"));
        assert_eq!(image("api:1", &all), one("host:5000/team/api:1"));
        assert_eq!(image("todo-backend:0.9", &all), Named::None);
        let todo = names(&["todo-backend:latest", "todo-frontend:dev"]);
        assert_eq!(image("todo", &all), Named::Several(todo));
        assert_eq!(container("db", &names(&["shop-db-1", "web"])), one("shop-db-1"));
    }

    #[test]
    fn the_nearest_names_are_offered() {
        let all = names(&["todo-backend:latest", "busybox:bed"]);
        assert_eq!(nearest("todo-bakend", &all), ["todo-backend:latest"]);
        assert_eq!(nearest("todo-backend:0.9", &all), ["todo-backend:latest"]);
        assert!(nearest("qqq", &all).is_empty());
    }

    #[test]
    fn a_port_is_no_tag() {
        assert_eq!(repository_of("host:5000/api"), "host:5000/api");
        assert_eq!(tag_of("host:5000/api"), None);
        assert_eq!(
            (repository_of("host:5000/api:1"), tag_of("host:5000/api:1")),
            ("host:5000/api", Some("1"))
        );
        assert_eq!((registry_of("host:5000/api"), registry_of("team/api")), ("host:5000", "docker.io"));
    }
}
