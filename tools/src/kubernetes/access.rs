//! Who may do what: reviews that the API server answers for oneself or for somebody else, and who can do
//! something, read from the roles and bindings of RBAC.

use http::Request;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::{Result, ToolError};

use super::cluster::Cluster;
use super::objects::Query;

/// Something that may be allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Action {
    /// The verb: `get`, `create`, …, or `*`.
    pub verb: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The plural resource name, or `*`.
    pub resource: String,
    /// A subresource, such as `exec`.
    pub subresource: Option<String>,
    /// One object; any without.
    pub name: Option<String>,
    /// Where; everywhere without, or for kinds without namespaces.
    pub namespace: Option<String>,
}

/// What the API server says to an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Why, when the server says.
    pub reason: String,
}

/// What somebody may do, as one row: verbs on resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Right {
    /// Resources with their group (`deployments.apps`), or paths that are no resources.
    pub resources: Vec<String>,
    /// Names the right is limited to; none for all.
    pub names: Vec<String>,
    /// Verbs.
    pub verbs: Vec<String>,
}

/// Somebody who may do something, and through what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Subject {
    /// `User`, `Group` or `ServiceAccount`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// A service account's namespace.
    pub namespace: Option<String>,
    /// The binding that gives the right, as `kind/name`.
    pub binding: String,
    /// The role it gives, as `kind/name`.
    pub role: String,
}

/// `system:serviceaccount:namespace:name`, the user name of a service account.
#[must_use]
pub fn account_user(namespace: &str, name: &str) -> String {
    format!("system:serviceaccount:{namespace}:{name}")
}

fn strings(value: &Value, key: &str) -> Vec<String> {
    let list = value.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Cluster {
    /// A review, posted as oneself or, like `kubectl --as`, as another user; that needs the right to
    /// impersonate.
    async fn review(
        &self,
        plural: &str,
        kind: &str,
        spec: Value,
        user: Option<&str>,
        doing: &str,
    ) -> Result<Value> {
        let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec});
        let mut request = Request::post(format!("/apis/authorization.k8s.io/v1/{plural}"))
            .header(http::header::CONTENT_TYPE, "application/json");
        if let Some(user) = user {
            request = request.header("Impersonate-User", user);
        }
        let request = request
            .body(body.to_string().into_bytes())
            .map_err(|error| ToolError::Fatal(error.to_string()))?;
        self.ask(doing, self.client().request(request)).await
    }

    /// Whether oneself, or `user`, may do something.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn may(&self, action: &Action, user: Option<&str>) -> Result<Answer> {
        let attributes = json!({
            "verb": action.verb, "group": action.group, "resource": action.resource,
            "subresource": action.subresource, "name": action.name, "namespace": action.namespace,
        });
        let review = self
            .review(
                "selfsubjectaccessreviews",
                "SelfSubjectAccessReview",
                json!({"resourceAttributes": attributes}),
                user,
                &format!(
                    "ask whether {} is allowed to {} {}",
                    user.unwrap_or("this user"),
                    action.verb,
                    action.resource
                ),
            )
            .await?;
        Ok(Answer {
            allowed: review.pointer("/status/allowed").and_then(Value::as_bool).unwrap_or(false),
            reason: review.pointer("/status/reason").and_then(Value::as_str).unwrap_or_default().to_owned(),
        })
    }

    /// Everything oneself, or `user`, may do in a namespace, and whether the server could not tell all.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn rights(&self, namespace: &str, user: Option<&str>) -> Result<(Vec<Right>, bool)> {
        let review = self
            .review(
                "selfsubjectrulesreviews",
                "SelfSubjectRulesReview",
                json!({"namespace": namespace}),
                user,
                &format!("ask what {} is allowed to do in {namespace}", user.unwrap_or("this user")),
            )
            .await?;
        let rules = |path: &str| review.pointer(path).and_then(Value::as_array).cloned().unwrap_or_default();
        let mut rights: Vec<Right> = rules("/status/resourceRules")
            .iter()
            .map(right)
            .chain(rules("/status/nonResourceRules").iter().map(|rule| Right {
                resources: strings(rule, "nonResourceURLs"),
                names: Vec::new(),
                verbs: strings(rule, "verbs"),
            }))
            .collect();
        rights.sort_by(|one, other| one.resources.cmp(&other.resources).then(one.verbs.cmp(&other.verbs)));
        rights.dedup();
        let incomplete = review.pointer("/status/incomplete").and_then(Value::as_bool).unwrap_or(false);
        Ok((rights, incomplete))
    }

    /// Everybody to whom RBAC gives an action: users, groups and service accounts, each with its binding.
    ///
    /// # Errors
    /// As [`Cluster::ask`]; roles and bindings have to be readable.
    pub async fn who_may(&self, action: &Action) -> Result<Vec<Subject>> {
        let (roles, cluster_roles) =
            (self.kind("roles.rbac.authorization.k8s.io").await?, self.kind("clusterroles").await?);
        let (bindings, cluster_bindings) = (
            self.kind("rolebindings.rbac.authorization.k8s.io").await?,
            self.kind("clusterrolebindings").await?,
        );
        let everywhere = Query::default();
        let here = Query { namespace: action.namespace.clone(), ..Query::default() };
        let (cluster_roles, cluster_bindings) = tokio::try_join!(
            self.objects(&cluster_roles, &everywhere),
            self.objects(&cluster_bindings, &everywhere)
        )?;
        // Without a namespace only what holds everywhere counts.
        let (roles, bindings) = if action.namespace.is_some() {
            tokio::try_join!(self.objects(&roles, &here), self.objects(&bindings, &here))?
        } else {
            (Vec::new(), Vec::new())
        };
        let all_roles: Vec<&Value> = roles.iter().chain(&cluster_roles).collect();
        let all_bindings: Vec<&Value> = bindings.iter().chain(&cluster_bindings).collect();
        Ok(subjects(action, &all_roles, &all_bindings))
    }
}

