#!/bin/sh
# Serves /srv/www on port 8000 until told to stop.
#
# httpd alone as process 1 would ignore SIGTERM (the kernel gives process 1 no default handler), and
# every stop would take the whole grace period; this shell takes the signal and ends at once.
set -eu

log() {
    printf '{"time":"%s","level":"%s","service":"todo-backend","message":"%s"}\n' \
        "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$2"
}

# At LOG_LEVEL=debug httpd reports each request; otherwise probes would drown everything else.
verbosity=
[ "${LOG_LEVEL:-info}" != debug ] || verbosity=-v

httpd -f $verbosity -p 8000 -h /srv/www &
server=$!
stopping=
trap 'stopping=yes; log info "stopping"; kill "$server"' TERM INT
log info "listening on port 8000"

status=0
wait "$server" || status=$?
[ -z "$stopping" ] || exit 0
log error "the web server ended by itself with status $status"
exit 1
