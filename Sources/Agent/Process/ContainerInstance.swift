import SystemPackage

/// The instance of the container this process runs in, as the kubelet names it.
///
/// It has to come from the kernel: the Pod's status may still show the instance before this one, and a lock that names a
/// dead instance invites others to take it from a living holder. Without a cgroup path that tells (a private cgroup
/// namespace), there is none, and the death of this holder is found by ttl alone.
enum ContainerInstance {
    static func current() -> String? {
        do {
            let descriptor = try FileDescriptor.open("/proc/self/cgroup", .readOnly)
            return try descriptor.closeAfter {
                try withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 1) { buffer in
                    let count = try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
                    return identifier(inCgroups: String(decoding: buffer.prefix(count), as: UTF8.self))
                }
            }
        } catch {
            return nil
        }
    }

    /// The last 64-digit hexadecimal component of a kubepods path.
    static func identifier(inCgroups text: String) -> String? {
        for line in text.split(separator: "\n") where line.contains("kubepods") {
            let parts = line.split(whereSeparator: { !$0.isHexDigit })
            if let last = parts.last(where: { $0.utf8.count == 64 }) { return String(last) }
        }
        return nil
    }
}
