import Glibc
import Synchronization

/// The clocks of one member: a wall clock that can be stepped while the member runs, and a boot time that begins elsewhere
/// in each life of its container, as on a machine that was started at another time.
///
/// PostgreSQL is under the moved wall clock as well as the agent; files carry the machine's own time.
final class MemberClock: Sendable {
    private let path: String
    private let library: String
    private let bootTimes: [Duration]
    /// How many containers were started.
    private let lives = Mutex(0)

    /// - Parameters:
    ///   - library: what ``ShiftedClock/library(in:)`` made.
    ///   - path: of a file that does not exist yet.
    ///   - bootTimes: how far each life's boot time is ahead of this machine's; begins anew at its end.
    init(library: String, path: String, bootTimes: [Duration]) throws {
        self.library = library
        self.path = path
        self.bootTimes = bootTimes
        if bootTimes.contains(where: { $0 != .zero }), access("/proc/self/ns/time", F_OK) != 0 {
            throw MemberError("this kernel has no time namespaces: Linux 5.6 or newer with CONFIG_TIME_NS")
        }
        try moveWallClock(by: .zero)
    }

    /// Of every process that is to live by this clock.
    var environment: [String] { ["LD_PRELOAD=\(library)", "SHIFTED_CLOCK_FILE=\(path)"] }

    /// Moves it at once, from the machine's own time by so much; a second move replaces the first.
    func moveWallClock(by shift: Duration) throws {
        let nanoseconds = shift.components.seconds * 1_000_000_000 + shift.components.attoseconds / 1_000_000_000
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw MemberError("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        // One aligned word: who reads it meanwhile sees the old value or the new one.
        let count = withUnsafeBytes(of: nanoseconds) { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        guard count == MemoryLayout.size(ofValue: nanoseconds) else {
            throw MemberError("\(path): \(String(cString: strerror(errno)))")
        }
    }

    /// For `unshare`, which makes the process namespace: the next life's boot time.
    func nextLife() -> [String] {
        let number = lives.withLock { lives in
            defer { lives += 1 }
            return lives
        }
        guard !bootTimes.isEmpty else { return [] }
        let offset = bootTimes[number % bootTimes.count]
        return offset == .zero ? [] : ["--time", "--boottime", "\(offset.components.seconds)"]
    }
}
