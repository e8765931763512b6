/// A running postmaster.
public struct PostmasterHandle: Hashable, Sendable {
    public let pid: Int32
    /// False for one that was found running: its exit status belongs to another process.
    public let isChild: Bool
}

/// A postmaster has ended.
public struct PostmasterExit: Hashable, Sendable {
    public let pid: Int32
    public let status: Status

    public enum Status: Hashable, Sendable, CustomStringConvertible {
        case exited(Int32)
        case signalled(Int32)
        /// It was not our child.
        case unknown

        /// From `waitpid`.
        init(waitStatus: Int32) {
            let signal = waitStatus & 0x7F
            self = signal == 0 ? .exited((waitStatus >> 8) & 0xFF) : .signalled(signal)
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
