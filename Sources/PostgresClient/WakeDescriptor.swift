import Glibc

/// A pipe that lets one thread wake another out of `poll`.
final class WakeDescriptor: Sendable {
    /// Readable once ``signal()`` was called.
    let descriptor: Int32
    private let writing: Int32

    init() {
        // Without pipe2 in Swift's Glibc module; our children close what they do not need.
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        for end in ends where end >= 0 {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (descriptor, writing) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(writing)
    }

    func signal() {
        var byte: UInt8 = 1
        _ = write(writing, &byte, 1)
    }
}
