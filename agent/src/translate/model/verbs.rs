//! The verbs of a request: whether it asks to look, to change, or to take something away.
//!
//! A change needs a verb that bears it. The lists are of English, not of tools: which verbs a tool answers to
//! stands in its own phrases.

use shipmate_tools::{Call, Effect};

use super::declared::Declared;
use super::words::{Words, parts, stem};

/// Words that ask to look.
const READING: &[&str] = &[
    "show", "list", "get", "describe", "display", "view", "see", "print", "what", "which", "who", "why",
    "how", "is", "are", "does", "did", "has", "tell", "explain", "check", "analyze", "analyse", "inspect",
    "look", "find", "watch", "status", "logs", "log", "count", "compare", "fetch", "read", "whats", "when",
    "where",
];

/// Words that ask for a change.
const CHANGING: &[&str] = &[
    "scale",
    "set",
    "change",
    "make",
    "increase",
    "decrease",
    "raise",
    "lower",
    "bump",
    "reduce",
    "grow",
    "shrink",
    "restart",
    "bounce",
    "redeploy",
    "roll",
    "rollout",
    "rollback",
    "apply",
    "deploy",
    "install",
    "upgrade",
    "update",
    "create",
    "add",
    "build",
    "rebuild",
    "tag",
    "retag",
    "push",
    "load",
    "run",
    "start",
    "stop",
    "pause",
    "freeze",
    "resume",
    "continue",
    "unpause",
    "undo",
    "revert",
    "cordon",
    "uncordon",
    "drain",
    "label",
    "annotate",
    "expose",
    "patch",
    "edit",
    "exec",
    "execute",
    "forward",
    "enable",
    "disable",
    "give",
    "put",
    "turn",
    "take",
    "bring",
    "need",
    "want",
    "write",
    "generate",
    "save",
    "move",
    "switch",
    "use",
    "test",
    "connect",
    "ping",
    "reach",
    "talk",
    "swap",
    "replace",
    "double",
    "halve",
    "autoscale",
    "import",
    "upload",
    "release",
    "rename",
    "recreate",
    "reload",
    "refresh",
    "launch",
    "spin",
    "let",
    "allow",
    "block",
    "mark",
    "attach",
    "wget",
    "curl",
    "rewrite",
    "optimize",
    "shut",
    "fix",
];

/// Words that ask for something to go.
const DESTROYING: &[&str] = &[
    "delete",
    "remove",
    "destroy",
    "kill",
    "drop",
    "purge",
    "prune",
    "uninstall",
    "tear",
    "wipe",
    "clean",
    "clear",
    "erase",
    "nuke",
    "rid",
    "evict",
    "drain",
    "empty",
    "terminate",
    "down",
    "zero",
    "0",
    "nothing",
    "scrap",
    "trash",
    "rm",
    "rmi",
    "del",
    "stop",
    "discard",
    "throw",
    "free",
    "reclaim",
    "recreate",
    "shut",
];

/// Words of both lists that ask for a change of any kind.
const GENERAL: &[&str] = &[
    "need", "want", "give", "let", "make", "put", "take", "bring", "use", "down", "zero", "0", "nothing",
    "change", "run", "update", "fix", "turn", "release", "label", "tag", "test", "load", "free", "clear",
    "clean", "empty", "export", "image", "build", "add", "start", "set", "continue",
];

/// The question to ask when the verbs of a request do not bear a change.
pub(super) fn contradicts(call: &Call, effect: Effect, declared: &Declared, words: &Words) -> Option<String> {
    let says = |list: &[&str]| {
        words
            .said
            .iter()
            .flat_map(|said| parts(said))
            .any(|said| list.iter().any(|word| stem(word) == stem(said)))
    };
    if effect == Effect::Destroy && !says(DESTROYING) && !says_name(declared, words) {
        return Some(format!(
            "Should something really go? {} would take it away, and the request has no word for that.",
            described(call)
        ));
    }
    let known = |verb: &&String| declared.literals.contains(&stem(verb));
    let verbs: Vec<&String> = words.said.iter().filter(|said| is_plain_verb(said)).collect();
    if let Some(first) = verbs.first()
        && !verbs.iter().any(known)
    {
        return Some(format!(
            "Is that meant? No tool answers to {first:?} here; the nearest is {}.",
            described(call)
        ));
    }
    if says(READING) && !says(CHANGING) && !says(DESTROYING) {
        return Some(format!(
            "Should something change? The request only asks to look, but it was understood as {}.",
            described(call)
        ));
    }
    None
}

/// Whether a word says what kind of change is wanted, as "drain" does and "need" does not.
fn is_plain_verb(word: &str) -> bool {
    let listed = |list: &[&str]| list.iter().any(|verb| stem(verb) == stem(word));
    (listed(CHANGING) || listed(DESTROYING)) && !listed(GENERAL)
}

/// Whether the tool's own name was said, such as "uninstall" or "prune".
fn says_name(declared: &Declared, words: &Words) -> bool {
    let verb = parts(declared.tool.name()).next().map(stem);
    verb.is_some_and(|verb| words.said.iter().any(|said| stem(said) == verb))
}

fn described(call: &Call) -> String {
    format!("`{call}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::model::declared::tools;
    use serde_json::json;

    fn question(request: &str, tool: &str, effect: Effect) -> Option<String> {
        let declared = tools().iter().find(|declared| declared.tool.name() == tool).unwrap();
        contradicts(&Call::new(tool, json!({"name": "web"})), effect, declared, &Words::of(request))
    }

    #[test]
    fn a_change_needs_a_verb_that_bears_it() {
        for (request, tool, effect) in [
            ("restart web", "restart", Effect::Change),
            ("could you bounce web please", "restart", Effect::Change),
            ("I want 3 replicas of web", "scale", Effect::Change),
            ("give web 3 pods", "scale", Effect::Change),
            ("get rid of web", "delete_resource", Effect::Destroy),
            ("take web down to nothing", "scale", Effect::Destroy),
        ] {
            assert_eq!(question(request, tool, effect), None, "{request}");
        }
        for (request, tool, effect) in [
            ("show me web", "restart", Effect::Change),
            ("drain node web", "restart", Effect::Change),
            ("annotate web with owner=me", "scale", Effect::Change),
            ("describe web", "delete_resource", Effect::Destroy),
            ("web", "delete_resource", Effect::Destroy),
        ] {
            assert!(question(request, tool, effect).is_some(), "{request}");
        }
    }
}
