//! From what was typed to tokens: one word, one quotation or one mark each.
//!
//! Matching is done on lower-case words, but every token keeps its text as typed, because names, paths,
//! images and quotations must come out as they went in. Characters that only look different (curly quotes,
//! full-width letters) are folded, invisible ones dropped, so that nothing hides in a request.

use std::borrow::Cow;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A word, number, path, flag or anything else between spaces.
    Word,
    /// Text in quotes: data, never a command.
    Quoted,
    /// A comma or a dash between words.
    Comma,
    /// A colon: what follows is often somebody else's words.
    Colon,
    /// The end of a sentence.
    Stop,
    /// The end of a question.
    Asks,
}

/// One token of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// As typed, without quotes and punctuation.
    pub text: String,
    /// In lower case.
    pub word: String,
    /// What it is.
    pub shape: Shape,
    /// Whether it was written with `'s`.
    pub possessive: bool,
}

impl Token {
    fn new(text: &str, shape: Shape) -> Self {
        Self { text: text.to_owned(), word: text.to_lowercase(), shape, possessive: false }
    }

    /// Whether it separates clauses or parts of one.
    pub(super) const fn is_mark(&self) -> bool {
        matches!(self.shape, Shape::Comma | Shape::Colon | Shape::Stop | Shape::Asks)
    }
}

/// The tokens of a request.
pub(super) fn tokens(request: &str) -> Vec<Token> {
    let characters: Vec<char> = request.chars().filter_map(fold).collect();
    let mut tokens = Vec::new();
    let mut position = 0;
    while let Some(&character) = characters.get(position) {
        if character.is_whitespace() {
            position += 1;
        } else if let Some(end) = quotation(&characters, position) {
            let inner: String = characters.get(position + 1..end).unwrap_or_default().iter().collect();
            tokens.push(Token::new(inner.trim(), Shape::Quoted));
            position = end + 1;
        } else {
            let end = word_end(&characters, position);
            let piece: String = characters.get(position..end).unwrap_or_default().iter().collect();
            push_word(&mut tokens, &piece);
            position = end;
        }
    }
    while tokens.last().is_some_and(|token: &Token| token.shape == Shape::Stop) {
        tokens.pop();
    }
    tokens
}

/// The plain form of a character; nothing for invisible ones.
fn fold(character: char) -> Option<char> {
    Some(match character {
        '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{02BC}' => '\'',
        '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{00AB}' | '\u{00BB}' => '"',
        '\u{2013}' | '\u{2014}' => '\u{2014}',
        '\u{2212}' | '\u{2010}' | '\u{2011}' => '-',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}'
        | '\u{FEFF}'
        | '\u{00AD}' => {
            return None;
        }
        '…' => ' ',
        other if other.is_control() => ' ',
        other => other,
    })
}

/// Where the quotation that opens at `start` closes.
fn quotation(characters: &[char], start: usize) -> Option<usize> {
    let quote = *characters.get(start)?;
    if !matches!(quote, '"' | '\'' | '`') {
        return None;
    }
    let mut position = start + 1;
    while let Some(&character) = characters.get(position) {
        let closes = character == quote
            && (quote != '\'' || characters.get(position + 1).is_none_or(|next| !next.is_alphanumeric()));
        if closes {
            return (position > start + 1).then_some(position);
        }
        position += 1;
    }
    None
}

/// The end of the word that starts at `start`; a quotation after `=` belongs to it (`note='two words'`).
fn word_end(characters: &[char], start: usize) -> usize {
    let mut position = start;
    while let Some(&character) = characters.get(position) {
        if character.is_whitespace() {
            break;
        }
        if character == '='
            && let Some(end) = quotation(characters, position + 1)
        {
            position = end;
        }
        position += 1;
    }
    position
}

fn push_word(tokens: &mut Vec<Token>, piece: &str) {
    let piece = piece.trim_start_matches(['(', '[']);
    let mut word = piece;
    let mut marks = Vec::new();
    while let Some(last) = word.chars().last() {
        let opened = match last {
            ')' => '(',
            ']' => '[',
            ',' | ';' | ':' | '.' | '!' | '?' => '\0',
            _ => break,
        };
        // "." and ".." are paths, "f(x)" is one word.
        if (opened != '\0' && word.contains(opened))
            || (last == '.' && word.chars().all(|c| c == '.'))
            || word.ends_with("/..")
            || word.ends_with("/.")
        {
            break;
        }
        marks.push(last);
        word = word.strip_suffix(last).unwrap_or_default();
    }
    if !word.is_empty() {
        if word.contains(['=', '"']) {
            tokens.push(Token::new(&word.replace(['\'', '"'], ""), Shape::Word));
        } else if word == "\u{2014}" {
            tokens.push(Token::new(",", Shape::Comma));
        } else if word.chars().any(|c| c.is_ascii() || c.is_alphanumeric()) {
            push_contraction(tokens, word);
        }
    }
    // The mark nearest to the word decides; "?!" is a question whatever its order.
    let shape = if marks.contains(&'?') {
        Some(Shape::Asks)
    } else {
        marks.last().and_then(|mark| match mark {
            ',' => Some(Shape::Comma),
            ':' => Some(Shape::Colon),
            '.' | ';' | '!' => Some(Shape::Stop),
            _ => None,
        })
    };
    if let Some(shape) = shape {
        tokens.push(Token::new(",", shape));
    }
}

