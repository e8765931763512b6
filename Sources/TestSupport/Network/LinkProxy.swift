import Glibc
import Synchronization

/// Stands between one client and one server of this machine; what it does to their traffic can be changed at any time.
public final class LinkProxy: Sendable {
    /// What the proxy understands of the traffic.
    public enum Content: Sendable {
        /// Bytes, such as TLS.
        case opaque
        /// HTTP/1.1 in the clear: whole requests can be refused.
        case http
    }

    /// Shared with the threads of the connections, which may outlive the proxy.
    final class State: Sendable {
        private let conditions = Mutex(LinkConditions())
        private let counts = Mutex((requests: 0, unlucky: 0))

        var current: LinkConditions {
            get { conditions.withLock { $0 } }
            set { conditions.withLock { $0 = newValue } }
        }
        func change(_ change: (inout LinkConditions) -> Void) { conditions.withLock { change(&$0) } }
        var requests: Int { counts.withLock { $0.requests } }
        var unlucky: Int { counts.withLock { $0.unlucky } }

        /// How a request ends; nil: it passes.
        func ending() -> LinkConditions.Misfortune.Ending? {
            let misfortune = current.misfortune
            return counts.withLock { counts in
                counts.requests += 1
                guard let misfortune, Double.random(in: 0..<1) < misfortune.share else { return nil }
                counts.unlucky += 1
                return misfortune.endings.randomElement()
            }
        }
    }

    public let port: UInt16
    private let state = State()
    private let listener: TCPListener

    /// - Parameters:
    ///   - address: of this machine, where the client finds the proxy.
    ///   - upstream: the server's port.
    ///   - upstreamAddress: where the server listens, an address of this machine.
    /// - Throws: ``TCPListenerError``.
    public init(
        address: String = "127.0.0.1", upstream: UInt16, upstreamAddress: String = "127.0.0.1",
        content: Content = .opaque
    ) throws(TCPListenerError) {
        let state = state
        listener = try TCPListener(address: address) { client in
            var connection = LinkConnection(
                client: client, upstream: SocketPlace(address: upstreamAddress, port: upstream), content: content,
                state: state)
            connection?.run()
        }
        port = listener.port
    }

    public var conditions: LinkConditions {
        get { state.current }
        set { state.current = newValue }
    }

    /// Changes what it names and leaves the rest.
    public func change(_ change: (inout LinkConditions) -> Void) { state.change(change) }

    /// Requests so far; 0 where the content is opaque.
    public var requests: Int { state.requests }
    /// Requests that ended badly.
    public var unluckyRequests: Int { state.unlucky }
}
