//! Changing some fields of one object: worked out in memory, tried by the server, shown as a difference, and
//! done only when it is still the very change that was shown.
//!
//! A change is a function over the whole object. What it changed becomes a JSON merge patch, so custom
//! resources are changed like built-in ones, and only the fields that differ become shipmate's own.

use kube::Error;
use kube::api::{Patch, PatchParams, ValidationDirective};
use serde_json::{Map, Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::outcome::Verification;
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;

use super::cluster::{Cluster, FIELD_MANAGER};
use super::difference::{difference, differs};
use super::manifest_files::digest;
use super::rollout::wait_for_rollout;
use super::target::Target;

/// How often a change is tried again when only the object's status was written in between.
const TRIES: u32 = 5;

/// An object as it is, and as it would be.
#[derive(Debug, Clone)]
pub struct Edit {
    /// The object as it is.
    pub before: Value,
    /// The object as the server says it would be.
    pub after: Value,
    /// Which object it is.
    pub identity: ObjectIdentity,
    /// Whether it would stay as it is.
    pub same: bool,
    fingerprint: String,
}

impl Edit {
    /// The preview of this change alone, with what the tool wants to know again in `basis` (an object).
    #[must_use]
    pub fn preview(self, summary: String, warnings: Vec<String>, mut basis: Value) -> Preview {
        if let Some(map) = basis.as_object_mut() {
            map.insert("edit".to_owned(), json!(self.fingerprint));
        }
        Preview {
            summary,
            nothing_to_do: self.same,
            confirm_name: None,
            namespace: self.identity.namespace.clone(),
            warnings: if self.same { Vec::new() } else { warnings },
            changes: vec![ObjectChange {
                difference: difference(Some(&self.before), Some(&self.after)),
                action: if self.same { Action::Unchanged } else { Action::Update },
                object: self.identity,
            }],
            basis,
        }
    }
}

/// Works out what `change` does to an object and lets the server try it.
///
/// # Errors
/// As [`Cluster::ask`], whatever `change` says, or `InvalidArguments` with what the server has against it.
pub async fn try_edit(
    cluster: &Cluster,
    target: &Target,
    change: impl Fn(&mut Value) -> Result<()>,
) -> Result<Edit> {
    let (before, identity) = target.read(cluster).await?;
    let (patch, fingerprint) = work_out(&before, &change)?;
    let Some(patch) = patch else {
        return Ok(Edit { after: before.clone(), before, identity, same: true, fingerprint });
    };
    let after = send(cluster, target, patch, true).await?;
    let same = !differs(Some(&before), Some(&after));
    Ok(Edit { before, after, identity, same, fingerprint })
}

/// Does what [`try_edit`] showed. A status that is written in between does not matter; anything else does.
///
/// # Errors
/// `Conflict` when the object, or what would change in it, is not what was shown; else as [`Cluster::ask`].
pub async fn make_edit(
    cluster: &Cluster,
    target: &Target,
    approval: &Approval,
    change: impl Fn(&mut Value) -> Result<()>,
) -> Result<Value> {
    let shown = approval.preview();
    let mut tries = 0;
    loop {
        tries += 1;
        target.unchanged_since(cluster, shown).await?;
        let (before, _) = target.read(cluster).await?;
        let (patch, fingerprint) = work_out(&before, &change)?;
        let Some(mut patch) = patch else { return Ok(before) };
        if shown.basis.get("edit").and_then(Value::as_str) != Some(fingerprint.as_str()) {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("{} changed after it was shown, so nothing was done", target.label()),
            )
            .next("ask again to see it as it is now")
            .into());
        }
        // The server refuses when anybody wrote in between; then it is looked at again.
        let version = before.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
        merge_into(&mut patch, json!({"metadata": {"resourceVersion": version}}));
        match send(cluster, target, patch, false).await {
            Err(error) if error.kind() == ErrorKind::Conflict && tries < TRIES => {}
            answer => return answer,
        }
    }
}

/// Waits until a changed pod template is what runs, as far as it will run by itself.
///
/// # Errors
/// As [`Cluster::ask`].
pub async fn wait_for_template(
    cluster: &Cluster,
    target: &Target,
    deadline: Duration,
    progress: &Progress,
) -> Result<Verification> {
    let (object, _) = target.read(cluster).await?;
    Ok(match template_waits(&object) {
        Some(why) => Verification::Confirmed(format!("{} is changed; {why}", target.label())),
        None => wait_for_rollout(cluster, target, deadline, progress).await?,
    })
}

/// Why a changed pod template does not reach the pods by itself; `None` when it does.
#[must_use]
pub fn template_waits(object: &Value) -> Option<&'static str> {
    if object.pointer("/spec/paused").and_then(Value::as_bool) == Some(true) {
        return Some("its rollout is paused, so pods get it when the rollout is resumed");
    }
    if object.pointer("/spec/updateStrategy/type").and_then(Value::as_str) == Some("OnDelete") {
        return Some("a pod gets it when it is deleted (update strategy OnDelete)");
    }
    (object.get("kind").and_then(Value::as_str) == Some("CronJob")).then_some("its next job runs with it")
}

