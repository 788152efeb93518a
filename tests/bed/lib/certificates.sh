# Owns the bed's certificates and kubeconfigs: made anew at every start by
# openssl (elliptic curves, so the lot takes about half a second), readable by
# root alone. Each component has a name of its own, as in a real cluster, so
# that what it may do is what Kubernetes' own roles give that name.
# shellcheck shell=bash

make_authority() {
    local name=$1
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
        -keyout "$PKI/$name.key" -out "$PKI/$name.crt" -subj "/CN=shipmate-bed-$name" \
        -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature 2>/dev/null
}

# make_certificate AUTHORITY NAME SUBJECT [ALTERNATIVE_NAMES]
make_certificate() {
    local authority=$1 name=$2 subject=$3 alternatives=${4:-}
    {
        echo 'basicConstraints=critical,CA:FALSE'
        echo 'keyUsage=critical,digitalSignature'
        echo 'extendedKeyUsage=clientAuth,serverAuth'
        [[ -z $alternatives ]] || echo "subjectAltName=$alternatives"
    } >"$PKI/$name.extensions"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$PKI/$name.key" -subj "$subject" 2>/dev/null |
        openssl x509 -req -days 3650 -CA "$PKI/$authority.crt" -CAkey "$PKI/$authority.key" \
            -set_serial "0x$(openssl rand -hex 12)" -extfile "$PKI/$name.extensions" \
            -out "$PKI/$name.crt" 2>/dev/null
    rm -f "$PKI/$name.extensions"
}

make_kubeconfig() {
    local certificate=$1 file=$2
    cat >"$file" <<EOF
apiVersion: v1
kind: Config
clusters:
- name: $CONTEXT_NAME
  cluster:
    server: https://127.0.0.1:$API_PORT
    certificate-authority-data: $(base64 -w 0 "$PKI/authority.crt")
users:
- name: $CONTEXT_NAME-admin
  user:
    client-certificate-data: $(base64 -w 0 "$PKI/$certificate.crt")
    client-key-data: $(base64 -w 0 "$PKI/$certificate.key")
contexts:
- name: $CONTEXT_NAME
  context:
    cluster: $CONTEXT_NAME
    user: $CONTEXT_NAME-admin
    namespace: default
current-context: $CONTEXT_NAME
EOF
    chmod 600 "$file"
}

make_certificates() {
    umask 077
    mkdir -p "$PKI" "$CONFIG"
    make_authority authority
    make_authority front-proxy-authority
    make_certificate authority apiserver /CN=kube-apiserver \
        "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,IP:127.0.0.1,IP:$SERVICE_ADDRESS,IP:$NODE_ADDRESS"
    make_certificate authority apiserver-kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client
    make_certificate front-proxy-authority front-proxy /CN=front-proxy-client
    make_certificate authority admin /O=system:masters/CN=shipmate-bed-admin
    make_certificate authority kubelet "/O=system:nodes/CN=system:node:$NODE_NAME" \
        "DNS:$NODE_NAME,IP:$NODE_ADDRESS"
    make_certificate authority kube-controller-manager /CN=system:kube-controller-manager
    make_certificate authority kube-scheduler /CN=system:kube-scheduler
    make_certificate authority kube-proxy /CN=system:kube-proxy
    make_certificate authority coredns /CN=system:coredns
    make_certificate authority metrics-server /CN=system:metrics-server "IP:$NODE_ADDRESS"
    openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/service-accounts.key"
    openssl ec -in "$PKI/service-accounts.key" -pubout -out "$PKI/service-accounts.pub" 2>/dev/null
    local component
    for component in kubelet kube-controller-manager kube-scheduler kube-proxy coredns metrics-server; do
        make_kubeconfig "$component" "$CONFIG/$component.kubeconfig"
    done
    make_kubeconfig admin "$BED_KUBECONFIG"
}
