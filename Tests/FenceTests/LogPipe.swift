import Glibc

/// A named pipe in the place of a container's log, held open by a reader that may stall.
final class LogPipe {
    private let reading: Int32

    init(_ path: String) throws {
        guard mkfifo(path, 0o600) == 0 else { throw NotReached(description: "\(path): \(errno)") }
        reading = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard reading >= 0 else { throw NotReached(description: "\(path): \(errno)") }
    }

    deinit { close(reading) }

    /// Bytes that lie in it.
    var waiting: Int {
        var count: Int32 = 0
        return ioctl(reading, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
    }

    /// Reads all that lies in it.
    func drain() -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = read(reading, &buffer, buffer.count), count > 0 { bytes += buffer.prefix(count) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
