//! `check_access`: what somebody may do, and who may do something.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{AccessAction, Cluster, Right, Subject, account_user, check_arguments, check_name};
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Say whether you, a user or a service account may do something; everything they may do; or who may do it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckAccess {
    /// What to do, as an API verb: get, list, watch, create, update, patch, delete; none for everything that is
    /// allowed.
    verb: Option<String>,
    /// On which kind, such as `pods`; with a subresource, `pods/exec`.
    resource: Option<String>,
    /// On one object of it, by name.
    name: Option<String>,
    /// In which namespace.
    namespace: Option<String>,
    /// In every namespace.
    #[serde(default)]
    all_namespaces: bool,
    /// Ask about this service account instead of yourself.
    service_account: Option<String>,
    /// The namespace of that service account, when it is another one.
    service_account_namespace: Option<String>,
    /// Ask about this user instead of yourself.
    user: Option<String>,
    /// Ask who may do it.
    #[serde(default)]
    who: bool,
}

impl Tool for CheckAccess {
    const NAME: &'static str = "check_access";
    const PHRASES: &'static [&'static str] = &[
        "(can|may|could|am|do|have) (i|we) [allowed to|able to|permitted to|authorized to|permission to|the right to|rights to|access to] {verb:word} [any|the|new] {resource:kind}",
        "(am i|are we) (allowed|able|permitted|authorized|authorised) to {verb:word} [any|the|new] {resource:kind}",
        "(do i|do we|have i|have we) have [the] (permission|permissions|right|rights|access|privileges) to {verb:word} [any|the|new] {resource:kind}",
        "[check] (if|whether) (i|we) (can|may|could|am allowed to|are allowed to) {verb:word} [any|the|new] {resource:kind}",
        "is it (ok|okay|allowed|possible) for (me|us) to {verb:word} [any|the|new] {resource:kind}",
        "(have i|have we|do i|do we) [have|got] [the] (permission|permissions|right|rights|access|privileges) to {verb:word} [any|the|new] {resource:kind}",
        "(do i|do we|have i|have we) [have] [got] access to [any|the] {resource:kind} => verb=get",
        "does [the] (service account|serviceaccount|sa) {service_account:word} have access to [any|the] {resource:kind} => verb=get",
        "does [the] {service_account:word} (service account|serviceaccount|sa) have access to [any|the] {resource:kind} => verb=get",
        "(which|what) (service accounts|serviceaccounts|users|accounts|groups) [all] (can|may|are allowed to) {verb:word} [any|the] {resource:kind} => who=true",
        "(can i|can-i|auth can-i) {verb:word} {resource:kind}",
        "(can|may) (i|we) (exec|exec into|enter|shell into) [into] [any|the] pods => verb=create, resource=pods/exec",
        "(am i|are we) (allowed|able|permitted) to (exec|exec into|enter|shell into) [into] [any|the] pods => verb=create, resource=pods/exec",
        "(can|may|could|does|is) [the] {service_account:word} (service account|serviceaccount|sa) [have permission to|have the right to|have access to|allowed to|able to|permitted to] {verb:word} [any|the] {resource:kind}",
        "(can|may|could|does|is) [the] (service account|serviceaccount|sa) {service_account:word} [have permission to|have the right to|have access to|allowed to|able to|permitted to] {verb:word} [any|the] {resource:kind}",
        "[check] (if|whether) [the] (service account|serviceaccount|sa) {service_account:word} (can|may|is allowed to) {verb:word} [any|the] {resource:kind}",
        "[check] (if|whether) [the] {service_account:word} (service account|serviceaccount|sa) (can|may|is allowed to) {verb:word} [any|the] {resource:kind}",
        "(can|may|could|is) [the] user {user:word} [allowed to|able to|permitted to] {verb:word} [any|the] {resource:kind}",
        "what (can|may|could|am|are) (i|we) [allowed to|able to|permitted to] do [here|there]",
        "what (am i|are we) (allowed|able|permitted) to do [here|there]",
        "[<show>|list] [all] [of] [the] (my|our) [own] (permissions|rights|access|access rights|privileges|rbac permissions) [here]",
        "(what|which) (permissions|rights|access|privileges) (do i|do we|have i|have we) [have|got] [here]",
        "auth can-i --list",
        "what (can|may|is) [the] {service_account:word} (service account|serviceaccount|sa) [allowed to|able to|permitted to] do",
        "what (can|may|is) [the] (service account|serviceaccount|sa) {service_account:word} [allowed to|able to|permitted to] do",
        "(what|which) (permissions|rights|access|privileges) (does|has) [the] {service_account:word} (service account|serviceaccount|sa) [have|got]",
        "(what|which) (permissions|rights|access|privileges) (does|has) [the] (service account|serviceaccount|sa) {service_account:word} [have|got]",
        "[<show>|list] [all] [the] (permissions|rights|access rights|privileges) (of|for) [the] (service account|serviceaccount|sa) {service_account:word}",
        "[<show>|list] [all] [the] (permissions|rights|access rights|privileges) (of|for) [the] {service_account:word} (service account|serviceaccount|sa)",
        "who [all] (can|may|could|is) [allowed to|able to|permitted to] {verb:word} [any|the] {resource:kind} => who=true",
        "who is (allowed|able|permitted|authorized) to {verb:word} [any|the] {resource:kind} => who=true",
        "(who|which users|which accounts) (has|have) [the] (permission|permissions|right|rights|access) to {verb:word} [any|the] {resource:kind} => who=true",
        "who has access to [any|the] {resource:kind} => who=true, verb=get",
        "who (can|may) (exec|exec into|enter|shell into) [into] [any|the] pods => who=true, verb=create, resource=pods/exec",
        "[<show>|list] (everyone|everybody|users|all users|all subjects|subjects) (who|that) (can|may) {verb:word} [any|the] {resource:kind} => who=true",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        if self.who {
            // kubectl has no question for this; these are what answers it.
            return self
                .place(
                    CommandLine::kubectl()
                        .args(["get", "clusterrolebindings,rolebindings,clusterroles,roles"]),
                )
                .args(["-o", "wide"]);
        }
        let line = CommandLine::kubectl().args(["auth", "can-i"]);
        let line = match (&self.verb, &self.resource) {
            (Some(_), Some(resource)) => {
                let resource = match &self.name {
                    Some(name) => format!("{resource}/{name}"),
                    None => resource.clone(),
                };
                let (resource, sub) = self.subresource(&resource);
                line.arg(self.api_verb()).arg(resource).option("--subresource", sub)
            }
            _ => line.arg("--list"),
        };
        self.place(line).option("--as", self.asked_about())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        let all_namespaces = self.all_namespaces;
        let mut slots = Vec::new();
        if self.service_account.is_some() {
            // Where nothing else is said the account's own namespace is meant.
            if self.service_account_namespace.is_none() {
                self.service_account_namespace.clone_from(&self.namespace);
            }
            slots.push(Slot::Another {
                kind: Some("serviceaccount"),
                reference: &mut self.service_account,
                namespace: &mut self.service_account_namespace,
                port: None,
            });
        }
        slots.push(Slot::Scope { namespace: &mut self.namespace, all_namespaces, qualifier: None });
        slots
    }

    fn check(&self) -> Result<()> {
        let kind = self.resource.as_deref().and_then(|resource| resource.split('/').next());
        check_arguments(kind, self.name.as_deref(), self.namespace.as_deref(), None)?;
        for (what, value) in
            [("service account", &self.service_account), ("user", &self.user), ("verb", &self.verb)]
        {
            value.as_deref().map_or(Ok(()), |value| check_name(what, value))?;
        }
        let invalid =
            |why: &str, next: &str| Err(Feedback::new(ErrorKind::InvalidArguments, why).next(next).into());
        match (&self.verb, &self.resource) {
            (Some(_), None) | (None, Some(_)) => invalid(
                "a verb and a kind belong together",
                "say both, such as delete and pods, or neither for all rights",
            ),
            (None, None) if self.who => {
                invalid("who may do what is not said", "say a verb and a kind, such as delete and pods")
            }
            _ if self.user.is_some() && self.service_account.is_some() => {
                invalid("one can ask about a user or a service account, not both at once", "name one of them")
            }
            _ => Ok(()),
        }
    }
}