/// The merge patch that `change` comes to, none when it changes nothing, and what tells it from another one.
fn work_out(before: &Value, change: &impl Fn(&mut Value) -> Result<()>) -> Result<(Option<Value>, String)> {
    let mut wanted = before.clone();
    change(&mut wanted)?;
    let (there, back) = (merge_patch(before, &wanted), merge_patch(&wanted, before));
    let text = |patch: &Option<Value>| patch.as_ref().map(ToString::to_string).unwrap_or_default();
    let (first, second) = (text(&there), text(&back));
    let fingerprint = digest([("there", first.as_bytes()), ("back", second.as_bytes())]);
    Ok((there, fingerprint))
}

async fn send(cluster: &Cluster, target: &Target, patch: Value, dry_run: bool) -> Result<Value> {
    let parameters = PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        field_validation: Some(ValidationDirective::Strict),
        dry_run,
        force: false,
    };
    let api = target.api(cluster);
    let doing = if dry_run { "try the change on" } else { "change" };
    let patch = Patch::Merge(patch);
    let request = async {
        match api.patch(&target.name, &parameters, &patch).await {
            Ok(object) => Ok(Ok(object)),
            // A patch that does not decode into its kind is answered as if it were the server's fault.
            Err(Error::Api(status)) if status.code == 500 && status.message.contains("json: cannot") => {
                Ok(Err(status.message))
            }
            Err(error) => Err(error),
        }
    };
    let answer = cluster.ask(&format!("{doing} {}", target.label()), request).await;
    match answer {
        Ok(Ok(object)) => Ok(target.value(object)),
        Ok(Err(why)) => Err(misfit(target, &why)),
        Err(ToolError::Feedback(feedback))
            if feedback.kind == ErrorKind::InvalidArguments && feedback.next_step.is_none() =>
        {
            Err(feedback.next("correct it and ask again; nothing was changed").into())
        }
        Err(error) => Err(error),
    }
}

fn misfit(target: &Target, why: &str) -> ToolError {
    Feedback::new(ErrorKind::InvalidArguments, format!("the value does not fit {}: {why}", target.label()))
        .next("correct it and ask again; nothing was changed")
        .into()
}

/// The JSON merge patch (RFC 7386) that turns `before` into `after`; `None` when they are equal. Lists are
/// replaced whole, which is all that the format can do.
#[must_use]
pub fn merge_patch(before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else { return Some(after.clone()) };
    let mut patch = Map::new();
    for (key, value) in new {
        match old.get(key) {
            None => {
                patch.insert(key.clone(), value.clone());
            }
            Some(known) => {
                if let Some(inner) = merge_patch(known, value) {
                    patch.insert(key.clone(), inner);
                }
            }
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Some(Value::Object(patch))
}

/// Merges `more` into a patch, key by key.
fn merge_into(patch: &mut Value, more: Value) {
    match (patch, more) {
        (Value::Object(patch), Value::Object(more)) => {
            for (key, value) in more {
                merge_into(patch.entry(key).or_insert(Value::Null), value);
            }
        }
        (patch, more) => *patch = more,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_holds_what_differs_and_nothing_else() {
        let before =
            json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"list": [1, 2], "same": {"x": 1}}});
        let after =
            json!({"metadata": {"labels": {"a": "1", "c": "3"}}, "spec": {"list": [1], "same": {"x": 1}}});
        assert_eq!(
            merge_patch(&before, &after),
            Some(json!({"metadata": {"labels": {"c": "3", "b": null}}, "spec": {"list": [1]}}))
        );
        assert_eq!(merge_patch(&before, &before), None);
    }

    #[test]
    fn the_same_change_of_another_object_is_told_apart() {
        let to = |value: &'static str| {
            move |object: &mut Value| {
                object["image"] = json!(value);
                Ok(())
            }
        };
        let (patch, one) = work_out(&json!({"image": "web:1"}), &to("web:3")).unwrap();
        assert_eq!(patch, Some(json!({"image": "web:3"})));
        assert_eq!(work_out(&json!({"image": "web:1", "other": 1}), &to("web:3")).unwrap().1, one);
        assert_ne!(work_out(&json!({"image": "web:2"}), &to("web:3")).unwrap().1, one);
        assert!(work_out(&json!({"image": "web:3"}), &to("web:3")).unwrap().0.is_none());
    }

    #[test]
    fn the_version_joins_a_patch_of_metadata() {
        let mut patch = json!({"metadata": {"labels": {"a": "1"}}});
        merge_into(&mut patch, json!({"metadata": {"resourceVersion": "7"}}));
        assert_eq!(patch, json!({"metadata": {"labels": {"a": "1"}, "resourceVersion": "7"}}));
    }

    #[test]
    fn templates_that_wait_say_for_what() {
        assert!(template_waits(&json!({"spec": {"paused": true}})).is_some());
        assert!(template_waits(&json!({"kind": "CronJob"})).is_some());
        assert!(template_waits(&json!({"kind": "Deployment", "spec": {}})).is_none());
    }
}
