import Glibc

/// `matriarch init -- PROGRAM ARGUMENTS…`: PID 1 of a member's container.
///
/// Starts the agent, reaps every orphan, forwards signals, starts a crashed agent again and kills PostgreSQL when the
/// deadline the agent sent over the fence passes without a newer one. Single-threaded; call it before anything else of
/// the process is touched.
///
/// Exit status:
///
/// | Status | Meaning |
/// |---|---|
/// | the agent's | it ended after TERM, INT or QUIT; 128 + n when a signal ended it |
/// | 0, 78 | the agent ended by itself: done, or configured in a way no restart mends |
/// | 64 | wrong usage, or PGDATA unset or unusable |
/// | 71 | the kernel refused a pipe, a timer or a signal descriptor |
/// | 126, 127 | the program cannot be executed, or is not found |
/// | 128 + n | signal n asked init to stop while no agent ran |
public enum InitCommand {
    static let usageError: Int32 = 64
    static let systemError: Int32 = 71

    /// Runs until the agent ends for good.
    ///
    /// - Parameter arguments: what follows `init` on the command line.
    /// - Returns: the exit status of the process.
    public static func run(_ arguments: some Collection<String>) -> Int32 {
        let command = arguments.first == "--" ? Array(arguments.dropFirst()) : Array(arguments)
        guard !command.isEmpty else {
            InitLog.write("error", "usage: matriarch init -- PROGRAM [ARGUMENT…]")
            return usageError
        }
        let dataDirectory = getenv("PGDATA").map { String(cString: $0) } ?? ""
        guard dataDirectory.hasPrefix("/"), dataDirectory != "/" else {
            InitLog.write(
                "error", "PGDATA must be the absolute path of the data directory",
                [("PGDATA", .text(dataDirectory))])
            return usageError
        }
        guard var loop = InitLoop(command: command, dataDirectory: dataDirectory) else {
            InitLog.write("error", "cannot set up init", [("error", .text(String(cString: strerror(errno))))])
            return systemError
        }
        return loop.run()
    }
}
