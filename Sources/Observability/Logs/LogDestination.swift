import Glibc

/// Where finished lines go. A line is handed over whole, so that lines of several threads never mix.
public struct LogDestination: Sendable {
    private let write: @Sendable (String) -> Void

    /// - Parameter write: receives one line with its newline; called from any thread.
    public init(write: @escaping @Sendable (String) -> Void) {
        self.write = write
    }

    /// A file descriptor that stays open; each line is one `write(2)`.
    ///
    /// A line longer than a pipe's free space may be split by the kernel; the rest is written again. An error drops the
    /// line: a log must never stop the process that logs.
    public static func descriptor(_ descriptor: Int32) -> LogDestination {
        LogDestination { line in
            var line = line
            line.withUTF8 { bytes in
                var rest = UnsafeRawBufferPointer(bytes)
                while !rest.isEmpty {
                    let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { return }
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                }
            }
        }
    }

    /// The standard error stream.
    public static let standardError = descriptor(STDERR_FILENO)

    func callAsFunction(_ line: String) { write(line) }
}
