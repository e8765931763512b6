/// A running postmaster.
public struct PostmasterHandle: Hashable, Sendable {
    public let pid: Int32
    /// False for one that was found running: its exit status belongs to another process.
    public let isChild: Bool

    public init(pid: Int32, isChild: Bool) {
        self.pid = pid
        self.isChild = isChild
    }
}

/// A postmaster has ended.
public struct PostmasterExit: Hashable, Sendable {
    public let pid: Int32
    public let status: Status

    public init(pid: Int32, status: Status) {
        self.pid = pid
        self.status = status
    }

    public enum Status: Hashable, Sendable, CustomStringConvertible {
        case exited(Int32)
        case signalled(Int32)
        /// It was not our child.
        case unknown

        /// It has given up by itself: neither asked to end, nor killed, nor by a shell that tells of a signal.
        public var isOwnFailure: Bool {
            if case .exited(let code) = self { (1..<126).contains(code) } else { false }
        }

        public var description: String {
            switch self {
            case .exited(let code): "exit code \(code)"
            case .signalled(let signal): "signal \(signal)"
            case .unknown: "unknown status"
            }
        }
    }
}
