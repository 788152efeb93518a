# Owns what makes this machine a node: containerd, the pod network, Docker (on
# the same containerd), kubelet and kube-proxy. Every folder is below the bed's
# own, so that taking it down cannot reach what another runtime keeps here.
# shellcheck shell=bash

start_containerd() {
    mkdir -p "$CONFIG/cni"
    # restrict_oom_score_adj: without CAP_SYS_RESOURCE a sandbox may not lower
    # its score, and runc fails with "can't get final child's PID from pipe".
    cat >"$CONFIG/containerd.toml" <<EOF
version = 2
root = "$BED_DIR/containerd"
state = "$BED_DIR/containerd-state"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "$CONTAINERD_SOCKET"
[plugins."io.containerd.internal.v1.opt"]
  path = "$BED_DIR/containerd-opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:bed"
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$CONFIG/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "$BED_DIR/runc"
EOF
    cat >"$CONFIG/cni/10-shipmate-bed.conflist" <<EOF
{
  "cniVersion": "0.4.0", "name": "shipmate-bed",
  "plugins": [
    {"type": "bridge", "bridge": "$POD_BRIDGE", "isGateway": true, "ipMasq": true, "hairpinMode": true,
     "ipam": {"type": "host-local", "dataDir": "$BED_DIR/pod-addresses",
              "ranges": [[{"subnet": "$POD_RANGE_NODE"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
EOF
    start_component containerd "$(command -v containerd)" --config "$CONFIG/containerd.toml"
}

bed_ctr() {
    ctr --address "$CONTAINERD_SOCKET" --namespace k8s.io "$@"
}

containerd_ready() {
    bed_ctr version
}

start_dockerd() {
    mkdir -p "$CONFIG"
    # A configuration file of its own, so that the machine's is not read.
    cat >"$CONFIG/docker.json" <<EOF
{"data-root": "$BED_DIR/docker", "exec-root": "$BED_DIR/docker-state", "pidfile": "$BED_DIR/docker.pid",
 "hosts": ["unix://$DOCKER_SOCKET"], "containerd": "$CONTAINERD_SOCKET",
 "exec-opts": ["native.cgroupdriver=cgroupfs"], "storage-driver": "overlay2"}
EOF
    start_component dockerd "$(command -v dockerd)" --config-file "$CONFIG/docker.json"
}

bed_docker() {
    env DOCKER_HOST="unix://$DOCKER_SOCKET" DOCKER_BUILDKIT=0 docker "$@"
}

dockerd_ready() {
    curl -fs -m 2 --unix-socket "$DOCKER_SOCKET" http://docker/_ping
}

start_kubelet() {
    # Images come from nowhere but this bed, so none may ever be collected, and
    # a machine whose disk is nearly full must not make the node evict pods.
    cat >"$CONFIG/kubelet.yaml" <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $NODE_ADDRESS
port: $KUBELET_PORT
healthzBindAddress: 127.0.0.1
healthzPort: $KUBELET_HEALTH_PORT
failCgroupV1: false
failSwapOn: false
cgroupDriver: cgroupfs
containerRuntimeEndpoint: unix://$CONTAINERD_SOCKET
clusterDomain: cluster.local
clusterDNS: ["$DNS_ADDRESS"]
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $PKI/authority.crt}
authorization: {mode: Webhook}
tlsCertFile: $PKI/kubelet.crt
tlsPrivateKeyFile: $PKI/kubelet.key
podLogsDir: $BED_DIR/pod-logs
volumePluginDir: $BED_DIR/volume-plugins
oomScoreAdj: 0
serializeImagePulls: false
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard:
  memory.available: 100Mi
  nodefs.available: 1%
  nodefs.inodesFree: 1%
  imagefs.available: 1%
EOF
    start_component kubelet "$(kubernetes_folder)/kubelet" \
        --config "$CONFIG/kubelet.yaml" --kubeconfig "$CONFIG/kubelet.kubeconfig" \
        --root-dir "$BED_DIR/kubelet" --cert-dir "$BED_DIR/kubelet-certificates" \
        --hostname-override "$NODE_NAME" --node-ip "$NODE_ADDRESS"
}

kubelet_ready() {
    curl -fs -m 2 "http://127.0.0.1:$KUBELET_HEALTH_PORT/healthz"
}

node_ready() {
    [[ $(bed_kubectl get node "$NODE_NAME" -o \
        'jsonpath={.status.conditions[?(@.type=="Ready")].status}') == True ]]
}

start_proxy() {
    # The limits of the connection table are the machine's own affair.
    start_component kube-proxy "$(kubernetes_folder)/kube-proxy" \
        --kubeconfig "$CONFIG/kube-proxy.kubeconfig" --hostname-override "$NODE_NAME" \
        --proxy-mode iptables --cluster-cidr "$POD_RANGE" --oom-score-adj 0 \
        --healthz-bind-address "127.0.0.1:$PROXY_HEALTH_PORT" \
        --metrics-bind-address "127.0.0.1:$PROXY_METRICS_PORT" \
        --conntrack-max-per-core 0 --conntrack-tcp-timeout-established 0s --conntrack-tcp-timeout-close-wait 0s
}

proxy_ready() {
    curl -fs -m 2 "http://127.0.0.1:$PROXY_HEALTH_PORT/healthz"
}
