# Shared by every script here: strict mode, places, progress with elapsed time.
# shellcheck shell=bash
set -Eeuo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# What one run builds and the next one reuses: Kubernetes binaries, base image.
CACHE=${MATRIARCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/matriarch}
# What a running local cluster keeps; `make down` removes all of it.
STATE=${MATRIARCH_STATE:-/var/lib/matriarch-local}
KUBERNETES_VERSION=1.20.2
mkdir -p "$CACHE"

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
need_root() { [ "$(id -u)" = 0 ] || die "$1 needs root: it installs Debian packages and runs containers. Run it with sudo."; }

# step "what happens" command...: runs it with its output in a log, shows elapsed
# seconds while it runs, and prints the end of the log when it fails.
step() {
    local title=$1 log started pid elapsed
    shift
    mkdir -p "$CACHE/logs"
    log="$CACHE/logs/$(printf '%s' "$title" | tr -c 'A-Za-z0-9' '-' | cut -c1-60).log"
    started=$SECONDS
    "$@" >"$log" 2>&1 &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        elapsed=$((SECONDS - started))
        if [ -t 1 ]; then
            printf '\r  %-58s %4ds' "$title" "$elapsed"
        elif [ "$elapsed" -gt 0 ] && [ $((elapsed % 60)) = 0 ]; then
            printf '  %-58s %4ds …\n' "$title" "$elapsed"
        fi
        sleep 1 & wait $! || true
    done
    if wait "$pid"; then
        [ -t 1 ] && printf '\r'
        printf '  %-58s %4ds\n' "$title" $((SECONDS - started))
    else
        printf '\n' && tail -n 40 "$log" >&2
        die "$title failed after $((SECONDS - started)) s; the whole log is $log"
    fi
}

# eventually SECONDS "what" command...: repeats until it succeeds, or says what it waited for.
eventually() {
    local limit=$1 what=$2 deadline
    shift 2
    deadline=$((SECONDS + limit))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || die "$what: not so after $limit s"
        sleep 0.2
    done
}
