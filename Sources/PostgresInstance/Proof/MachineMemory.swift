import Units

/// How much memory the server can have at most.
enum MachineMemory {
    /// What the machine has, or the least that a group of processes this one is in may have.
    static var size: ByteCount? {
        let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        let texts = groups.compactMap { FileSystem.readIfPresent($0) }
        return least(meminfo: FileSystem.readIfPresent("/proc/meminfo") ?? "", groups: texts)
    }

    /// - Parameters:
    ///   - meminfo: `MemTotal:       16384000 kB` in one of its lines.
    ///   - groups: bytes, or `max`.
    static func least(meminfo: String, groups: [String]) -> ByteCount? {
        let machine = meminfo.split(separator: "\n").first { $0.hasPrefix("MemTotal:") }
            .flatMap { line in line.split(separator: " ").dropFirst().first }.flatMap { UInt64($0) }
            .map { $0.multipliedReportingOverflow(by: 1024) }.flatMap { $0.overflow ? nil : $0.partialValue }
        let limits = groups.compactMap { UInt64($0.prefix { $0 != "\n" }) }
        return ([machine].compactMap(\.self) + limits).min().map(ByteCount.init(rawValue:))
    }
}
