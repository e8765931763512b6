import CLinux
import Glibc

/// init's end of the fence.
///
/// init keeps the writing end open too, so that an agent's death neither ends the pipe nor lifts the deadline.
public struct FenceReceiver {
    /// Readable when a message waits; for `poll`.
    public let descriptor: Int32
    /// What the agent inherits.
    public let writingDescriptor: Int32

    /// Opens the pipe, both ends non-blocking and close-on-exec; nil with `errno` set when it cannot be had.
    public init?() {
        var ends: (reading: Int32, writing: Int32) = (-1, -1)
        let result = clinux_pipe(&ends.reading, &ends.writing)
        guard result == 0 else {
            errno = -result
            return nil
        }
        (descriptor, writingDescriptor) = ends
    }

    /// Takes every message off the pipe and returns the last; nil when none arrived.
    public func latest() -> FenceDeadline? {
        var latest: FenceDeadline?
        var values: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        while true {
            let size = withUnsafeMutableBytes(of: &values) { read(descriptor, $0.baseAddress, $0.count) }
            if size < 0 && errno == EINTR { continue }
            // Writes are atomic and all of one size, so a read ends between messages.
            guard size >= FenceDeadline.wireSize else { return latest }
            withUnsafeBytes(of: &values) { bytes in
                for offset in stride(from: 0, to: size, by: FenceDeadline.wireSize) {
                    let value = UInt64(littleEndian: bytes.load(fromByteOffset: offset, as: UInt64.self))
                    if let deadline = FenceDeadline(wireValue: value) { latest = deadline }
                }
            }
        }
    }
}
