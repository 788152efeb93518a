# Owns the order of things: what `up` starts after what, what `down` ends
# before what, what `status` and `env` say. A start that fails takes down what
# it had started; a start that finds the remains of a crash clears them first.
# shellcheck shell=bash

# Two commands that change the bed never work at once. The folder outlives
# `down` with nothing in it but this lock and the last logs.
take_lock() {
    if ! mkdir -p "$BED_DIR" 2>/dev/null || ! chmod 711 "$BED_DIR" 2>/dev/null; then
        die "$BED_DIR cannot be written; run this as root, or set SHIPMATE_BED_DIR to a folder of your own"
    fi
    exec 9>"$BED_DIR/lock"
    if ! flock -n 9; then
        say "another bed command is at work; waiting for it"
        flock -w 2400 9 || die "the other bed command did not end within 40 minutes; 'fuser $BED_DIR/lock' names it"
    fi
}

# The health of one component, as its own endpoint tells it.
component_healthy() {
    case $1 in
    etcd) etcd_ready ;;
    kube-apiserver) apiserver_ready ;;
    kube-controller-manager) controller_manager_ready ;;
    kube-scheduler) scheduler_ready ;;
    containerd) containerd_ready ;;
    dockerd) dockerd_ready ;;
    kubelet) kubelet_ready && node_ready ;;
    kube-proxy) proxy_ready ;;
    coredns) coredns_ready ;;
    metrics-server) metrics_server_ready ;;
    "$MODEL_COMPONENT") model_ready ;;
    esac >/dev/null 2>&1
}

cluster_healthy() {
    local name
    for name in "${CLUSTER_COMPONENTS[@]}"; do
        component_alive "$name" && component_healthy "$name" || return 1
    done
}

# Anything of the cluster that is alive, or that a crash left behind.
cluster_remains() {
    local name
    for name in "${CLUSTER_COMPONENTS[@]}"; do
        [[ ! -e $IDS/$name ]] || return 0
    done
    [[ -e $BEFORE/kernel || -n $(bed_mounts) ]]
}

require_cluster_ports_free() {
    require_ports_free "$ETCD_PORT etcd" "$ETCD_PEER_PORT etcd" "$API_PORT kube-apiserver" \
        "$CONTROLLER_MANAGER_PORT kube-controller-manager" "$SCHEDULER_PORT kube-scheduler" \
        "$KUBELET_PORT kubelet" "$KUBELET_HEALTH_PORT kubelet" "$PROXY_HEALTH_PORT kube-proxy" \
        "$PROXY_METRICS_PORT kube-proxy" "$DNS_PORT coredns" "$DNS_HEALTH_PORT coredns" \
        "$METRICS_SERVER_PORT metrics-server"
}

start_cluster() {
    note_machine
    prepare_machine
    step "made certificates" make_certificates
    start_etcd
    start_containerd
    wait_for etcd ready 30 etcd_ready
    start_apiserver
    wait_for containerd ready 30 containerd_ready
    start_dockerd
    wait_for dockerd ready 60 dockerd_ready
    allow_forwarding
    load_images
    wait_for kube-apiserver ready 90 apiserver_ready
    start_controller_manager
    start_scheduler
    start_kubelet
    start_proxy
    step "applied cluster/addons.yaml" apply_addons
    start_coredns
    start_metrics_server
    wait_for kube-controller-manager ready 60 controller_manager_ready
    wait_for kube-scheduler ready 60 scheduler_ready
    wait_for kube-proxy ready 60 proxy_ready
    wait_for coredns ready 60 coredns_ready
    wait_for metrics-server ready 60 metrics_server_ready
    wait_for kubelet ready 90 kubelet_ready
    wait_for kubelet "node Ready" 60 node_ready
    # Whoever asks the cluster which kinds it has is told of an error until then.
    wait_for metrics-server "its API served" 60 metrics_api_available
    # Pods are refused until this account exists.
    wait_for kube-controller-manager "service accounts made" 60 bed_kubectl get serviceaccount default
}

take_down_cluster() {
    local name
    stop_component kubelet 0
    stop_component kube-proxy 0
    stop_component metrics-server 0
    stop_component coredns 0
    # dockerd takes its proxies and networks down with it if it is asked to.
    end_container_processes
    stop_component dockerd 6
    end_container_processes
    stop_component containerd 3
    # Nothing of theirs is kept, so they need not drain: that would hold the
    # API server's port for up to a minute.
    for name in kube-scheduler kube-controller-manager kube-apiserver etcd; do
        stop_component "$name" 0
    done
    unmount_everything
    [[ ! -d $BEFORE ]] || restore_machine
    local deadline
    deadline=$(($(now) + 20000))
    while [[ -n $(ss -H -tln "sport = :$API_PORT") ]] && (($(now) < deadline)); do
        sleep 0.1
    done
    remove_state
}

