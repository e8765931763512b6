import Glibc

/// The exclusive lock of one container on the volume its data directory lies on.
///
/// Two containers of one member can meet on one volume: a Pod that was deleted by force leaves one behind that nobody sees any
/// more, and no look into one process namespace finds what runs in the other. The lock lies on the volume's directory itself, so
/// a full disk and a lost file are no way around it. init opens the directory; agent and server inherit the open file, and
/// the kernel lets go of it with the last of them.
///
/// - Requires: init's child, so that an agent that is started again shares the open file with the one before.
public struct VolumeHold: Sendable {
    /// Where init names the descriptor it lets its child inherit.
    public static let environmentKey = "MATRIARCH_VOLUME_FD"

    /// What a try came to.
    public enum Claim: Hashable, Sendable {
        case held
        /// A process that did not get the open file from here has the lock.
        case heldByAnother
        /// The file system knows no such locks: why, as in `<errno.h>`.
        case unsupported(errno: Int32)
    }

    /// For `Program.kept` of whatever writes the volume.
    public let descriptor: Int32

    /// Wraps an open directory and keeps it from programs this process starts unless they are given it.
    ///
    /// - Throws: ``FenceError`` `.descriptorInvalid` when it is not a directory.
    public init(descriptor: Int32) throws {
        try InheritedDescriptor.keep(descriptor, Self.environmentKey, kind: S_IFDIR, "directory")
        self.descriptor = descriptor
    }

    /// Opens the directory that holds `dataDirectory`, an absolute path; a link is followed. Nothing is claimed yet.
    ///
    /// - Returns: nil, with `errno` set, when it cannot be opened.
    public init?(opening dataDirectory: String) {
        let resolved = realpath(dataDirectory, nil)
        defer { free(resolved) }
        let path = resolved.map { String(cString: $0) } ?? dataDirectory
        let parent = path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)
        descriptor = open(parent.isEmpty ? "/" : String(parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
    }

    /// The hold of the init that started this process; nil when there is none.
    ///
    /// - Throws: ``FenceError`` `.descriptorInvalid` when the variable is set and names no directory.
    public static func inherited() throws -> VolumeHold? {
        try InheritedDescriptor.number(environmentKey).map { try VolumeHold(descriptor: $0) }
    }

    /// Tries to take the lock, without waiting; what is held already stays so.
    public func claim() -> Claim {
        while true {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return .held }
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return .heldByAnother
            default: return .unsupported(errno: errno)
            }
        }
    }
}
