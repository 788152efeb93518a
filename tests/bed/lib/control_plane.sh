# Owns etcd, the API server, the controller manager and the scheduler: their
# flags, and how each is known to be ready. Leader election is off, since there
# is one of each and a start should not wait for a lease of a previous one.
# shellcheck shell=bash

start_etcd() {
    # The data is thrown away with the bed, so nothing is gained by waiting for
    # the disk on every write.
    start_component etcd "$(command -v etcd)" --name bed --data-dir "$BED_DIR/etcd" --unsafe-no-fsync \
        --listen-client-urls "http://127.0.0.1:$ETCD_PORT" --advertise-client-urls "http://127.0.0.1:$ETCD_PORT" \
        --listen-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" \
        --initial-advertise-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" \
        --initial-cluster "bed=http://127.0.0.1:$ETCD_PEER_PORT" \
        --auto-compaction-mode periodic --auto-compaction-retention 10m
}

etcd_ready() {
    curl -fs -m 2 "http://127.0.0.1:$ETCD_PORT/health" | grep -q true
}

start_apiserver() {
    start_component kube-apiserver "$(kubernetes_folder)/kube-apiserver" \
        --etcd-servers "http://127.0.0.1:$ETCD_PORT" \
        --bind-address 0.0.0.0 --secure-port "$API_PORT" --advertise-address "$NODE_ADDRESS" \
        --service-cluster-ip-range "$SERVICE_RANGE" \
        --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction --allow-privileged \
        --client-ca-file "$PKI/authority.crt" \
        --tls-cert-file "$PKI/apiserver.crt" --tls-private-key-file "$PKI/apiserver.key" \
        --kubelet-certificate-authority "$PKI/authority.crt" \
        --kubelet-client-certificate "$PKI/apiserver-kubelet-client.crt" \
        --kubelet-client-key "$PKI/apiserver-kubelet-client.key" \
        --kubelet-preferred-address-types InternalIP,Hostname \
        --service-account-issuer https://kubernetes.default.svc.cluster.local \
        --service-account-key-file "$PKI/service-accounts.pub" \
        --service-account-signing-key-file "$PKI/service-accounts.key" \
        --enable-aggregator-routing \
        --proxy-client-cert-file "$PKI/front-proxy.crt" --proxy-client-key-file "$PKI/front-proxy.key" \
        --requestheader-client-ca-file "$PKI/front-proxy-authority.crt" \
        --requestheader-allowed-names front-proxy-client \
        --requestheader-username-headers X-Remote-User \
        --requestheader-group-headers X-Remote-Group \
        --requestheader-extra-headers-prefix X-Remote-Extra-
}

apiserver_ready() {
    curl -fs -m 2 --cacert "$PKI/authority.crt" --cert "$PKI/admin.crt" --key "$PKI/admin.key" \
        "https://127.0.0.1:$API_PORT/readyz"
}

start_controller_manager() {
    # Each of its controllers first fetches an account of its own; at the usual
    # rate of requests that alone takes four seconds.
    start_component kube-controller-manager "$(kubernetes_folder)/kube-controller-manager" \
        --kubeconfig "$CONFIG/kube-controller-manager.kubeconfig" \
        --bind-address 127.0.0.1 --secure-port "$CONTROLLER_MANAGER_PORT" \
        --leader-elect=false --use-service-account-credentials \
        --kube-api-qps 500 --kube-api-burst 1000 \
        --allocate-node-cidrs --cluster-cidr "$POD_RANGE" --service-cluster-ip-range "$SERVICE_RANGE" \
        --root-ca-file "$PKI/authority.crt" \
        --service-account-private-key-file "$PKI/service-accounts.key" \
        --cluster-signing-cert-file "$PKI/authority.crt" --cluster-signing-key-file "$PKI/authority.key"
}

controller_manager_ready() {
    curl -fsk -m 2 "https://127.0.0.1:$CONTROLLER_MANAGER_PORT/healthz"
}

start_scheduler() {
    start_component kube-scheduler "$(kubernetes_folder)/kube-scheduler" \
        --kubeconfig "$CONFIG/kube-scheduler.kubeconfig" \
        --bind-address 127.0.0.1 --secure-port "$SCHEDULER_PORT" --leader-elect=false
}

scheduler_ready() {
    curl -fsk -m 2 "https://127.0.0.1:$SCHEDULER_PORT/healthz"
}