impl CheckAccess {
    /// The API's word for what people say.
    fn api_verb(&self) -> String {
        let said = self.verb.as_deref().unwrap_or_default().to_lowercase();
        let verb = match said.as_str() {
            "read" | "see" | "view" | "look" | "show" | "access" | "fetch" => "get",
            "make" | "add" | "start" | "run" | "launch" | "deploy" => "create",
            "change" | "edit" | "modify" | "write" => "update",
            "remove" | "kill" | "destroy" | "drop" => "delete",
            "scale" | "restart" | "label" | "annotate" => "patch",
            other => other,
        };
        verb.to_owned()
    }

    fn subresource(&self, resource: &str) -> (String, Option<String>) {
        // `pods/exec` is a subresource, `pods/web-0` an object: an object is given by its name.
        match resource.split_once('/') {
            Some((kind, sub)) if self.name.is_none() => (kind.to_owned(), Some(sub.to_owned())),
            _ => (resource.to_owned(), None),
        }
    }

    fn asked_about(&self) -> Option<String> {
        let account = self.service_account.as_ref().map(|account| {
            let namespace = self.service_account_namespace.as_deref().or(self.namespace.as_deref());
            account_user(namespace.unwrap_or("default"), account)
        });
        account.or_else(|| self.user.clone())
    }

