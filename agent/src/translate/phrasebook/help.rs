//! Questions about shipmate itself: what it can do, and whether it acts on its own.

use shipmate_tools::catalog;

use super::Understanding;
use super::matcher;
use super::request::Request;

/// What people say who want to know what they can say, in the phrase language. Those that end in
/// `=> topic=approval` ask whether shipmate acts by itself.
pub(super) const PHRASES: &[&str] = &[
    "help [me] [out]",
    "[i] (need|want) [some] help",
    "usage",
    "(commands|capabilities|features|examples|instructions)",
    "(show|list|tell|give) [me] [all] [the|your|some] (commands|tools|capabilities|features|skills|examples|options)",
    "what (can|could|do|are|is) (you|shipmate|this|it|this tool|i) [able to] [do|for] [here|with you|for me|with this]",
    "what (kind|kinds|sort|sorts|type|types) of (things|requests|questions|commands|tasks|stuff) (can|could|do|should|may) (i|we|you) \
     (ask|say|do|type|request|understand|know|handle|support) [you|from you|of you] [to do|for|about]",
    "what (things|requests|questions|commands|tasks) (can|could|do|should|may) (i|we|you) (ask|say|do|type|request|understand|know|handle|support) [you|from you|of you] [to do|for|about]",
    "what (can|could|should|may|do) i (ask|say|type|request|tell) [you|from you|of you|here] [to do|for|about]",
    "what (are|is) (you|shipmate|your capabilities|your skills|your features|your commands|your job|your purpose)",
    "who are you",
    "how (do|can|should) i (use|work with|talk to|start with|get started with) (you|shipmate|this|it|this tool)",
    "how (do|does) (you|shipmate|this|it|this tool) work",
    "what (commands|tools|capabilities|features|skills) (do|are) (you|there) [have|know|support|available|offer]",
    "(can|could|will|would|do) you help [me] [with] [what]",
    "(do|will|would|can|could|are|did) (you|shipmate) [ever] [going to|able to] (change|delete|touch|modify|break|apply|do|run|scale|restart|remove|make|edit|execute) \
     [things|anything|something|stuff|changes|my cluster|the cluster|it|objects|resources|any change|any changes|a thing] \
     (without|before) (asking|my approval|approval|permission|my permission|telling|my ok|my consent|confirming|confirmation|checking|me|asking for) \
     [me] [first|with me|for approval|for permission|for confirmation] => topic=approval",
    "(do|will|would) (you|shipmate) [always|ever] (ask|check|confirm|wait) [me|with me] [for] [approval|permission|my approval|confirmation|a confirmation] \
     [first|before] [you] [making|changing|doing|deleting|make|change|do|delete|running|run|apply|applying|touch|touching] [a|any] [change|changes|things|anything|something|stuff] => topic=approval",
    "(do|will|would) (you|shipmate) need [my|an|any] (approval|permission|confirmation|ok|consent) [from me] [to|before|for] [you] \
     [make|change|do|delete|run|apply|touch|execute] [a|any] [change|changes|things|anything|something|stuff] => topic=approval",
    "(are|is) (you|shipmate|this|it) (safe|dangerous|read-only|read only) [to use|to run] => topic=approval",
    "can (you|shipmate|i) (break|damage|harm|hurt) (anything|something|things|my cluster|the cluster|production|it) [with you] => topic=approval",
];

/// An answer when the whole request asks about shipmate.
pub(super) fn check(request: &Request<'_>) -> Option<Understanding> {
    let words = request.tokens.iter().rposition(|token| !token.is_mark())? + 1;
    let start = (0..words).find(|&position| {
        !request.tokens.get(position).is_some_and(|token| {
            token.is_mark()
                || matches!(
                    token.word.as_str(),
                    "hey" | "hi" | "hello" | "shipmate" | "please" | "so" | "ok" | "okay" | "and"
                )
        })
    })?;
    let end = if request.is(words - 1, "please") && words > start + 1 { words - 1 } else { words };
    let found =
        matcher::spans(request, &request.library.help, start).into_iter().find(|span| span.end == end)?;
    let approval = found.values.iter().any(|(name, value)| name == "topic" && value == "approval");
    Some(if approval { approvals() } else { capabilities() })
}

fn approvals() -> Understanding {
    Understanding::Answer(
        "No. I look around freely, but before anything changes I show the call, the equivalent command and \
         what would be different, and wait for your yes; destroying something wants its name typed. Without a \
         terminal nothing changes unless --yes was given. Every request leaves a record in history/prompts."
            .to_owned(),
    )
}

/// What the catalog offers, by area.
fn capabilities() -> Understanding {
    let mut text =
        String::from("Ask in plain words; I look freely and ask before anything changes. I can:\n");
    for entry in catalog::all() {
        text.push_str("  ");
        text.push_str(&entry.tool.name().replace('_', " "));
        text.push_str(": ");
        text.push_str(&entry.tool.summary());
        if let Some(example) = entry.tool.phrases().first() {
            text.push_str(" Say: ");
            text.push_str(&super::suggest::example(example));
        }
        text.push('\n');
    }
    text.push_str("`shipmate tools NAME` explains one of them.");
    Understanding::Answer(text)
}

/// Whether the request asks what shipmate can do: "can you delete pods?".
pub(super) fn is_about_abilities(request: &Request<'_>) -> bool {
    ["can", "could", "do", "are"].iter().any(|word| request.is(0, word)) && request.is(1, "you")
}

/// The answer to it.
pub(super) fn abilities(tool: &str) -> Understanding {
    let example = catalog::find(tool)
        .and_then(|tool| tool.phrases().first().map(|phrase| super::suggest::example(phrase)))
        .unwrap_or_default();
    Understanding::Answer(format!(
        "Yes, when you name the object: {example}. I show what would change and ask before I do it."
    ))
}
