import Glibc
public import Units

/// The agent's end of the fence: hands init the deadline of the lock.
///
/// - Guarantees: one system call per message, which never blocks; safe from any thread.
/// - Requires: the descriptor stays open for the life of the process; nobody closes it.
public struct FenceHandle: Sendable {
    /// Where init names the descriptor it lets its child inherit.
    public static let environmentKey = "MATRIARCH_FENCE_FD"

    let descriptor: Int32

    /// Wraps the writing end of a non-blocking pipe and keeps it from programs this process starts.
    ///
    /// - Throws: ``FenceError`` `.descriptorInvalid` when it is not a pipe.
    public init(descriptor: Int32) throws {
        try InheritedDescriptor.keep(descriptor, Self.environmentKey, kind: S_IFIFO, "pipe")
        self.descriptor = descriptor
    }

    /// The fence of the init that started this process; nil when there is none to arm.
    ///
    /// - Throws: ``FenceError`` `.descriptorInvalid` when the variable is set and names no pipe.
    public static func inherited() throws -> FenceHandle? {
        try InheritedDescriptor.number(environmentKey).map { try FenceHandle(descriptor: $0) }
    }

    /// Sets the instant at which init kills every process of the data directory.
    ///
    /// - Parameter instant: replaces any deadline before; one in the past kills at once.
    /// - Throws: ``FenceError``; the former deadline then stays in force.
    public func arm(until instant: BootInstant) throws {
        try send(.until(instant))
    }

    /// Takes the deadline back: PostgreSQL is stopped or in recovery, so nothing needs fencing.
    ///
    /// - Throws: ``FenceError``; the former deadline then stays in force.
    public func disarm() throws {
        try send(.disarmed)
    }

    func send(_ deadline: FenceDeadline) throws {
        var value = deadline.wireValue.littleEndian
        while true {
            let written = write(descriptor, &value, FenceDeadline.wireSize)
            if written == FenceDeadline.wireSize { return }
            switch errno {
            case EINTR: continue
            case EAGAIN: throw FenceError(code: .receiverStuck, message: "init does not read its deadlines")
            default: throw FenceError(code: .receiverGone, message: String(cString: strerror(errno)))
            }
        }
    }
}
