/// What init was to share with its agent did not come, or a deadline did not reach init; the one sent before stays in force.
public struct FenceError: Error, Hashable, Sendable {
    public enum Code: String, Hashable, Sendable {
        /// `MATRIARCH_FENCE_FD` does not name an open pipe, or `MATRIARCH_VOLUME_FD` no open directory.
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
