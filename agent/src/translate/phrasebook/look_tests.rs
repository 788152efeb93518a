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
            "read diff <(kubectl get deployment/ferry -o yaml) <(kubectl get deployment/barge -o yaml)",
        ),
        (
            "what's the difference between the ferry deployment and the barge one?",
            "read diff <(kubectl get deployment/ferry -o yaml) <(kubectl get deployment/barge -o yaml)",
        ),
        (
            "how does the ferry here differ from the one in mill",
            "read diff <(kubectl get ferry -o yaml) <(kubectl get ferry -n mill -o yaml)",
        ),
        (
            "what is different between the ferry here and in mill?",
            "read diff <(kubectl get ferry -o yaml) <(kubectl get ferry -n mill -o yaml)",
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

#[test]
fn commands_in_containers() {
    check(&[
        ("run uptime inside the ferry", "change kubectl exec ferry -- uptime"),
        ("execute cat /etc/hosts in the ferry pod", "change kubectl exec pod/ferry -- cat /etc/hosts"),
        ("ls -l /var/log in the ferry container", "change kubectl exec ferry -- ls -l /var/log"),
        ("exec into ferry-0 and run psql -c 'select 2'", "change kubectl exec ferry-0 -- psql -c 'select 2'"),
        ("in the ferry run df -h", "change kubectl exec ferry -- df -h"),
        (
            "run 'printenv HOME' in deployment ferry in mill",
            "change kubectl exec deployment/ferry -n mill -- printenv HOME",
        ),
        ("run rm -rf /tmp/cache in the ferry", "destroy kubectl exec ferry -- rm -rf /tmp/cache"),
        ("open a shell in the ferry", "change kubectl exec ferry -- sh"),
    ]);
}

#[test]
fn forwarded_ports() {
    check(&[
        ("forward local 9090 to the pier service", "change kubectl port-forward service/pier 9090"),
        ("port-forward the ferry to 9090", "change kubectl port-forward ferry 9090"),
        ("port-forward service pier 9090:80", "change kubectl port-forward service/pier 9090:80"),
        ("I want to reach the ferry on localhost:6000", "change kubectl port-forward ferry 6000"),
        (
            "forward port 8443 of the pier service to local port 9443",
            "change kubectl port-forward service/pier 9443:8443",
        ),
        ("forward 9000 to port 80 of the pier service", "change kubectl port-forward service/pier 9000:80"),
        (
            "port forward statefulset ferry 6000 in mill for 5 minutes",
            "change timeout 300 kubectl port-forward statefulset/ferry 6000 -n mill",
        ),
    ]);
}

#[test]
fn throw_away_pods() {
    check(&[
        (
            "give me a temporary pod with alpine:3.20",
            "change kubectl run run-alpine --image=alpine:3.20 --restart=Never --rm -i",
        ),
        (
            "start a throwaway alpine pod",
            "change kubectl run run-alpine --image=alpine --restart=Never --rm -i",
        ),
        (
            "spin up a disposable alpine pod and run nslookup pier in it",
            "change kubectl run run-alpine --image=alpine --restart=Never --rm -i --command -- nslookup pier",
        ),
        (
            "start a temporary alpine pod and wget pier:8000/health from it",
            "change kubectl run run-alpine --image=alpine --restart=Never --rm -i --command -- wget pier:8000/health",
        ),
    ]);
}

#[test]
fn reaching_one_from_another() {
    let book = super::Phrasebook::new();
    let situation = super::tests::situation();
    let wrong: Vec<String> = [
        ("can the ferry talk to pier?", "ferry", "pier", None),
        ("check from the ferry pod whether pier answers on 5432", "ferry", "pier", Some(5432)),
        ("can the ferry reach pier on port 80", "ferry", "pier", Some(80)),
        ("test the connection from the ferry to pier:6379", "ferry", "pier", Some(6379)),
        ("is pier reachable from the ferry?", "ferry", "pier", None),
        ("ping pier from the ferry", "ferry", "pier", None),
        ("can the ferry access http://pier:8000/health", "ferry", "http://pier:8000/health", None),
    ]
    .into_iter()
    .filter_map(|(request, from, target, port)| {
        let super::Understanding::Calls(calls) = book.translate(request, &situation).understanding else {
            return Some(format!("{request}: no call"));
        };
        let mut bound = calls.first()?.bind().ok()?;
        drop(bound.slots());
        let call = bound.call();
        let right = call.tool == "test_connectivity"
            && call.arguments.get("name").and_then(serde_json::Value::as_str) == Some(from)
            && call.arguments.get("target").and_then(serde_json::Value::as_str) == Some(target)
            && call.arguments.get("port").and_then(serde_json::Value::as_u64) == port;
        (!right).then(|| format!("{request}: {call}"))
    })
    .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_only_sounds_like_a_command_changes_nothing() {
    check_no_change(&[
        "show the date of the ferry",
        "ls the pods in mill",
        "cat the ferry configmap",
        "find the pods in mill",
        "get the logs in mill",
        "what runs in the ferry?",
        "which commands can I run in mill?",
        "the ferry cannot reach the pier",
        "why can the ferry not reach pier?",
    ]);
}

#[test]
fn measurements() {
    let book = super::Phrasebook::new();
    let situation = super::tests::situation();
    let wrong: Vec<String> = [
        (
            "request rate of the ferry over the last 10 minutes",
            "query_metrics metric=request_rate name=ferry window=10m",
        ),
        ("what is the error rate of the ferry?", "query_metrics metric=error_rate name=ferry"),
        ("show me the p95 latency of the ferry", "query_metrics metric=latency_p95 name=ferry"),
        ("how many requests per second does the ferry get", "query_metrics metric=request_rate name=ferry"),
        ("cpu of the ferry from prometheus", "query_metrics metric=cpu name=ferry"),
        (
            "memory usage of the ferry in the last 15 minutes according to prometheus",
            "query_metrics metric=memory name=ferry window=15m",
        ),
        ("request rate of the ferry over time", "query_metrics metric=request_rate name=ferry range=1h"),
        ("run the promql query up{job=\"lake\"}", "query_metrics query='up{job=lake}'"),
        ("run the promql query 'sum(rate(errors[5m]))'", "query_metrics query='sum(rate(errors[5m]))'"),
    ]
    .into_iter()
    .filter_map(|(request, expected)| {
        let got = match book.translate(request, &situation).understanding {
            super::Understanding::Calls(calls) => {
                calls.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
            }
            other => format!("{other:?}"),
        };
        let mut said: Vec<&str> = got.split(' ').collect();
        let mut wanted: Vec<&str> = expected.split(' ').collect();
        said.sort_unstable();
        wanted.sort_unstable();
        (said != wanted).then(|| format!("{request}: {got}"))
    })
    .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
