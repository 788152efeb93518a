//! The phrasebook as a whole, by classes of requests.

use super::*;

#[test]
fn every_pattern_of_the_lexicon_and_the_catalog_compiles() {
    let book = Phrasebook::new();
    assert_eq!(book.mistakes(), Vec::<String>::new());
}
