//! Slugs: the part of a file name that comes from the title. The linter and the store share the rule,
//! so a title and its file name cannot drift apart.

/// Longest slug in bytes. With the id, the longest stage and the ending, a file name then stays under
/// 200 bytes, well below the 255 that file systems allow.
pub const MAX_SLUG_BYTES: usize = 150;

/// The slug of a title nothing of which is in a–z or 0–9.
const EMPTY_SLUG: &str = "request";

/// Makes a slug: lower case, every run outside a–z and 0–9 becomes one `-`, trimmed, cut at a whole
/// word where it would be longer than [`MAX_SLUG_BYTES`]; `request` if nothing is left.
#[must_use]
pub fn slug(title: &str) -> String {
    let mut slug = full_slug(title);
    if slug.len() > MAX_SLUG_BYTES {
        let keep = slug.get(..=MAX_SLUG_BYTES).and_then(|head| head.rfind('-')).unwrap_or(MAX_SLUG_BYTES);
        slug.truncate(keep);
    }
    if slug.is_empty() { EMPTY_SLUG.to_owned() } else { slug }
}

/// The slug without the length limit, which is how other writers of the format make it.
pub(crate) fn full_slug(title: &str) -> String {
    let mut slug = String::new();
    for character in title.chars().flat_map(char::to_lowercase) {
        if character.is_ascii_lowercase() || character.is_ascii_digit() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_become_one_dash() {
        assert_eq!(slug("Show all TODO pods"), "show-all-todo-pods");
        assert_eq!(slug("  Scale: backend → 3!  "), "scale-backend-3");
        assert_eq!(slug("a/../b\\c\0d"), "a-b-c-d");
        assert_eq!(slug("Größe"), "gr-e");
    }

    #[test]
    fn nothing_left_still_gives_a_name() {
        assert_eq!(slug("ポッド"), "request");
        assert_eq!(slug(""), "request");
    }

    #[test]
    fn long_titles_are_cut_at_a_word() {
        let slug_of_words = slug(&"word ".repeat(100));
        assert!(slug_of_words.len() <= MAX_SLUG_BYTES && slug_of_words.ends_with("word"), "{slug_of_words}");
        assert_eq!(slug(&"x".repeat(1_000)).len(), MAX_SLUG_BYTES);
        let exact = format!("{}-{}", "a".repeat(149), "b".repeat(9));
        assert_eq!(slug(&exact), "a".repeat(149));
    }
}
