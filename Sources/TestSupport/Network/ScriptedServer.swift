import Synchronization

/// A TCP server that answers, or misbehaves, as told; for transport errors only, never for the semantics of the API.
///
/// Each connection runs the script on a thread of its own, with blocking calls, and ends with it.
public final class ScriptedServer: Sendable {
    /// Shared with the threads of the connections, which may outlive the server.
    private final class Counts: Sendable {
        private let numbers = Mutex((connections: 0, requests: 0))

        var connections: Int { numbers.withLock { $0.connections } }
        var requests: Int { numbers.withLock { $0.requests } }

        func countConnection() -> Int {
            numbers.withLock { numbers in
                numbers.connections += 1
                return numbers.connections
            }
        }

        func countRequest() -> Int {
            numbers.withLock { numbers in
                numbers.requests += 1
                return numbers.requests
            }
        }
    }

    private let listener: TCPListener
    private let counts = Counts()

    public var port: UInt16 { listener.port }
    public var url: String { "http://127.0.0.1:\(port)" }
    /// Complete requests read so far, over all connections.
    public var requests: Int { counts.requests }
    public var connections: Int { counts.connections }

    /// - Throws: ``TCPListenerError``.
    public init(_ script: @escaping @Sendable (ServedConnection) -> Void) throws(TCPListenerError) {
        let counts = counts
        listener = try TCPListener { descriptor in
            script(
                ServedConnection(descriptor, number: counts.countConnection(), countRequest: { counts.countRequest() }))
        }
    }

    /// One that takes connections and never says a word, as a stopped server or a dead network does.
    public static func silent() throws(TCPListenerError) -> ScriptedServer {
        try ScriptedServer { $0.waitForClose() }
    }
}
