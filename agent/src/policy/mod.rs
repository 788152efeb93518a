//! Decide: declared effect × context × rules → run, ask or refuse.
//!
//! This is outside the tools and outside the model: no text that a model, a log or a manifest holds is looked
//! at here. It is also the only place where an [`Approval`] is made, and each is for exactly what was shown.

use shipmate_tools::{Approval, ApprovedBy, Call, Effect, Preview};
use std::collections::BTreeSet;

/// The rules of a session: what its flags and configuration say.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// `--yes`: changes are approved without asking.
    pub yes: bool,
    /// `--dry-run`: nothing is changed, whatever is said.
    pub dry_run: bool,
    /// Whether somebody is there to ask.
    pub interactive: bool,
    /// Contexts in which `--yes` and "always" do not count.
    pub protected_contexts: Vec<String>,
    /// Tools that a person allowed in a namespace for this session.
    always: BTreeSet<(String, Option<String>)>,
}

/// What to do with a call that was previewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Do it; it is approved.
    Run(ApprovedBy),
    /// Ask the person.
    Ask {
        /// The name that has to be typed instead of "yes".
        typed_name: Option<String>,
        /// Whether "always in this session" may be answered.
        may_always: bool,
    },
    /// Show what would change and leave it at that.
    ShowOnly,
    /// Do not do it.
    Refuse {
        /// Why.
        reason: String,
        /// What to do instead.
        hint: String,
    },
}

/// What a person answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Do it.
    Yes,
    /// Do it, and do not ask again for this tool in this namespace in this session.
    Always,
    /// Do not.
    No,
    /// Do this instead; it is grounded and shown again.
    Edit(Call),
    /// Nobody answered: no terminal, or its input ended.
    Nobody,
    /// Ctrl-C instead of an answer.
    Interrupted,
}

impl Rules {
    /// Rules with nothing allowed for the session yet.
    #[must_use]
    pub const fn new(yes: bool, dry_run: bool, interactive: bool, protected_contexts: Vec<String>) -> Self {
        Self { yes, dry_run, interactive, protected_contexts, always: BTreeSet::new() }
    }

    /// Whether a context is marked protected. A `*` at either end of a mark stands for anything.
    #[must_use]
    pub fn is_protected(&self, context: &str) -> bool {
        self.protected_contexts.iter().any(|mark| match (mark.strip_prefix('*'), mark.strip_suffix('*')) {
            (Some(_), Some(_)) => context.contains(mark.trim_matches('*')),
            (Some(end), None) => context.ends_with(end),
            (None, Some(start)) => context.starts_with(start),
            (None, None) => context == mark,
        })
    }

    /// Remembers "always" for this session.
    pub fn allow_always(&mut self, tool: &str, namespace: Option<&str>) {
        self.always.insert((tool.to_owned(), namespace.map(str::to_owned)));
    }

    /// What to do with a call of this effect in this context. Reads are not asked about; they never get here
    /// with a preview.
    #[must_use]
    pub fn decide(&self, call: &Call, effect: Effect, preview: &Preview, context: &str) -> Decision {
        if self.dry_run || effect == Effect::Read {
            return Decision::ShowOnly;
        }
        let protected = self.is_protected(context);
        if self.yes && !protected {
            return Decision::Run(ApprovedBy::Flag);
        }
        let key = (call.tool.clone(), preview.namespace.clone());
        if effect == Effect::Change && !protected && self.always.contains(&key) {
            return Decision::Run(ApprovedBy::Session);
        }
        if !self.interactive {
            return if protected && self.yes {
                Decision::Refuse {
                    reason: format!("the context {context} is marked protected, where --yes does not count"),
                    hint: "run it in a terminal and answer there".to_owned(),
                }
            } else {
                Decision::Refuse {
                    reason: "this needs an approval, and nobody is there to give it".to_owned(),
                    hint: "add --yes to approve it, or --dry-run to only see what would change".to_owned(),
                }
            };
        }
        Decision::Ask {
            typed_name: (effect == Effect::Destroy)
                .then(|| preview.confirm_name.clone().unwrap_or_else(|| call.tool.clone())),
            may_always: effect == Effect::Change && !protected,
        }
    }
}

/// Grants an approval for what was shown.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the policy step")]
pub fn grant(call: &Call, preview: &Preview, by: ApprovedBy) -> Approval {
    Approval::grant(call.clone(), preview.clone(), by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call() -> Call {
        Call::new("scale", json!({"name": "web"}))
    }

    fn shown() -> Preview {
        Preview { namespace: Some("shop".into()), confirm_name: Some("web".into()), ..Preview::default() }
    }

    #[test]
    fn nobody_there_means_no() {
        let rules = Rules::default();
        for effect in [Effect::Change, Effect::Destroy] {
            assert!(matches!(rules.decide(&call(), effect, &shown(), "dev"), Decision::Refuse { .. }));
        }
    }

    #[test]
    fn a_typed_flag_approves_except_where_the_context_is_protected() {
        let rules = Rules { yes: true, protected_contexts: vec!["prod*".into()], ..Rules::default() };
        assert_eq!(rules.decide(&call(), Effect::Change, &shown(), "dev"), Decision::Run(ApprovedBy::Flag));
        assert!(matches!(
            rules.decide(&call(), Effect::Change, &shown(), "prod-eu"),
            Decision::Refuse { .. }
        ));
        let dry = Rules { dry_run: true, ..rules };
        assert_eq!(dry.decide(&call(), Effect::Change, &shown(), "dev"), Decision::ShowOnly);
    }

    #[test]
    fn always_holds_for_a_tool_in_a_namespace_and_never_for_destroying() {
        let mut rules = Rules { interactive: true, ..Rules::default() };
        rules.allow_always("scale", Some("shop"));
        assert_eq!(
            rules.decide(&call(), Effect::Change, &shown(), "dev"),
            Decision::Run(ApprovedBy::Session)
        );
        assert_eq!(
            rules.decide(&call(), Effect::Destroy, &shown(), "dev"),
            Decision::Ask { typed_name: Some("web".into()), may_always: false }
        );
        let elsewhere = Preview { namespace: Some("bank".into()), ..shown() };
        assert_eq!(
            rules.decide(&call(), Effect::Change, &elsewhere, "dev"),
            Decision::Ask { typed_name: None, may_always: true }
        );
    }
}
