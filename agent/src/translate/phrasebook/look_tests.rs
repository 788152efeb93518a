//! Wordings of the tools that look around: history, documentation, access, contexts, comparisons, changes. In
//! the world of the other tests: namespaces `lake` and `mill`, where the context is `lake`.

use super::tests::{check, check_no_change};

#[test]
fn revisions() {
    check(&[
        ("show the rollout history of the ferry", "read kubectl rollout history ferry"),
        ("ferry rollout history", "read kubectl rollout history ferry"),
        ("which versions of the ferry are there?", "read kubectl rollout history ferry"),
        (
            "list the revisions of deployment ferry in mill",
            "read kubectl rollout history deployment/ferry -n mill",
        ),
        ("what changed in revision 4 of the ferry", "read kubectl rollout history ferry --revision=4"),
        ("show revision 3 of deploy/ferry", "read kubectl rollout history deployment/ferry --revision=3"),
        ("what did revision 7 of the ferry change?", "read kubectl rollout history ferry --revision=7"),
        ("when was the ferry last deployed?", "read kubectl rollout history ferry"),
    ]);
}

#[test]
fn documentation() {
    check(&[
        ("explain statefulset.spec.updateStrategy", "read kubectl explain statefulset.spec.updateStrategy"),
        ("explain ingress", "read kubectl explain ingress"),
        ("docs for poddisruptionbudget", "read kubectl explain poddisruptionbudget"),
        ("show me the documentation of daemonsets", "read kubectl explain daemonset"),
        ("which fields does a job spec have?", "read kubectl explain job.spec"),
        ("what fields does an ingress have", "read kubectl explain ingress"),
        ("what can I put in a service spec", "read kubectl explain service.spec"),
        ("how do liveness probes work?", "read kubectl explain pod.spec.containers.livenessProbe"),
        ("explain all the fields of a cronjob recursively", "read kubectl explain cronjob --recursive"),
    ]);
}

#[test]
fn access() {
    check(&[
        ("can I delete deployments in mill?", "read kubectl auth can-i delete deployment -n mill"),
        ("am I allowed to list nodes", "read kubectl auth can-i list node"),
        ("may we create ingresses here?", "read kubectl auth can-i create ingress"),
        ("do I have permission to patch services?", "read kubectl auth can-i patch service"),
        (
            "can the miller service account list configmaps?",
            "read kubectl auth can-i list configmap --as=system:serviceaccount:default:miller",
        ),
        (
            "may the miller service account read secrets",
            "read kubectl auth can-i get secret --as=system:serviceaccount:default:miller",
        ),
        ("what are we allowed to do here?", "read kubectl auth can-i --list"),
        ("what am I allowed to do in mill", "read kubectl auth can-i --list -n mill"),
        (
            "what permissions does the miller service account have",
            "read kubectl auth can-i --list --as=system:serviceaccount:default:miller",
        ),
        (
            "who can delete pods in mill?",
            "read kubectl get clusterrolebindings,rolebindings,clusterroles,roles -n mill -o wide",
        ),
        ("can I exec into pods?", "read kubectl auth can-i create pods --subresource=exec"),
    ]);
    check_no_change(&[
        "can I restart the ferry?",
        "am I allowed to scale the ferry to 3?",
        "who can delete the ferry?",
    ]);
}

#[test]
fn contexts_and_clusters() {
    check(&[
        ("which contexts do I have?", "read kubectl config get-contexts"),
        ("list all kubectl contexts", "read kubectl config get-contexts"),
        ("which context am I in", "read kubectl config current-context"),
        ("show the current context", "read kubectl config current-context"),
        ("which cluster is this?", "read kubectl cluster-info"),
        ("what cluster are we connected to", "read kubectl cluster-info"),
        ("show cluster information", "read kubectl cluster-info"),
        ("which kubernetes version do we run?", "read kubectl version"),
    ]);
}

#[test]
fn comparisons() {
    check(&[
        (
            "compare deployment ferry with deployment barge",
            "read bash -c 'diff <(kubectl get deployment/ferry -o yaml) <(kubectl get deployment/barge -o yaml)'",
        ),
        (
            "what's the difference between the ferry deployment and the barge one?",
            "read bash -c 'diff <(kubectl get deployment/ferry -o yaml) <(kubectl get deployment/barge -o yaml)'",
        ),
        (
            "how does the ferry here differ from the one in mill",
            "read bash -c 'diff <(kubectl get ferry -o yaml) <(kubectl get ferry -n mill -o yaml)'",
        ),
        (
            "what is different between the ferry here and in mill?",
            "read bash -c 'diff <(kubectl get ferry -o yaml) <(kubectl get ferry -n mill -o yaml)'",
        ),
    ]);
    check_no_change(&["compare lake and mill", "diff the namespaces lake and mill"]);
}

#[test]
fn changes() {
    check(&[
        (
            "what changed on the ferry since yesterday?",
            "read kubectl get ferry -o yaml --show-managed-fields",
        ),
        (
            "who edited the ferry deployment lately",
            "read kubectl get deployment/ferry -o yaml --show-managed-fields",
        ),
        ("who touched service pier?", "read kubectl get service/pier -o yaml --show-managed-fields"),
        (
            "did anything change in mill in the last 30 minutes?",
            "read kubectl get deployments,statefulsets,daemonsets,cronjobs,services,ingresses,configmaps,horizontalpodautoscalers -n mill -o yaml --show-managed-fields",
        ),
        (
            "what has changed since the last deploy",
            "read kubectl get deployments,statefulsets,daemonsets,cronjobs,services,ingresses,configmaps,horizontalpodautoscalers -o yaml --show-managed-fields",
        ),
    ]);
}
