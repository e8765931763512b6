import Glibc
import Synchronization

/// A shell that waits for the test process to die, then kills every process of a cluster's members and removes the folder.
final class MemberJanitor: Sendable {
    private let shell: ControlPlaneProcess
    private let pipeEnd: Mutex<Int32>

    init(folder: String) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw MemberError("no pipe: \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipeEnd = Mutex(ends[1])
        defer { close(ends[0]) }
        shell = try ControlPlaneProcess(
            name: "members' janitor", ["/bin/sh", "-c", Self.script, "janitor", folder], logPath: "/dev/null",
            input: ends[0])
    }

    deinit { finish() }

    /// Cleans up now.
    func finish() {
        pipeEnd.withLock { end in
            if end >= 0 { close(end) }
            end = -1
        }
    }

    /// Agents carry the folder in their environment, servers work in it: a reused identifier is not mistaken for ours.
    private static let script = """
        folder=$1
        cat >/dev/null
        # Groups of sandboxes are named after the folder; what is frozen does not die.
        groups=$(find /sys/fs/cgroup -maxdepth 2 -type d -name "$(echo "$folder" | tr / _)" 2>/dev/null)
        for group in $groups; do
            for file in $(find "$group" -name freezer.state); do echo THAWED >"$file"; done
            for file in $(find "$group" -name cgroup.freeze); do echo 0 >"$file"; done
        done
        tries=0
        while [ "$tries" -lt 20 ]; do
            left=0
            for process in /proc/[0-9]*; do
                pid=${process#/proc/}
                [ "$pid" != $$ ] || continue
                { cat "$process/environ" "$process/cmdline"; readlink "$process/cwd"; } 2>/dev/null \\
                    | grep -aqF "$folder/" || continue
                kill -KILL "$pid" 2>/dev/null && left=1
            done
            [ "$left" = 1 ] || break
            tries=$((tries + 1))
            sleep 0.1
        done
        for volume in $(awk -v folder="$folder/" 'index($2, folder) == 1 { print $2 }' /proc/mounts); do
            umount "$volume"
        done
        for group in $groups; do find "$group" -depth -type d -exec rmdir {} +; done
        rm -rf "$folder"
        """
}
