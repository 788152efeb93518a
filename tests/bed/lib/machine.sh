# Owns every change the bed makes to the machine outside its own folder, and
# undoes it: the node's address, kernel settings, iptables, network devices,
# mounts, control groups, and the few files that containers leave at fixed
# paths. What was there before is noted at the start, so that what somebody
# else has (a Docker of the machine's own, say) is left alone.
# shellcheck shell=bash

# Settings that dockerd, the kubelet or a plugin change without asking.
KERNEL_SETTINGS=(net.ipv4.ip_forward net.ipv4.conf.all.route_localnet vm.overcommit_memory
    kernel.panic kernel.panic_on_oops)
# Prefixes of the iptables chains that the bed's components create.
CHAIN_PREFIXES=(KUBE- CNI- DOCKER)

# What containerd, the kubelet and Docker write to wherever they are told to
# keep their data.
FIXED_PATHS=(/etc/docker/key.json /run/containerd /run/docker /run/netns
    /var/lib/cni /var/lib/kubelet /var/log/containers)

note_machine() {
    mkdir -p "$BEFORE"
    local setting
    for setting in "${KERNEL_SETTINGS[@]}"; do
        printf '%s=%s\n' "$setting" "$(sysctl -n "$setting" 2>/dev/null || true)"
    done >"$BEFORE/kernel"
    iptables-save >"$BEFORE/iptables" 2>/dev/null || true
    ip6tables-save >"$BEFORE/ip6tables" 2>/dev/null || true
    iptables -S FORWARD 2>/dev/null | awk '/^-P/ {print $3}' >"$BEFORE/forward-policy" || true
    ip -o link show | awk -F': ' '{print $2}' >"$BEFORE/devices"
    find "${FIXED_PATHS[@]}" -maxdepth 0 >"$BEFORE/paths" 2>/dev/null || true
    find /run/netns -maxdepth 1 -name 'cni-*' >"$BEFORE/namespaces" 2>/dev/null || true
}

prepare_machine() {
    # Another address of the same name means another node on this machine.
    if ! ip -o addr show dev lo | grep -q "inet $NODE_ADDRESS/"; then
        ip addr add "$NODE_ADDRESS/32" dev lo
    fi
    # dockerd, when it is the one that turns forwarding on, also drops all
    # forwarded traffic, and with it what goes from a pod to a Service.
    sysctl -qw net.ipv4.ip_forward=1
}

allow_forwarding() {
    iptables -P FORWARD ACCEPT
}

# Processes of containers: the shims that serve our containerd, known by its
# socket among their arguments, and all that descends from them.
container_processes() {
    local file id arguments
    for file in /proc/[0-9]*/cmdline; do
        id=${file#/proc/}
        id=${id%/cmdline}
        [[ $(readlink "/proc/$id/exe") == */containerd-shim* ]] || continue
        mapfile -d '' -t arguments <"$file" || continue
        [[ " ${arguments[*]} " == *" $CONTAINERD_SOCKET "* ]] || continue
        descendants "$id"
        echo "$id"
    done
}

end_container_processes() {
    local ids attempt
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        mapfile -t ids < <(container_processes)
        ((${#ids[@]} > 0)) || return 0
        kill -KILL "${ids[@]}" 2>/dev/null || true
        sleep "0.$attempt"
    done
    say "warning: container processes that do not end: ${ids[*]}"
}

# Mount points below the bed's folder, deepest first. The kernel writes a space
# in a path as \040.
bed_mounts() {
    awk -v folder="$(realpath -m "$BED_DIR")/" \
        'index($5, folder) == 1 {print $5}' /proc/self/mountinfo | tac
}

unmount_everything() {
    local point
    while read -r point; do
        umount "$(printf '%b' "$point")" 2>/dev/null || umount -l "$(printf '%b' "$point")" 2>/dev/null || true
    done < <(bed_mounts)
    for point in /run/netns/cni-*; do
        [[ -e $point ]] || continue
        grep -qxF "$point" "$BEFORE/namespaces" 2>/dev/null && continue
        umount -l "$point" 2>/dev/null || true
        rm -f "$point"
    done
}

# The bridges of pods, of Docker, and of networks made in the bed's Docker.
bed_devices() {
    local device
    for device in /sys/class/net/*; do
        device=${device##*/}
        if [[ $device =~ ^($POD_BRIDGE|docker0|br-[0-9a-f]{12})$ ]] &&
            ! grep -qxF "$device" "$BEFORE/devices" 2>/dev/null; then
            echo "$device"
        fi
    done
}

remove_devices() {
    local device
    while read -r device; do
        ip link delete "$device" 2>/dev/null || true
    done < <(bed_devices)
}

# Rules and chains whose line names one of the prefixes or devices that were
# not there before; everything else is put back as it stands now.
remove_rules() {
    local save=$1 restore=$2 noted=$3 prefix device pattern='' kept
    for prefix in "${CHAIN_PREFIXES[@]}"; do
        grep -qE "^:$prefix" "$noted" 2>/dev/null || pattern+="|[: ]$prefix"
    done
    while read -r device; do
        pattern+="|-[io] $device( |$)"
    done < <(bed_devices)
    [[ -n $pattern ]] || return 0
    kept=$("$save" 2>/dev/null | grep -vE -- "${pattern#|}") || true
    [[ -n $kept ]] || return 0
    "$restore" <<<"$kept" || say "warning: $restore failed; rules of the bed may be left"
}

restore_machine() {
    local setting policy
    remove_rules iptables-save iptables-restore "$BEFORE/iptables"
    remove_rules ip6tables-save ip6tables-restore "$BEFORE/ip6tables"
    policy=$(cat "$BEFORE/forward-policy" 2>/dev/null || true)
    [[ -z $policy ]] || iptables -P FORWARD "$policy" || true
    remove_devices
    ip addr del "$NODE_ADDRESS/32" dev lo 2>/dev/null || true
    while read -r setting; do
        [[ $setting == *= ]] || sysctl -qw "$setting" 2>/dev/null || true
    done < <(cat "$BEFORE/kernel" 2>/dev/null)
    remove_control_groups
    remove_fixed_paths
}

# Removes the bed's files and then only folders that are empty: somebody else
# may have come to use them since.
remove_fixed_paths() {
    local path socket
    # The sockets of shims that were killed; one in use has a listener.
    for socket in /run/containerd/s/*; do
        grep -qsF " $socket" /proc/net/unix || rm -f "$socket"
    done
    find /var/log/containers -type l -lname "$BED_DIR/*" -delete 2>/dev/null || true
    rm -f /var/lib/cni/results/shipmate-bed-*
    for path in "${FIXED_PATHS[@]}"; do
        grep -qxF "$path" "$BEFORE/paths" 2>/dev/null && continue
        case $path in
        /etc/docker/key.json) rm -f "$path" ;;
        /var/lib/cni) rm -f "$path"/results/cni-loopback-* ;;
        /var/lib/kubelet) rm -f "$path/device-plugins/kubelet.sock" ;;
        esac
        find "$path" -depth -type d -empty -delete 2>/dev/null || true
    done
}

# Only empty groups can be removed, so those of another runtime are safe.
remove_control_groups() {
    local group
    while read -r group; do
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done < <(find /sys/fs/cgroup -maxdepth 2 -type d \( -name kubepods -o -name docker -o -name k8s.io \) 2>/dev/null)
}
