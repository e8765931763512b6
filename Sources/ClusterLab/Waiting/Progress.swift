import Fence
import Glibc
import Units

/// Says what is going on, with the time since the beginning.
public struct Progress: Sendable {
    private let start: BootInstant
    private let isQuiet: Bool

    /// - Parameter isQuiet: says nothing, as in tests that pass.
    public init(isQuiet: Bool = false) {
        start = BootClock.now()
        self.isQuiet = isQuiet
    }

    /// Since the beginning.
    public var elapsed: Duration { BootClock.now() - start }

    /// Prints one line to standard error, so that standard output stays a table or JSON.
    public func say(_ text: String) {
        guard !isQuiet else { return }
        let seconds = Figures.seconds(elapsed)
        let line = Array("\(String(repeating: " ", count: max(0, 7 - seconds.count)))\(seconds) s  \(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}