    fn place(&self, line: CommandLine) -> CommandLine {
        if self.all_namespaces { line.arg("-A") } else { line.namespace(self.namespace.as_deref()) }
    }

    async fn action(&self, cluster: &Cluster) -> Result<AccessAction> {
        let said = self.resource.as_deref().unwrap_or_default();
        let (word, subresource) = match said.split_once('/') {
            Some((word, sub)) => (word, Some(sub.to_owned())),
            None => (said, None),
        };
        let (group, resource, namespaced) = if word == "*" {
            ("*".to_owned(), "*".to_owned(), true)
        } else {
            let kind = cluster.kind(word).await?;
            (kind.group, kind.plural, kind.namespaced)
        };
        let namespace = self.namespace.clone().unwrap_or_else(|| cluster.namespace().to_owned());
        Ok(AccessAction {
            verb: self.api_verb(),
            group,
            resource,
            subresource,
            name: self.name.clone(),
            namespace: (namespaced && !self.all_namespaces).then_some(namespace),
        })
    }
}

impl ReadTool for CheckAccess {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        access(self, world.cluster().await?).await
    }
}

async fn access(wanted: &CheckAccess, cluster: &Cluster) -> Result<Outcome> {
    let user = wanted.asked_about();
    if wanted.verb.is_none() {
        let namespace = wanted.namespace.as_deref().unwrap_or(cluster.namespace());
        let (rights, incomplete) = cluster.rights(namespace, user.as_deref()).await?;
        return Ok(all_rights(user.as_deref(), namespace, &rights, incomplete));
    }
    let action = wanted.action(cluster).await?;
    let what = said(&action);
    if wanted.who {
        return Ok(subjects(&what, &cluster.who_may(&action).await?));
    }
    let answer = cluster.may(&action, user.as_deref()).await?;
    let subject = user.clone().unwrap_or_else(|| "you".to_owned());
    let may = if answer.allowed { "may" } else { "may not" };
    let word = if answer.allowed { "yes" } else { "no" };
    let outcome = Outcome::sentence(format!("{word}: {subject} {may} {what}")).data(
        json!({"allowed": answer.allowed, "reason": answer.reason, "subject": user, "verb": action.verb,
            "resource": action.resource, "group": action.group, "namespace": action.namespace}),
    );
    Ok(if answer.reason.is_empty() { outcome } else { outcome.note(answer.reason) })
}

/// `delete pods in todo`.
fn said(action: &AccessAction) -> String {
    let sub = action.subresource.as_ref().map(|sub| format!("/{sub}")).unwrap_or_default();
    let name = action.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    let place = match &action.namespace {
        Some(namespace) => format!("in {namespace}"),
        None => "in the whole cluster".to_owned(),
    };
    format!("{} {}{sub}{name} {place}", action.verb, action.resource)
}

fn all_rights(user: Option<&str>, namespace: &str, rights: &[Right], incomplete: bool) -> Outcome {
    let rows = rights.iter().map(|right| {
        let names = if right.names.is_empty() { "<all>".to_owned() } else { right.names.join(", ") };
        vec![right.resources.join(", "), names, right.verbs.join(", ")]
    });
    let table =
        Table { columns: ["RESOURCES", "NAMES", "VERBS"].map(str::to_owned).into(), rows: rows.collect() };
    let everything = rights.iter().any(|right| {
        right.resources.iter().any(|one| one == "*") && right.verbs.iter().any(|one| one == "*")
    });
    let summary = match (user, everything) {
        (None, true) => format!("you may do everything in {namespace}"),
        (Some(user), true) => format!("{user} may do everything in {namespace}"),
        (None, false) => format!("what you may do in {namespace}"),
        (Some(user), false) => format!("what {user} may do in {namespace}"),
    };
    let outcome = Outcome::sentence(summary)
        .view(View::Tables(vec![(String::new(), table)]))
        .data(json!({"subject": user, "namespace": namespace, "rights": rights}));
    if incomplete {
        outcome.note("the server could not tell all: another authorizer than RBAC may allow more")
    } else {
        outcome
    }
}

