# Owns what the bed needs from the distribution (Debian and its kin): finds
# what is missing, installs only that, and says what to do where it cannot.
# Services that packages would start by themselves (etcd, Docker) are kept from
# starting, since they would sit on the very ports the bed uses.
# shellcheck shell=bash

# "command package" for what is looked for on the PATH or at a path.
NEEDED_FROM_APT=(
    'dockerd docker.io' 'docker docker.io' 'docker-compose docker-compose' 'containerd containerd' 'ctr containerd'
    'runc runc' 'iptables iptables' 'etcd etcd-server' 'prometheus prometheus'
    'ip iproute2' 'ss iproute2' 'curl curl' 'openssl openssl'
    '/usr/lib/cni/bridge containernetworking-plugins' '/usr/bin/busybox busybox-static'
    'cc gcc' '/usr/include/stdio.h libc6-dev' 'sysctl procps' 'ps procps' 'flock util-linux'
)

missing_packages() {
    local entry command
    for entry in "${NEEDED_FROM_APT[@]}"; do
        command=${entry%% *}
        # busybox (not static) installs the same path, and cannot run in an
        # image that holds no C library.
        if [[ $command == /usr/bin/busybox ]]; then
            busybox_is_static || echo "${entry#* }"
        elif [[ $command == /* ]]; then
            [[ -e $command ]] || echo "${entry#* }"
        else
            command -v "$command" >/dev/null || echo "${entry#* }"
        fi
    done | sort -u
}

busybox_is_static() {
    [[ -x /usr/bin/busybox ]] && ! ldd /usr/bin/busybox >/dev/null 2>&1
}

require_root() {
    ((EUID == 0)) || die "this needs root (it mounts, and changes addresses and iptables): run it as root, for example 'sudo -E $0 $*'"
}

install_packages() {
    local policy=/usr/sbin/policy-rc.d made_policy=0 result=0
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        made_policy=1
    fi
    { apt-get update && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "$@"; } || result=$?
    ((made_policy == 0)) || rm -f "$policy"
    return "$result"
}

ensure_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    if ((${#missing[@]} > 0)); then
        require_root up
        command -v apt-get >/dev/null ||
            die "missing: ${missing[*]} (Debian package names); apt-get is not here, so install what matches them on this system"
        step "installed ${missing[*]}" install_packages "${missing[@]}" ||
            die "apt-get could not install ${missing[*]}; install them by hand and run this again"
    fi
    command -v kubectl >/dev/null ||
        die "kubectl is not on the PATH; install Kubernetes' client (1.33 to 1.35) and run this again"
}

# Go itself is not taken from the distribution, whose version is too old to
# build what the bed builds.
ensure_go() {
    command -v go >/dev/null ||
        die "go is not on the PATH; install Go 1.26 or newer (it builds the bed's components) and run this again"
}