fn right(rule: &Value) -> Right {
    let groups = strings(rule, "apiGroups");
    let resources = strings(rule, "resources");
    let named = |group: &String, resource: &String| {
        if group.is_empty() || (group == "*" && resource == "*") {
            resource.clone()
        } else {
            format!("{resource}.{group}")
        }
    };
    Right {
        resources: groups
            .iter()
            .flat_map(|group| resources.iter().map(move |one| named(group, one)))
            .collect(),
        names: strings(rule, "resourceNames"),
        verbs: strings(rule, "verbs"),
    }
}

fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    object.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn subjects(action: &Action, roles: &[&Value], bindings: &[&Value]) -> Vec<Subject> {
    let mut found = Vec::new();
    for binding in bindings {
        let (role_kind, role_name) = (text(binding, "/roleRef/kind"), text(binding, "/roleRef/name"));
        let allows = roles.iter().any(|role| {
            text(role, "/kind") == role_kind
                && text(role, "/metadata/name") == role_name
                && role
                    .get("rules")
                    .and_then(Value::as_array)
                    .is_some_and(|rules| rules.iter().any(|rule| allows(rule, action)))
        });
        if !allows {
            continue;
        }
        for subject in binding.get("subjects").and_then(Value::as_array).into_iter().flatten() {
            found.push(Subject {
                kind: text(subject, "/kind").to_owned(),
                name: text(subject, "/name").to_owned(),
                namespace: subject.get("namespace").and_then(Value::as_str).map(str::to_owned),
                binding: format!(
                    "{}/{}",
                    text(binding, "/kind").to_lowercase(),
                    text(binding, "/metadata/name")
                ),
                role: format!("{}/{role_name}", role_kind.to_lowercase()),
            });
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Whether a rule gives an action, by the rules of RBAC (kubernetes.io, "Using RBAC Authorization"): `*` is
/// everything, `*/sub` that subresource of everything, and a rule with names gives nothing to an action
/// without one.
fn allows(rule: &Value, action: &Action) -> bool {
    let has = |key: &str, wanted: &str| strings(rule, key).iter().any(|one| one == "*" || one == wanted);
    let resources = strings(rule, "resources");
    let resource = match &action.subresource {
        Some(sub) => {
            let exact = format!("{}/{sub}", action.resource);
            let any = format!("*/{sub}");
            resources.iter().any(|one| *one == "*" || *one == exact || *one == any)
        }
        None => resources.iter().any(|one| one == "*" || *one == action.resource),
    };
    let names = strings(rule, "resourceNames");
    let named = names.is_empty() || action.name.as_ref().is_some_and(|name| names.contains(name));
    has("verbs", &action.verb) && has("apiGroups", &action.group) && resource && named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::mock::answering;

    fn action(verb: &str, resource: &str) -> Action {
        Action {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            namespace: Some("shop".to_owned()),
            ..Action::default()
        }
    }

    #[test]
    fn rules_give_what_rbac_says_they_give() {
        let rule = |resources: &[&str], names: &[&str]| json!({"apiGroups": [""], "resources": resources, "verbs": ["get", "delete"], "resourceNames": names});
        assert!(allows(&rule(&["pods"], &[]), &action("delete", "pods")));
        assert!(!allows(&rule(&["pods"], &[]), &action("create", "pods")));
        assert!(!allows(&rule(&["pods"], &["web-0"]), &action("get", "pods")));
        let exec = Action { subresource: Some("exec".to_owned()), ..action("get", "pods") };
        assert!(!allows(&rule(&["pods"], &[]), &exec));
        assert!(allows(&rule(&["*/exec"], &[]), &exec) && allows(&rule(&["pods/exec"], &[]), &exec));
        assert!(!allows(
            &rule(&["pods"], &[]),
            &Action { group: "apps".to_owned(), ..action("get", "pods") }
        ));
    }

    #[tokio::test]
    async fn who_may_is_read_from_bindings_and_their_roles() {
        let cluster = answering(|uri| {
            let path = uri.split('?').next().unwrap_or_default();
            match path.rsplit('/').next().unwrap_or_default() {
                "clusterroles" => {
                    json!({"items": [{"metadata": {"name": "admin"}, "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}]})
                }
                "roles" => json!({"items": [{"metadata": {"name": "admin"}, "rules": []}]}),
                "clusterrolebindings" => {
                    json!({"items": [{"metadata": {"name": "root"}, "roleRef": {"kind": "ClusterRole", "name": "admin"}, "subjects": [{"kind": "Group", "name": "system:masters"}]}]})
                }
                _ => json!({"items": [
                    {"metadata": {"name": "ci"}, "roleRef": {"kind": "ClusterRole", "name": "admin"}, "subjects": [{"kind": "ServiceAccount", "name": "ci", "namespace": "build"}]},
                    {"metadata": {"name": "none"}, "roleRef": {"kind": "Role", "name": "admin"}, "subjects": [{"kind": "User", "name": "ann"}]}]}),
            }
        });
        let found = cluster.who_may(&action("delete", "pods")).await.unwrap();
        let said: Vec<String> =
            found.iter().map(|one| format!("{} {} {}", one.kind, one.name, one.binding)).collect();
        assert_eq!(
            said,
            ["Group system:masters clusterrolebinding/root", "ServiceAccount ci rolebinding/ci"]
        );
    }
}
