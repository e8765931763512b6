import Glibc
import PostgresClient
import Synchronization

/// Clients that read whatever a member shows to anybody, and let go of nothing.
///
/// Each question comes by a connection of its own, which stays open afterwards until it is the oldest of many. The threads are
/// their own, so that what they hold up is the member and not the test.
final class ReadFlood: Sendable {
    /// All that is answered without a proof, and what is refused for want of one.
    static let paths = [
        "/", "/leader", "/primary", "/replica", "/read-only", "/health", "/sync", "/quorum", "/async",
        "/standby-leader",
        "/patroni", "/cluster", "/config", "/history", "/failsafe", "/metrics", "/liveness", "/readiness", "/nothing",
        "/matriarch/position", "/matriarch/decisions",
    ]

    private static let threads = 16

    private struct Counts {
        var asked = 0
        var answered = 0
        var running = ReadFlood.threads
    }

    private let port: Int
    private let kept: Int
    private let pause: UInt32
    private let isOver = Mutex(false)
    private let counts = Mutex(Counts())

    /// - Parameters:
    ///   - connections: kept open at once.
    ///   - rate: questions a second, at most.
    init(port: UInt16, connections: Int, rate: Int) {
        self.port = Int(port)
        kept = connections / Self.threads
        pause = UInt32(1_000_000 * Self.threads / rate)
        // Beside what the test itself has open.
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, max(limit.rlim_cur, rlim_t(connections + 1024)))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    func start() {
        for thread in 0..<Self.threads { OwnedThread.start(name: "reads") { [self] in run(from: thread) } }
    }

    func stop() { isOver.withLock { $0 = true } }

    /// Whether every thread has ended.
    var hasEnded: Bool { counts.withLock { $0.running == 0 } }
    var asked: Int { counts.withLock { $0.asked } }
    var answered: Int { counts.withLock { $0.answered } }

    private func run(from first: Int) {
        var connections: [RawConnection] = []
        var next = first
        while !isOver.withLock({ $0 }) {
            let path = Self.paths[next % Self.paths.count]
            next += 1
            counts.withLock { $0.asked += 1 }
            // A connection that is refused is a question that is not answered; how many there are is for the test to judge.
            if let connection = try? RawConnection(port: port) {
                connection.send("GET \(path) HTTP/1.1\r\nHost: member\r\n\r\n")
                if connection.receive(until: { !$0.isEmpty }).hasPrefix("HTTP/1.1 ") {
                    counts.withLock { $0.answered += 1 }
                }
                connections.append(connection)
            }
            if connections.count > kept { connections.removeFirst() }
            usleep(pause)
        }
        counts.withLock { $0.running -= 1 }
    }
}
