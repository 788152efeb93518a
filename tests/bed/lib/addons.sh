# Owns CoreDNS and metrics-server: both run as processes of the machine on the
# node's address, and the objects of cluster/addons.yaml make the cluster use
# them.
# shellcheck shell=bash

bed_kubectl() {
    kubectl --kubeconfig "$BED_KUBECONFIG" --request-timeout 20s "$@"
}

apply_addons() {
    sed -e "s/@DNS_ADDRESS@/$DNS_ADDRESS/" -e "s/@DNS_PORT@/$DNS_PORT/" \
        -e "s/@NODE_ADDRESS@/$NODE_ADDRESS/" -e "s/@METRICS_SERVER_PORT@/$METRICS_SERVER_PORT/" \
        "$BED_SOURCE/cluster/addons.yaml" | bed_kubectl apply --server-side -f -
}

start_coredns() {
    local forward=''
    ! grep -qs '^nameserver' /etc/resolv.conf || forward='forward . /etc/resolv.conf'
    cat >"$CONFIG/Corefile" <<EOF
.:$DNS_PORT {
    bind $NODE_ADDRESS
    errors
    health $NODE_ADDRESS:$DNS_HEALTH_PORT
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        kubeconfig $CONFIG/coredns.kubeconfig $CONTEXT_NAME
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    $forward
    cache 5
    loadbalance
}
EOF
    start_component coredns "$(coredns_folder)/coredns" -conf "$CONFIG/Corefile"
}

coredns_ready() {
    curl -fs -m 2 "http://$NODE_ADDRESS:$DNS_HEALTH_PORT/health"
}

# A resolution below 15 s makes it answer from samples that are too close to
# each other; it is first of use two samples after its start.
start_metrics_server() {
    start_component metrics-server "$(metrics_server_folder)/metrics-server" \
        --kubeconfig "$CONFIG/metrics-server.kubeconfig" \
        --authentication-kubeconfig "$CONFIG/metrics-server.kubeconfig" \
        --authorization-kubeconfig "$CONFIG/metrics-server.kubeconfig" \
        --bind-address "$NODE_ADDRESS" --secure-port "$METRICS_SERVER_PORT" \
        --tls-cert-file "$PKI/metrics-server.crt" --tls-private-key-file "$PKI/metrics-server.key" \
        --kubelet-certificate-authority "$PKI/authority.crt" \
        --kubelet-preferred-address-types InternalIP --metric-resolution 15s
}

metrics_api_available() {
    [[ $(bed_kubectl get apiservice v1beta1.metrics.k8s.io -o \
        'jsonpath={.status.conditions[?(@.type=="Available")].status}') == True ]]
}

metrics_server_ready() {
    curl -fsk -m 2 "https://$NODE_ADDRESS:$METRICS_SERVER_PORT/livez"
}