/// Words whose `'s` is "is".
const IS: [&str; 10] = ["what", "who", "where", "how", "that", "it", "there", "here", "when", "why"];

/// Contractions as people also type them, without the apostrophe.
const BARE: [(&str, &str, &str); 14] = [
    ("whats", "what", "is"),
    ("wheres", "where", "is"),
    ("hows", "how", "is"),
    ("thats", "that", "is"),
    ("isnt", "is", "not"),
    ("arent", "are", "not"),
    ("dont", "do", "not"),
    ("doesnt", "does", "not"),
    ("didnt", "did", "not"),
    ("cant", "can", "not"),
    ("cannot", "can", "not"),
    ("wont", "will", "not"),
    ("wasnt", "was", "not"),
    ("hasnt", "has", "not"),
];

/// The words of one written word of a pattern. Patterns are normalised as requests are, so that "what's" and
/// "what is" are one. Most words need none of it, and there are thousands of them.
pub(super) fn words(written: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let plain = is_plain(written);
    let others = if plain { Vec::new() } else { tokens(written) };
    let others = others.into_iter().filter(|token| !token.is_mark()).map(|token| Cow::Owned(token.word));
    plain.then_some(Cow::Borrowed(written)).into_iter().chain(others)
}

/// Whether a word is its own only token.
fn is_plain(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_lowercase())
        && !(word.ends_with(['s', 't']) && BARE.iter().any(|(bare, ..)| *bare == word))
}

fn push_contraction(tokens: &mut Vec<Token>, word: &str) {
    let lower = word.to_lowercase();
    let mut two = |first: &str, second: &str| {
        tokens.push(Token::new(first, Shape::Word));
        tokens.push(Token::new(second, Shape::Word));
    };
    if let Some((_, first, second)) = BARE.iter().find(|(bare, ..)| *bare == lower) {
        return two(first, second);
    }
    let Some((head, tail)) = lower.rsplit_once('\'') else {
        tokens.push(Token::new(word, Shape::Word));
        return;
    };
    match tail {
        "s" if head == "let" => two("let", "us"),
        "s" if IS.contains(&head) => two(head, "is"),
        "t" if head == "can" => two("can", "not"),
        "t" if head == "won" => two("will", "not"),
        "t" if head.ends_with('n') => two(head.strip_suffix('n').unwrap_or(head), "not"),
        "re" => two(head, "are"),
        "ll" => two(head, "will"),
        "ve" => two(head, "have"),
        "m" if head == "i" => two("i", "am"),
        "d" => two(head, "would"),
        "s" | "" => {
            let keep = word.chars().count() - tail.len() - 1;
            let text: String = word.chars().take(keep).collect();
            tokens.push(Token { possessive: true, ..Token::new(&text, Shape::Word) });
        }
        _ => tokens.push(Token::new(word, Shape::Word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(request: &str) -> Vec<String> {
        tokens(request).into_iter().map(|token| token.word).collect()
    }

    #[test]
    fn contractions_become_words_and_possessives_lose_their_mark() {
        assert_eq!(words("what's up"), ["what", "is", "up"]);
        assert_eq!(words("pods that aren’t ready"), ["pods", "that", "are", "not", "ready"]);
        assert_eq!(words("dont"), ["do", "not"]);
        let owned = tokens("gateway's logs");
        assert!(owned.first().is_some_and(|token| token.possessive && token.text == "gateway"));
    }

    #[test]
    fn punctuation_ends_words_but_not_paths_and_versions() {
        assert_eq!(words("apply ./deploy/."), ["apply", "./deploy/."]);
        assert_eq!(words("build . as a/b:1.2.0."), ["build", ".", "as", "a/b:1.2.0"]);
        assert_eq!(words("pods, please!"), ["pods", ",", "please"]);
    }

    #[test]
    fn quotations_are_one_token() {
        let all = tokens("lines with \"out of memory\" please");
        assert!(all.iter().any(|token| token.shape == Shape::Quoted && token.text == "out of memory"));
        assert_eq!(words("annotate x note='two words'"), ["annotate", "x", "note=two words"]);
    }

    #[test]
    fn invisible_and_look_alike_characters_do_not_hide_words() {
        assert_eq!(words("sc\u{200b}ale ｗｅｂ\u{7} to 3"), ["scale", "web", "to", "3"]);
        assert_eq!(words("scale web to −2"), ["scale", "web", "to", "-2"]);
    }
}
