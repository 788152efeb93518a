# Owns the bed's long-running processes: starting one, telling whether it is
# the one that was started, saying how it died, ending it. A process is kept as
# id, start time and boot id, because an id alone may belong to somebody else's
# process by the time it is used. Nothing is ever ended by name.
# shellcheck shell=bash

# The start time of a process in clock ticks since boot (field 22 of stat), or
# nothing if it has ended. The command name, field 2, may hold spaces and
# parentheses, so what precedes the last closing one is dropped.
process_start_time() {
    local stat fields
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }"
    # A zombie has ended; it is only waiting for its parent.
    [[ ${fields[0]} != Z && ${fields[0]} != X ]] || return 1
    echo "${fields[19]}"
}

boot_id() {
    cat /proc/sys/kernel/random/boot_id
}

# The id of a kept process, if it is alive and still the same process.
component_id() {
    local id started boot
    [[ -f $IDS/$1 ]] || return 1
    read -r id started boot <"$IDS/$1"
    [[ $boot == "$(boot_id)" ]] || return 1
    [[ $(process_start_time "$id") == "$started" ]] || return 1
    echo "$id"
}

component_alive() {
    component_id "$1" >/dev/null
}

# start_component NAME COMMAND...: in a session of its own, so that Ctrl-C at
# the terminal does not reach it; with no descriptor of ours, so that a test
# which reads our output through a pipe is not kept waiting by a daemon; and
# with a bare environment, so that nothing of the caller's ends up in it.
start_component() {
    local name=$1
    shift
    mkdir -p "$LOGS" "$IDS"
    (
        exec </dev/null >"$LOGS/$name.log" 2>&1
        local descriptor
        for descriptor in "/proc/$BASHPID/fd/"*; do
            descriptor=${descriptor##*/}
            if ((descriptor > 2)); then
                eval "exec $descriptor>&-"
            fi
        done
        cd "$BED_DIR" || exit
        exec env -i PATH="$PATH" HOME="$BED_DIR" LANG=C.UTF-8 setsid "$@"
    ) &
    local id=$!
    disown "$id"
    echo "$id $(process_start_time "$id" || echo 0) $(boot_id)" >"$IDS/$name"
}

# report_death NAME [LINES]: says which component ended, with the end of its log.
report_death() {
    say "error: $1 ended while it should be running; the last lines of $LOGS/$1.log:"
    tail -n "${2:-15}" "$LOGS/$1.log" 2>/dev/null | cut -c1-600 | sed 's/^/    /' >&2 || true
}

# Fails, naming it, if a component that was started has ended.
require_started_alive() {
    local file name
    for file in "$IDS"/*; do
        [[ -f $file ]] || continue
        name=${file##*/}
        if ! component_alive "$name"; then
            report_death "$name"
            return 1
        fi
    done
}

# wait_for NAME WHAT SECONDS COMMAND...: polls the command, and meanwhile watches
# every component, so that a death is told at once and as what it is.
wait_for() {
    local name=$1 what=$2 seconds=$3 began
    shift 3
    began=$(now)
    until "$@" >/dev/null 2>&1; do
        require_started_alive || return 1
        if (($(now) - began > seconds * 1000)); then
            say "error: $name: not $what after $seconds s; the last lines of $LOGS/$name.log:"
            tail -n 15 "$LOGS/$name.log" 2>/dev/null | cut -c1-600 | sed 's/^/    /' >&2 || true
            return 1
        fi
        sleep 0.1
    done
    say "$name: $what ($(since "$began"))"
}

# stop_component NAME GRACE: asks it to end, and ends it after GRACE seconds.
stop_component() {
    local name=$1 grace=$2 id deadline
    if id=$(component_id "$name"); then
        deadline=$(($(now) + grace * 1000))
        ((grace == 0)) || kill -TERM "$id" 2>/dev/null || true
        while component_alive "$name" && (($(now) < deadline)); do
            sleep 0.05
        done
        if component_alive "$name"; then
            kill -KILL "$id" 2>/dev/null || true
        fi
        deadline=$(($(now) + 5000))
        while component_alive "$name" && (($(now) < deadline)); do
            sleep 0.02
        done
        if component_alive "$name"; then
            say "warning: $name (process $id) does not end"
        fi
    fi
    rm -f "$IDS/$name"
}

# The ids of the descendants of a process, deepest last.
descendants() {
    local child
    while read -r child; do
        echo "$child"
        descendants "$child"
    done < <(ps -o pid= --ppid "$1")
}

# Names whoever listens on one of the given ports ("port what" each), if it is
# on an address that the bed's component would want as well.
require_ports_free() {
    local entry port what holder taken=0
    for entry in "$@"; do
        port=${entry%% *}
        what=${entry#* }
        holder=$(ss -H -tlnp "sport = :$port" 2>/dev/null | head -n 1)
        if [[ -n $holder ]]; then
            say "error: port $port, which $what needs, is taken: $(awk '{print $4, $6}' <<<"$holder")"
            taken=1
        fi
    done
    ((taken == 0)) || die "stop what holds these ports, or move it, and run 'bed up' again"
}
