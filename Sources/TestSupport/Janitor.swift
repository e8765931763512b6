import Glibc

/// A shell that waits for the test process to die, then ends what it left (the API server before etcd) and removes the
/// folder. A pipe tells it: the kernel closes our end however we end.
final class Janitor: Sendable {
    private let folder: String
    private let shell: ControlPlaneProcess
    private let pipeEnd: Int32

    init(folder: String) throws {
        self.folder = folder
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ControlPlaneError("no pipe: \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipeEnd = ends[1]
        defer { close(ends[0]) }
        shell = try ControlPlaneProcess(
            name: "janitor", ["/bin/sh", "-c", Self.script, "janitor", folder], logPath: "/dev/null", input: ends[0])
    }

    deinit { close(pipeEnd) }

    /// Notes a process to end; a later one of the same name replaces it.
    func watch(_ process: ControlPlaneProcess) throws {
        guard let identifier = process.processIdentifier,
            let file = fopen("\(folder)/\(process.name).pid", "w")
        else { throw ControlPlaneError("cannot note the process \(process.name)") }
        fputs("\(identifier)\n", file)
        fclose(file)
    }

    /// Each process names the folder in its arguments: a reused identifier is not mistaken for ours.
    private static let script = """
        folder=$1
        cat >/dev/null
        ours() { tr '\\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF "$folder"; }
        # A server comes before its etcd.
        extensions=$(cd "$folder" && ls -r extensions-*.pid 2>/dev/null | sed 's/\\.pid$//')
        for name in tunnel kube-controller-manager $extensions kube-apiserver etcd; do
            read -r pid <"$folder/$name.pid" 2>/dev/null || continue
            ours "$pid" && kill -CONT "$pid" && kill -TERM "$pid"
            tries=0
            while ours "$pid"; do
                tries=$((tries + 1))
                [ "$tries" -lt 50 ] || kill -KILL "$pid"
                sleep 0.1
            done
        done
        rm -rf "$folder"
        """
}
