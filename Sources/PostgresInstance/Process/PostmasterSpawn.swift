import CLinux
import Glibc

/// Starts the postmaster.
enum PostmasterSpawn {
    /// Not in Swift's Glibc module: it stands behind `_GNU_SOURCE` in `<spawn.h>`.
    private static let setSession: Int16 = 0x80

    /// - Guarantees: the child has a session of its own, an empty signal mask and default dispositions (the agent blocks
    ///   signals, and a postmaster that inherits that never sees SIGTERM), no descriptor but 0 to 2, and the data
    ///   directory as its working directory from the first instruction, which is how its processes are recognized.
    /// - Returns: the process id.
    static func start(
        command: [String], environment: [String: String], workingDirectory: String, log: InstanceLayout.ServerLog
    ) throws(InstanceError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        switch log {
        case .inherited: break
        case .file(let path):
            posix_spawn_file_actions_addopen(&actions, 2, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        posix_spawn_file_actions_adddup2(&actions, 2, 1)
        _ = clinux_spawn_actions_close_from(&actions, 3)
        _ = clinux_spawn_actions_change_directory(&actions, workingDirectory)

        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | setSession)

        let arguments = command.map { strdup($0) }
        let variables = environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") }
        defer { for copy in arguments + variables { free(copy) } }
        var pid: pid_t = 0
        let status = posix_spawnp(
            &pid, command[0], &actions, &attributes, arguments + [nil], variables + [nil])
        guard status == 0 else {
            throw InstanceError(.toolFailed, "cannot start \(command[0]): \(String(cString: strerror(status)))")
        }
        return pid
    }
}
