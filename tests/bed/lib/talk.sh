# Owns what the bed says while it works. Everything goes to stderr, one line a
# step with the time it took: stdout is kept for data (`env`, `status`, `check`,
# `logs`), so that it can be read by a program.
# shellcheck shell=bash

say() {
    printf 'bed: %s\n' "$*" >&2
}

die() {
    printf 'bed: error: %s\n' "$*" >&2
    exit 1
}

# Milliseconds since the epoch. EPOCHREALTIME has six decimals and a separator
# that follows the locale, so everything that is not a digit is dropped.
now() {
    local microseconds=${EPOCHREALTIME//[^0-9]/}
    echo $((microseconds / 1000))
}

# Seconds with one decimal since a moment that `now` gave.
since() {
    local elapsed=$(($(now) - $1))
    printf '%d.%d s' $((elapsed / 1000)) $((elapsed % 1000 / 100))
}

# step DESCRIPTION COMMAND...: runs the command with its output kept aside, says
# how long it took, and shows the end of the output only when it failed.
step() {
    local description=$1 began output
    shift
    began=$(now)
    output=$(mktemp)
    if ("$@") >"$output" 2>&1; then
        say "$description ($(since "$began"))"
        rm -f "$output"
    else
        say "$description: failed after $(since "$began"); the last lines were:"
        tail -n 25 "$output" | sed 's/^/    /' >&2
        rm -f "$output"
        return 1
    fi
}
