/// Puts lines together from chunks that end anywhere. Each byte is looked at once.
struct LineBuffer {
    /// etcd holds 1.5 MB at most; this is far above what a server can send and keeps a broken one from filling memory.
    static let maximumLineByteCount = 32 << 20

    struct LineTooLong: Error {}

    private var bytes: [UInt8] = []
    private var start = 0
    private var scanned = 0

    mutating func append(_ chunk: [UInt8]) throws(LineTooLong) {
        if start == bytes.count {
            bytes = chunk
            start = 0
            scanned = 0
        } else {
            if start > 0 {
                bytes.removeSubrange(..<start)
                scanned -= start
                start = 0
            }
            guard bytes.count + chunk.count <= Self.maximumLineByteCount else { throw LineTooLong() }
            bytes += chunk
        }
    }

    /// The next complete line that is not empty, without its line break.
    mutating func nextLine() -> ArraySlice<UInt8>? {
        while let end = bytes[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = bytes[start..<end]
            start = end + 1
            scanned = start
            if !line.isEmpty { return line }
        }
        scanned = bytes.count
        return nil
    }
}
