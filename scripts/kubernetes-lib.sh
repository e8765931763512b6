# The local Kubernetes: its places, its processes, and what it changes on the machine.
# Everything it starts has a pid file with the start time; nothing else is ever signalled.
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

RUN=$STATE/run
LOG=$STATE/log
PKI=$STATE/pki
HOST=$STATE/host # what the machine looked like before
BIN=${MATRIARCH_K8S_BIN:-$CACHE/kubernetes-$KUBERNETES_VERSION}

BRIDGE=matriarch0
NODE_NAME=matriarch-local
NODE_IP=192.168.77.1
POD_RANGE=10.77.0.0/16
POD_GATEWAY=10.77.0.1
SERVICE_RANGE=10.78.0.0/16
API_SERVICE=10.78.0.1
CLUSTER_DNS=10.78.0.10
ROUTE_TABLE=7700
ETCD_PORT=23790
API_PORT=6443
CGROUP=matriarch
SOCKET=$RUN/containerd.sock
PAUSE_IMAGE=matriarch.local/pause:1
# The operand's user. The volume provisioner runs as it, so that volumes belong to it:
# the kubelet applies no fsGroup to hostPath volumes.
OPERAND_USER=10026
VOLUMES=/tmp/hostpath_pv # fixed in the provisioner
# Paths that Kubernetes or containerd write whatever their flags say; removed at down if up found none.
FOREIGN=(/var/lib/kubelet /var/log/pods /var/log/containers /var/lib/cni /run/containerd /opt/containerd
    /usr/libexec/kubernetes /var/lib/dockershim /run/netns "$VOLUMES" /var/run/kubernetes)
SYSCTLS=(net.ipv4.ip_forward net.ipv4.icmp_ratelimit net.ipv4.conf.all.route_localnet net.bridge.bridge-nf-call-iptables
    net.bridge.bridge-nf-call-ip6tables vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops
    kernel.keys.root_maxkeys kernel.keys.root_maxbytes net.netfilter.nf_conntrack_max)
# shellcheck disable=SC2034 # read by kubernetes-up and kubernetes-down
readonly RUN LOG PKI HOST BIN BRIDGE NODE_NAME NODE_IP POD_RANGE POD_GATEWAY SERVICE_RANGE API_SERVICE CLUSTER_DNS ROUTE_TABLE ETCD_PORT API_PORT \
    CGROUP SOCKET PAUSE_IMAGE OPERAND_USER VOLUMES FOREIGN SYSCTLS

kube() { kubectl --kubeconfig "$STATE/kubeconfig" "$@"; }
containers() { ctr --address "$SOCKET" --namespace k8s.io --timeout 30s "$@"; }

# One bring-up or take-down at a time. Children must not inherit descriptor 9.
lock_cluster() {
    exec 9>"$CACHE/cluster.lock"
    flock -n 9 || { say "another kubernetes-up or kubernetes-down is at work: waiting for it" && flock 9; }
}

# A pid alone may be reused, after a reboot even at the same age: compare start time and boot.
identity() { # identity PID
    local stat
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    stat=${stat##*) }
    [ "${stat%% *}" != Z ] || return 1
    # shellcheck disable=SC2086 # the fields are wanted
    set -- "$1" $stat
    printf '%s %s %s' "$1" "${21}" "$(</proc/sys/kernel/random/boot_id)"
}
pid_of() { cut -d' ' -f1 "$RUN/$1.pid"; }
alive() { # alive NAME
    local recorded
    [ -s "$RUN/$1.pid" ] && recorded=$(<"$RUN/$1.pid") && [ "$(identity "${recorded%% *}")" = "$recorded" ]
}
# Alive, and not of a binary that was replaced since.
current() { alive "$1" && [[ "$(readlink "/proc/$(pid_of "$1")/exe")" != *' (deleted)' ]]; }
# start NAME command...: in a session of its own, with a clean environment, unless it runs.
start() {
    local name=$1
    shift
    current "$name" && return 0
    stop "$name" 30
    (cd / && exec setsid env -i PATH="$PATH" HOME="$STATE" "$@") >>"$LOG/$name.log" 2>&1 </dev/null 9>&- &
    local pid=$!
    identity "$pid" >"$RUN/$name.pid" || { tail -n 5 "$LOG/$name.log" >&2; die "$name did not start"; }
}
# stop NAME [SECONDS]: asks, waits, insists after SECONDS, and returns when it is gone.
stop() {
    local limit=$((SECONDS + ${2:-15}))
    if alive "$1"; then
        kill -TERM "$(pid_of "$1")" 2>/dev/null || true
        while alive "$1"; do
            [ "$SECONDS" -lt "$limit" ] || kill -KILL "$(pid_of "$1")" 2>/dev/null || true
            sleep 0.05
        done
    fi
    rm -f "$RUN/$1.pid"
}

COMPONENTS=(etcd kube-apiserver kube-controller-manager kube-scheduler containerd kubelet kube-proxy)
all_current() { local name; for name in "${COMPONENTS[@]}"; do current "$name" || return 1; done; }
node_ready() {
    [ "$(kube get node "$NODE_NAME" --request-timeout=3s \
        -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}' 2>&1)" = True ]
}
api_ready() { [ "$(kube get --raw /readyz --request-timeout=3s 2>&1)" = ok ]; }

# Shims and containers outlive containerd; the shim's argument names our socket, the cgroup our root.
our_shims() {
    local file
    for file in /proc/[0-9]*/cmdline; do
        { tr '\0' ' ' <"$file"; } 2>/dev/null | grep >/dev/null "^[^ ]*containerd-shim[^ ]* .*-address $SOCKET" \
            && basename "$(dirname "$file")"
    done
    return 0
}
our_cgroups() { find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -type d -name "$CGROUP" 2>/dev/null || true; }
container_processes() {
    local folder
    for folder in $(our_cgroups); do
        find "$folder" -name cgroup.procs -exec cat {} + 2>/dev/null || true
    done | sort -un
}
our_mounts() {
    awk -v state="$STATE/" -v volumes="$VOLUMES" \
        'index($2, state) == 1 || $2 == volumes || $2 ~ "^/var/lib/kubelet/" { print $2 }' /proc/mounts | sort -r
}
