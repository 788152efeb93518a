//! How well a word fits an object: by its exact name, by what its labels call it, by the parts of its name,
//! and last by its spelling. Pure, so that the rules can be tested without a cluster.

use shipmate_tools::kubernetes::Identity;

/// How well a word fits; better ones compare greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// A typing slip away. Never good enough for a change.
    Spelling,
    /// The application the object is part of is called so; usually several objects fit.
    Application,
    /// The word stands inside the name.
    Substring,
    /// Every part of the word is a part of the name.
    Parts,
    /// A label calls it so.
    Label,
    /// It is the name.
    Name,
}

/// Labels that say what an object is, by the conventions of Kubernetes ("Recommended Labels") and of the
/// examples in its documentation.
const NAMING_LABELS: [&str; 9] = [
    "app.kubernetes.io/name",
    "app.kubernetes.io/component",
    "app.kubernetes.io/instance",
    "app",
    "component",
    "tier",
    "role",
    "k8s-app",
    "name",
];

const APPLICATION_LABEL: &str = "app.kubernetes.io/part-of";

/// How well `word` fits `object`, `None` when it does not.
pub(super) fn fit(word: &str, object: &Identity) -> Option<Fit> {
    let word = word.to_ascii_lowercase();
    let name = object.name.to_ascii_lowercase();
    if name == word {
        return Some(Fit::Name);
    }
    let forms = [word.as_str(), singular(&word)];
    let labelled = |label: &&str| {
        object.labels.get(*label).is_some_and(|value| forms.contains(&value.to_ascii_lowercase().as_str()))
    };
    if NAMING_LABELS.iter().any(&labelled) {
        return Some(Fit::Label);
    }
    let name_parts: Vec<&str> = parts(&name).collect();
    if forms.iter().any(|form| parts(form).all(|part| name_parts.contains(&part))) {
        return Some(Fit::Parts);
    }
    // Two letters stand inside almost every name.
    if word.len() >= 3 && forms.iter().any(|form| name.contains(form)) {
        return Some(Fit::Substring);
    }
    if labelled(&APPLICATION_LABEL)
        || object
            .labels
            .get(APPLICATION_LABEL)
            .is_some_and(|value| parts(&value.to_ascii_lowercase()).any(|part| forms.contains(&part)))
    {
        return Some(Fit::Application);
    }
    let slips = allowed_slips(&word);
    let near = |candidate: &str| strsim::damerau_levenshtein(&word, candidate) <= slips;
    (slips > 0 && (near(&name) || name_parts.iter().any(|part| near(part)))).then_some(Fit::Spelling)
}

/// How many typing slips a word of this length may have and still be meant.
const fn allowed_slips(word: &str) -> usize {
    match word.len() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '.', '_', ' ']).filter(|part| !part.is_empty())
}

fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() >= 3 && !stem.ends_with('s') => stem,
        _ => word,
    }
}

/// The names nearest to a word, best first, at most three.
pub(super) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut scored: Vec<(f64, &str)> = names.map(|name| (likeness(word, name), name)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

fn likeness(word: &str, name: &str) -> f64 {
    let whole = strsim::normalized_damerau_levenshtein(word, name);
    parts(name).map(|part| strsim::normalized_damerau_levenshtein(word, part)).fold(whole, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn object(name: &str, labels: &[(&str, &str)]) -> Identity {
        Identity {
            kind: "deployment".to_owned(),
            name: name.to_owned(),
            namespace: Some("shop".to_owned()),
            labels: labels
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect::<BTreeMap<_, _>>(),
            controlled: false,
        }
    }

    #[test]
    fn better_fits_compare_greater() {
        let catalog =
            object("shop-catalog", &[("tier", "storefront"), ("app.kubernetes.io/part-of", "shop-app")]);
        for (word, expected) in [
            ("shop-catalog", Some(Fit::Name)),
            ("Storefront", Some(Fit::Label)),
            ("catalog", Some(Fit::Parts)),
            ("catalogs", Some(Fit::Parts)),
            ("catalo", Some(Fit::Substring)),
            ("app", Some(Fit::Application)),
            ("catlaog", Some(Fit::Spelling)),
            ("checkout", None),
            ("shop-web", None),
        ] {
            assert_eq!(fit(word, &catalog), expected, "{word}");
        }
        assert!(
            Fit::Name > Fit::Label && Fit::Substring > Fit::Application && Fit::Application > Fit::Spelling
        );
    }

    #[test]
    fn nearest_names_come_best_first() {
        let names = ["payments", "checkout", "catalog", "web"];
        assert_eq!(nearest("chekout", names.into_iter()).first().map(String::as_str), Some("checkout"));
    }
}
