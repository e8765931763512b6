/// Why a deadline did not reach init. The deadline sent before stays in force.
public struct FenceError: Error, Hashable, Sendable {
    public enum Code: String, Hashable, Sendable {
        /// `MATRIARCH_FENCE_FD` does not name an open pipe.
        case descriptorInvalid = "descriptor_invalid"
        /// init has not read for thousands of messages: it is stopped or stuck.
        case receiverStuck = "receiver_stuck"
        /// init is gone, or the pipe failed otherwise.
        case receiverGone = "receiver_gone"
    }

    public let code: Code
    public let message: String
}

extension FenceError: CustomStringConvertible {
    public var description: String { "\(code.rawValue): \(message)" }
}
