import Glibc
import Logging

/// Where finished lines go. A line is handed over whole, so that lines of several threads never mix.
public struct LogDestination: Sendable {
    private let write: @Sendable (String) -> Void

    /// - Parameter write: receives one line with its newline; called from any thread.
    public init(write: @escaping @Sendable (String) -> Void) {
        self.write = write
    }

    /// A file descriptor that stays open.
    ///
    /// Into a pipe nothing waits for the reader: what does not fit is kept for a while, and dropped beyond that, which a line
    /// says later. A line longer than a pipe's free space may be split by the kernel; the rest is written behind it. An error
    /// drops the line: a log must never stop the process that logs.
    public static func descriptor(_ descriptor: Int32) -> LogDestination {
        let output = LogOutput(descriptor) { count in
            LogRecord(
                time: .now(), level: .warning, label: "matriarch.log",
                message: "log lines were dropped: whoever reads them was too slow",
                metadata: ["lines": .stringConvertible(count)]
            ).line(.json)
        }
        return LogDestination { output.write($0) }
    }

    /// The standard error stream.
    public static let standardError = descriptor(STDERR_FILENO)

    func callAsFunction(_ line: String) { write(line) }
}