# Everything but the lock, the logs, and what a model that is up needs. With a
# mount left, nothing is removed: it might reach through it.
remove_state() {
    if [[ -n $(bed_mounts) ]]; then
        say "warning: these mounts could not be removed:"
        bed_mounts | sed 's/^/    /' >&2
        return 0
    fi
    find "$BED_DIR" -mindepth 1 -maxdepth 1 ! -name lock ! -name logs ! -name ids -exec rm -rf {} +
}

bed_is_external() {
    [[ -n ${SHIPMATE_TEST_KUBECONFIG:-} ]]
}

up_external() {
    [[ -r $SHIPMATE_TEST_KUBECONFIG ]] ||
        die "SHIPMATE_TEST_KUBECONFIG names $SHIPMATE_TEST_KUBECONFIG, which cannot be read"
    kubectl --kubeconfig "$SHIPMATE_TEST_KUBECONFIG" --request-timeout 10s get --raw /readyz >/dev/null ||
        die "the cluster of SHIPMATE_TEST_KUBECONFIG ($SHIPMATE_TEST_KUBECONFIG) does not answer"
    command -v helm >/dev/null || { ensure_go && build_helm; }
    say "using the cluster of SHIPMATE_TEST_KUBECONFIG; none is started"
}

up_failed() {
    local result=$?
    trap - EXIT INT TERM
    set +e
    say "taking down what was started; the logs stay in $LOGS"
    take_down_cluster
    exit $((result == 0 ? 1 : result))
}

up_cluster() {
    local began
    began=$(now)
    if cluster_remains; then
        if cluster_healthy; then
            say "already up and healthy; nothing to do ('bed status' tells more)"
            return 0
        fi
        say "clearing what an earlier bed left"
        take_down_cluster
    fi
    ensure_packages
    build_programs
    require_cluster_ports_free
    trap up_failed EXIT
    trap 'exit 130' INT TERM
    start_cluster
    trap - EXIT INT TERM
    say "up ($(since "$began")). To use it: eval \"\$($BED_SOURCE/bed env)\""
}

bed_up() {
    local with_model=0
    case ${1:-} in
    '') ;;
    --model) with_model=1 ;;
    *) die "unknown argument '$1'; usage: bed up [--model]" ;;
    esac
    if bed_is_external; then
        up_external
        ((with_model == 0)) || { take_lock && model_up; }
        return
    fi
    require_root up
    take_lock
    up_cluster
    ((with_model == 0)) || model_up
}

bed_down() {
    require_root down
    take_lock
    if [[ -e $IDS/$MODEL_COMPONENT ]]; then
        model_down
    fi
    if ! cluster_remains; then
        say "no cluster is up"
        return 0
    fi
    local began
    began=$(now)
    take_down_cluster
    say "down ($(since "$began")); the last logs stay in $LOGS"
}

# One line a component: name, state, process id, what to look at. Ends with 0
# if the whole cluster is healthy, 3 if none of it is up, 1 otherwise.
bed_status() {
    require_root status
    local name id state alive=0 wrong=0 names=("${CLUSTER_COMPONENTS[@]}")
    [[ ! -e $IDS/$MODEL_COMPONENT ]] || names+=("$MODEL_COMPONENT")
    for name in "${names[@]}"; do
        if id=$(component_id "$name"); then
            [[ $name == "$MODEL_COMPONENT" ]] || alive=$((alive + 1))
            state=healthy
            component_healthy "$name" || { state=unhealthy && wrong=1; }
        elif [[ -e $IDS/$name ]]; then
            state=died
            wrong=1
        else
            state=down
        fi
        printf '%-24s %-10s %s\n' "$name" "$state" "${id:--}"
        if [[ $state == died ]]; then
            report_death "$name" 5
        fi
    done
    if ((alive == 0 && wrong == 0)); then
        say "no cluster is up; 'bed up' starts it"
        return 3
    fi
    ((wrong == 0 && alive == ${#CLUSTER_COMPONENTS[@]}))
}

# Lines for `eval`. They always name the bed, even while it is down: tests that
# missed the message must not run on whatever cluster was current before.
bed_env() {
    local path=$PATH
    if [[ -d $(helm_folder) && :$path: != *:$(helm_folder):* ]]; then
        path=$(helm_folder):$path
    fi
    if bed_is_external; then
        printf 'export KUBECONFIG=%q\n' "$SHIPMATE_TEST_KUBECONFIG"
    else
        printf 'export KUBECONFIG=%q\n' "$BED_KUBECONFIG"
        printf 'export DOCKER_HOST=%q\n' "unix://$DOCKER_SOCKET"
        # The client's own builder; BuildKit would need a plugin of it.
        printf 'export DOCKER_BUILDKIT=0\n'
    fi
    printf 'export PATH=%q\n' "$path"
    if component_alive "$MODEL_COMPONENT"; then
        printf 'export SHIPMATE_TEST_MODEL_URL=%q\n' "$(model_url)"
        printf 'export SHIPMATE_TEST_MODEL_NAME=%q\n' "$MODEL_NAME"
    fi
    if ! bed_is_external && ! component_alive kube-apiserver; then
        say "no cluster is up; run 'bed up' first"
        return 1
    fi
}