fn subjects(what: &str, found: &[Subject]) -> Outcome {
    let outcome = match found.len() {
        0 => Outcome::sentence(format!("RBAC lets nobody {what}")),
        1 => Outcome::sentence(format!("1 subject may {what}")),
        count => Outcome::sentence(format!("{count} subjects may {what}")),
    };
    let rows = found.iter().map(|one| {
        let name = match &one.namespace {
            Some(namespace) => format!("{namespace}/{}", one.name),
            None => one.name.clone(),
        };
        vec![one.kind.clone(), name, one.binding.clone(), one.role.clone()]
    });
    let columns = ["KIND", "NAME", "THROUGH", "ROLE"].map(str::to_owned).into();
    let table = Table { columns, rows: rows.collect() };
    let outcome = outcome.data(json!({"action": what, "subjects": found}));
    let outcome =
        if found.is_empty() { outcome } else { outcome.view(View::Tables(vec![(String::new(), table)])) };
    outcome.note("read from RBAC's roles and bindings; other authorizers may allow more, and who is in a group is not kept in the cluster")
}

pub(crate) static TOOL: Reader<CheckAccess> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::kubernetes::mock::answering;
    use serde_json::Value;

    #[test]
    fn says_its_command() {
        for (arguments, line) in [
            (
                json!({"verb": "delete", "resource": "pod", "namespace": "shop"}),
                "kubectl auth can-i delete pod -n shop",
            ),
            (
                json!({"verb": "read", "resource": "secret", "namespace": "shop", "service_account": "ci", "service_account_namespace": "build"}),
                "kubectl auth can-i get secret -n shop --as=system:serviceaccount:build:ci",
            ),
            (
                json!({"verb": "create", "resource": "pods/exec"}),
                "kubectl auth can-i create pods --subresource=exec",
            ),
            (
                json!({"verb": "get", "resource": "pods", "name": "web-0"}),
                "kubectl auth can-i get pods/web-0",
            ),
            (json!({"namespace": "shop"}), "kubectl auth can-i --list -n shop"),
            (
                json!({"verb": "list", "resource": "nodes", "all_namespaces": true, "user": "ann"}),
                "kubectl auth can-i list nodes -A --as=ann",
            ),
        ] {
            assert_eq!(Call::new("check_access", arguments).bind().unwrap().command().to_string(), line);
        }
        for arguments in [
            json!({"verb": "get"}),
            json!({"who": true}),
            json!({"verb": "get", "resource": "-A"}),
            json!({"user": "--x"}),
        ] {
            assert!(Call::new("check_access", arguments).bind().unwrap().check().is_err());
        }
    }

    async fn read(arguments: Value) -> Outcome {
        let cluster = answering(|uri| {
            if uri.ends_with("selfsubjectaccessreviews") {
                json!({"status": {"allowed": true, "reason": "RBAC: allowed by RoleBinding \"ci/shop\""}})
            } else {
                json!({"status": {"incomplete": true, "nonResourceRules": [], "resourceRules": [
                    {"verbs": ["get", "list"], "apiGroups": ["", "apps"], "resources": ["pods"]}]}})
            }
        });
        access(&serde_json::from_value(arguments).unwrap(), &cluster).await.unwrap()
    }

    #[tokio::test]
    async fn answers_are_the_servers() {
        let outcome = read(json!({"verb": "remove", "resource": "pod", "namespace": "shop"})).await;
        assert_eq!(outcome.summary, "yes: you may delete pods in shop");
        assert_eq!(outcome.notes, ["RBAC: allowed by RoleBinding \"ci/shop\""]);
        let outcome = read(json!({"namespace": "shop", "service_account": "ci"})).await;
        assert_eq!(outcome.summary, "what system:serviceaccount:shop:ci may do in shop");
        let View::Tables(tables) = &outcome.view else { panic!("{outcome:?}") };
        assert_eq!(tables[0].1.rows[0], ["pods, pods.apps", "<all>", "get, list"]);
        assert_eq!(outcome.notes.len(), 1);
    }
}
