import Glibc

/// A process of a container as the host sees it.
public struct HostProcess: Hashable, Sendable {
    /// On the host.
    public let identifier: Int32
    public let parent: Int32
    /// Inside the container's process namespace.
    public let containerIdentifier: Int32
    /// The program's name, at most 15 characters.
    public let name: String
    public let arguments: [String]

    /// Ends the process as the kernel's out-of-memory killer would.
    ///
    /// - Throws: ``LabError`` when it is gone or not ours to kill.
    public func kill() throws(LabError) {
        guard Glibc.kill(identifier, SIGKILL) == 0 else {
            throw LabError("cannot kill \(name) (process \(identifier)): \(String(cString: strerror(errno)))")
        }
    }

    /// What the kernel charges to the process; nil when it has ended.
    public func memory() -> MemoryUse? {
        guard let text = HostFile.read("/proc/\(identifier)/smaps_rollup") else { return nil }
        func bytes(_ field: String) -> Int64? {
            for line in text.split(separator: "\n") where line.hasPrefix("\(field):") {
                return line.split(separator: " ").dropFirst().first.flatMap { Int64($0) }.map { $0 << 10 }
            }
            return nil
        }
        guard let anonymous = bytes("Anonymous"), let resident = bytes("Rss") else { return nil }
        return MemoryUse(anonymous: anonymous, resident: resident)
    }
}

/// Memory of one or more processes, in bytes.
public struct MemoryUse: Hashable, Sendable {
    /// Pages that belong to no file: heap and stacks.
    public var anonymous: Int64
    /// All pages in memory, those of program files included.
    public var resident: Int64

    public static func + (left: MemoryUse, right: MemoryUse) -> MemoryUse {
        MemoryUse(anonymous: left.anonymous + right.anonymous, resident: left.resident + right.resident)
    }
}
