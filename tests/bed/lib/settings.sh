# Owns every version, address, port and path of the bed, so that each is
# written once. The ports are the usual ones of each component (what an
# operator would look for), except CoreDNS, whose usual 5353 belongs to mDNS on
# many desktops. Versions: Kubernetes stays at 1.34 because Debian 12 ships
# containerd 1.6 and many small machines still have version 1 control groups.
# shellcheck shell=bash disable=SC2034

KUBERNETES_VERSION=v1.34.4
HELM_VERSION=v3.22.0
METRICS_SERVER_VERSION=v0.9.0
COREDNS_VERSION=v1.14.7

MODEL_RUNTIME_VERSION=2026.10.11549
MODEL_WEIGHTS_VERSION=0.2.0
MODEL_WEIGHTS_PARTS=22
MODEL_WEIGHTS_BYTES=1117320768
MODEL_NAME=qwen2.5-coder-1.5b-instruct-q4_k_m

# A loopback address may not be advertised by the API server, and not every
# kernel has a dummy device, so the node gets an address of its own on `lo`.
NODE_NAME=node1
NODE_ADDRESS=10.200.0.1
SERVICE_RANGE=10.96.0.0/16
SERVICE_ADDRESS=10.96.0.1
DNS_ADDRESS=10.96.0.10
POD_RANGE=10.244.0.0/16
POD_RANGE_NODE=10.244.0.0/24
POD_BRIDGE=cni0
CONTEXT_NAME=shipmate-bed

API_PORT=6443
ETCD_PORT=2379
ETCD_PEER_PORT=2380
KUBELET_PORT=10250
KUBELET_HEALTH_PORT=10248
CONTROLLER_MANAGER_PORT=10257
SCHEDULER_PORT=10259
PROXY_HEALTH_PORT=10256
PROXY_METRICS_PORT=10249
DNS_PORT=10053
DNS_HEALTH_PORT=10054
METRICS_SERVER_PORT=4443
MODEL_PORT=${SHIPMATE_BED_MODEL_PORT:-18080}

BED_DIR=${SHIPMATE_BED_DIR:-/var/lib/shipmate-bed}
CACHE_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/shipmate-bed

PKI=$BED_DIR/certificates
CONFIG=$BED_DIR/config
LOGS=$BED_DIR/logs
IDS=$BED_DIR/ids
BEFORE=$BED_DIR/before
BED_KUBECONFIG=$BED_DIR/kubeconfig
CONTAINERD_SOCKET=$BED_DIR/containerd.sock
DOCKER_SOCKET=$BED_DIR/docker.sock

# In the order in which they start; `status` and error reports follow it.
CLUSTER_COMPONENTS=(etcd containerd kube-apiserver dockerd kube-controller-manager
    kube-scheduler kubelet kube-proxy coredns metrics-server)
MODEL_COMPONENT=model

KUBERNETES_COMMANDS=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)
