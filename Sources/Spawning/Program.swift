import CLinux
public import Glibc

/// A program to be started as a child, with nothing of its parent's but what is given to it here.
public struct Program: Sendable {
    /// Standard input.
    public enum Input: Sendable {
        case inherited
        /// `/dev/null`.
        case none
        case descriptor(Int32)
    }

    /// Standard output and standard error.
    public enum Output: Sendable {
        case inherited
        /// Both go where this process's standard error goes.
        case error
        case descriptor(Int32)
        /// Appended to; made with mode 0600 when it is absent.
        case file(String)
    }

    /// What a signal to more than one process can name it by.
    public enum Grouping: Sendable {
        /// A process group of its own, in this process's session.
        case group
        /// A session of its own, without a terminal.
        case session
        /// This process's group: a program for people, whom the keys of the terminal reach.
        case inherited
    }

    /// Not in Swift's Glibc module: it stands behind `_GNU_SOURCE` in `<spawn.h>`.
    private static let setSession: Int16 = 0x80

    /// The program, searched in this process's `PATH` when it has no slash, and its arguments.
    public var command: [String]
    /// nil: this process's.
    public var environment: [String: String]?
    /// nil: this process's.
    public var workingDirectory: String?
    public var input = Input.none
    public var output = Output.inherited
    /// The descriptors above 2 that stay open, under their own numbers.
    public var kept: Set<Int32> = []
    public var grouping = Grouping.session

    public init(_ command: [String]) { self.command = command }

    /// Starts it.
    ///
    /// - Guarantees: the child has an empty signal mask and default dispositions (what is blocked or ignored here would
    ///   be so there: a postmaster that inherits that never sees SIGTERM), no descriptor but 0 to 2 and ``kept``, and its
    ///   working directory from the first instruction.
    /// - Returns: the process id. The caller reaps it.
    /// - Throws: ``SpawnError`` when it cannot be executed; there is no child then.
    public func start() throws(SpawnError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        directStreams(&actions)
        closeOthers(&actions)
        if let workingDirectory { _ = clinux_spawn_actions_change_directory(&actions, workingDirectory) }
        setAttributes(&attributes)

        let arguments = command.map { strdup($0) }
        let variables = environment?.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") }
        defer { for copy in arguments + (variables ?? []) { free(copy) } }
        var process: pid_t = 0
        let error =
            if let variables {
                posix_spawnp(&process, command[0], &actions, &attributes, arguments + [nil], variables + [nil])
            } else {
                posix_spawnp(&process, command[0], &actions, &attributes, arguments + [nil], environ)
            }
        guard error == 0 else { throw SpawnError(program: command[0], errno: error) }
        return process
    }

    private func directStreams(_ actions: inout posix_spawn_file_actions_t) {
        switch input {
        case .inherited: break
        case .none: posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, 0)
        }
        switch output {
        case .inherited: break
        case .error: posix_spawn_file_actions_adddup2(&actions, 2, 1)
        case .descriptor(let descriptor):
            posix_spawn_file_actions_adddup2(&actions, descriptor, 1)
            posix_spawn_file_actions_adddup2(&actions, descriptor, 2)
        case .file(let path):
            posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
    }

    private func closeOthers(_ actions: inout posix_spawn_file_actions_t) {
        var next: Int32 = 3
        for kept in kept.sorted() where kept >= next {
            for descriptor in next..<kept { posix_spawn_file_actions_addclose(&actions, descriptor) }
            // A descriptor duplicated onto itself loses close-on-exec in the child (glibc 2.29 and later).
            posix_spawn_file_actions_adddup2(&actions, kept, kept)
            next = kept + 1
        }
        _ = clinux_spawn_actions_close_from(&actions, next)
    }

    private func setAttributes(_ attributes: inout posix_spawnattr_t) {
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var flags = Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
        switch grouping {
        case .group:
            posix_spawnattr_setpgroup(&attributes, 0)
            flags |= Int16(POSIX_SPAWN_SETPGROUP)
        case .session: flags |= Self.setSession
        case .inherited: break
        }
        posix_spawnattr_setflags(&attributes, flags)
    }
}
