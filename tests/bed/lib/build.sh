# Owns the programs that the bed builds itself with Go: where each is cached,
# by version, and how it gets there. A build happens in a folder beside the
# final one and is renamed into place when it is whole, so that an interrupted
# build never leaves a broken cache. Go's own module and build caches are left
# as Go keeps them.
# shellcheck shell=bash

GO_FOLDER=$BED_SOURCE/go

# These two depend on a module of ours, so its contents are part of the key.
own_module_folder() {
    local name=$1 version=$2 key
    key=$(cat "$GO_FOLDER/$name"/{go.mod,go.sum,main.go} | sha256sum)
    echo "$CACHE_DIR/$name-$version-${key:0:12}"
}

kubernetes_folder() { own_module_folder kubernetes "$KUBERNETES_VERSION"; }
coredns_folder() { own_module_folder coredns "$COREDNS_VERSION"; }

helm_folder() { echo "$CACHE_DIR/helm-$HELM_VERSION"; }
metrics_server_folder() { echo "$CACHE_DIR/metrics-server-$METRICS_SERVER_VERSION"; }

# into_cache FOLDER DESCRIPTION COMMAND...: runs the command with a fresh
# temporary folder appended, and renames that folder to FOLDER if it succeeds.
into_cache() {
    local folder=$1 description=$2 temporary
    shift 2
    [[ ! -d $folder ]] || return 0
    mkdir -p "$CACHE_DIR"
    # What an interrupted build left; the bed's lock says nobody is at it.
    rm -rf "$folder".building.*
    temporary=$(mktemp -d "$folder.building.XXXXXX")
    chmod 755 "$temporary"
    if step "$description" "$@" "$temporary"; then
        mv -T "$temporary" "$folder"
    else
        rm -rf "$temporary"
        die "could not make $folder; what went wrong is above. 'bed build' tries again"
    fi
}

build_own_module() {
    local name=$1 flags=$2 folder=$3
    (cd "$GO_FOLDER/$name" &&
        CGO_ENABLED=0 nice go build -trimpath -ldflags "-s -w $flags" -o "$folder/$name" .)
}

# One executable for the five commands, which share nearly all of their code:
# see go/kubernetes/main.go.
build_kubernetes() {
    local folder=$1 version=k8s.io/component-base/version command minor
    minor=${KUBERNETES_VERSION#v1.}
    minor=${minor%%.*}
    build_own_module kubernetes "-X $version.gitVersion=$KUBERNETES_VERSION \
        -X $version.gitMajor=1 -X $version.gitMinor=$minor" "$folder" || return 1
    for command in "${KUBERNETES_COMMANDS[@]}"; do
        ln -s kubernetes "$folder/$command"
    done
    "$folder/kube-apiserver" --version
}

# These are commands of modules that may be installed as they are; their
# own go.mod names every version they are built from.
build_go_command() {
    local package=$1 flags=$2 folder=$3
    (cd / && CGO_ENABLED=0 GOBIN=$folder nice go install -trimpath -ldflags "-s -w $flags" "$package")
}

build_helm() {
    into_cache "$(helm_folder)" "built Helm $HELM_VERSION" build_go_command \
        "helm.sh/helm/v3/cmd/helm@$HELM_VERSION" "-X helm.sh/helm/v3/internal/version.version=$HELM_VERSION"
}

build_programs() {
    local began
    began=$(now)
    if [[ ! -d $(kubernetes_folder) || ! -d $(helm_folder) ||
        ! -d $(metrics_server_folder) || ! -d $(coredns_folder) ]]; then
        ensure_go
        say "building what is not cached yet in $CACHE_DIR; the first time takes about ten minutes on two cores"
    fi
    into_cache "$(kubernetes_folder)" "built Kubernetes $KUBERNETES_VERSION" build_kubernetes
    build_helm
    into_cache "$(metrics_server_folder)" "built metrics-server $METRICS_SERVER_VERSION" build_go_command \
        "sigs.k8s.io/metrics-server/cmd/metrics-server@$METRICS_SERVER_VERSION" \
        "-X k8s.io/client-go/pkg/version.gitVersion=$METRICS_SERVER_VERSION"
    into_cache "$(coredns_folder)" "built CoreDNS $COREDNS_VERSION" build_own_module coredns ''
    say "programs are in $CACHE_DIR ($(since "$began"))"
}
