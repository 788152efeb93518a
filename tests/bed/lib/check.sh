# Owns the bed's proof that it is a cluster: each thing the tests rely on is
# done once, for real, and told as "ok NAME" or "failed NAME" with what was
# seen. It works in a namespace of its own and removes it.
# shellcheck shell=bash

CHECK_NAMESPACE=bed-check

check_kubectl() {
    kubectl --request-timeout 20s -n "$CHECK_NAMESPACE" "$@"
}

# check NAME SECONDS COMMAND...: tries until it works or the time is over.
check() {
    local name=$1 seconds=$2 began output
    shift 2
    began=$(now)
    until output=$("$@" 2>&1); do
        if (($(now) - began > seconds * 1000)); then
            printf 'failed %s\n' "$name"
            printf '%s\n' "$output" | tail -n 8 | sed 's/^/    /'
            CHECK_FAILED=1
            return 0
        fi
        sleep 0.5
    done
    printf 'ok %s (%s)\n' "$name" "$(since "$began")"
}

apply_check_workload() {
    kubectl create namespace "$CHECK_NAMESPACE" --dry-run=client -o yaml | kubectl apply -f - &&
        check_kubectl apply -f "$BED_SOURCE/cluster/check.yaml"
}

pods_running() { check_kubectl rollout status deployment/web --timeout 5s; }
in_web() { check_kubectl exec deployment/web -- "$@"; }
exec_works() { [[ $(in_web echo hello) == hello ]]; }
# Not `wget -T`: the option crashes the busybox of Debian 12.
service_by_name() { [[ $(in_web timeout 5 wget -q -O - "http://web.$CHECK_NAMESPACE.svc.cluster.local:8080/") == served ]]; }
logs_work() { check_kubectl logs deployment/web | grep -qx 'web is starting'; }
pod_usage() { check_kubectl top pod -l app=web --no-headers | grep -E ' [0-9]+m +[0-9]+Mi'; }
node_usage() { kubectl top node --no-headers | grep -E ' [0-9]+m '; }

port_forward_works() {
    local id port result=1 output
    output=$(mktemp)
    kubectl -n "$CHECK_NAMESPACE" port-forward service/web :8080 >"$output" 2>&1 &
    id=$!
    for _ in {1..50}; do
        port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\) .*/\1/p' "$output")
        if [[ -n $port ]] && [[ $(curl -fs -m 5 "http://127.0.0.1:$port/") == served ]]; then
            result=0
            break
        fi
        sleep 0.1
    done
    kill "$id" 2>/dev/null
    wait "$id" 2>/dev/null
    ((result == 0)) || cat "$output"
    rm -f "$output"
    return "$result"
}

docker_runs() { [[ $(docker run --rm busybox:1.37 echo hello) == hello ]]; }
helm_answers() { helm version --short | grep -F "v3."; }

model_answers() {
    curl -fs -m 120 "$SHIPMATE_TEST_MODEL_URL/chat/completions" -H 'Content-Type: application/json' \
        -d "{\"model\":\"$SHIPMATE_TEST_MODEL_NAME\",\"max_tokens\":8,\"messages\":[{\"role\":\"user\",\"content\":\"Say hello.\"}]}" |
        grep -q '"content"'
}

bed_check() {
    local lines
    lines=$(bed_env) || return 1
    eval "$lines"
    CHECK_FAILED=0
    check workload-applied 30 apply_check_workload
    check pods-running 60 pods_running
    check exec 20 exec_works
    check logs 20 logs_work
    check service-by-dns-name 30 service_by_name
    check port-forward 20 port_forward_works
    bed_is_external || check docker-run 30 docker_runs
    check helm-version 10 helm_answers
    check top-node 90 node_usage
    check top-pod 90 pod_usage
    [[ -z ${SHIPMATE_TEST_MODEL_URL:-} ]] || check model-answers 120 model_answers
    check namespace-deleted 60 kubectl delete namespace "$CHECK_NAMESPACE" --wait --timeout 60s
    ((CHECK_FAILED == 0)) || die "what failed is named above; 'bed status' and 'bed logs COMPONENT' tell more"
}
