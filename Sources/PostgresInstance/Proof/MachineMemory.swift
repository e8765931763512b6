import Units

/// How much memory there is: of the machine, and for this member's processes.
///
/// The files of a group of processes are those of control groups of version 2, or of version 1.
enum MachineMemory {
    /// What the machine has.
    static var machine: ByteCount? { kilobytes("MemTotal", in: meminfo) }

    /// The most this member's processes may have; nil: there is no limit but the machine's.
    static var limit: ByteCount? {
        ["memory.max", "memory/memory.limit_in_bytes"].compactMap { bytes(in: group($0)) }.min()
    }

    /// All of it at one instant.
    struct Look: Sendable {
        var machine: ByteCount?
        var limit: ByteCount?
        var free: ByteCount?
    }

    static var now: Look { Look(machine: machine, limit: limit, free: free) }

    /// How much more this member's processes may have now. What only caches files they need not give back, used lately or not.
    static var free: ByteCount? {
        let groups = [
            free(limit: group("memory.max"), used: group("memory.current"), statistics: group("memory.stat")),
            free(
                limit: group("memory/memory.limit_in_bytes"), used: group("memory/memory.usage_in_bytes"),
                statistics: group("memory/memory.stat")),
        ]
        return (groups + [kilobytes("MemAvailable", in: meminfo)]).compactMap(\.self).min()
    }

    /// Whether there are any, of whatever size, taken or not.
    static var hasHugePages: Bool {
        let folder = "/sys/kernel/mm/hugepages"
        let pools = FileSystem.entries(of: folder).map { FileSystem.readIfPresent("\(folder)/\($0)/nr_hugepages") }
        return hasHugePages(meminfo: meminfo, pools: pools.compactMap(\.self))
    }

    private static var meminfo: String { FileSystem.readIfPresent("/proc/meminfo") ?? "" }
    private static func group(_ name: String) -> String { FileSystem.readIfPresent("/sys/fs/cgroup/\(name)") ?? "" }

    // MARK: The texts

    /// - Parameters:
    ///   - meminfo: `HugePages_Total:       0` in one of its lines; of one size.
    ///   - pools: how many there are of each size.
    static func hasHugePages(meminfo: String, pools: [String]) -> Bool {
        (value(of: "HugePages_Total:", in: meminfo) ?? 0) > 0 || pools.contains { (number($0) ?? 0) > 0 }
    }

    /// - Parameters:
    ///   - limit: bytes, or `max`.
    ///   - statistics: `inactive_file 4096` and `active_file 4096` in two of its lines.
    static func free(limit: String, used: String, statistics: String) -> ByteCount? {
        guard let limit = bytes(in: limit), let used = bytes(in: used) else { return nil }
        let files = ["inactive_file", "active_file"].map {
            value(of: "total_\($0)", in: statistics) ?? value(of: $0, in: statistics) ?? 0
        }
        let held = files.reduce(used.rawValue) { $0 - min($0, $1) }
        return ByteCount(rawValue: limit.rawValue - min(limit.rawValue, held))
    }

    /// - Returns: nil for `max`, and for what stands for it in version 1: more than any machine has.
    static func bytes(in text: String) -> ByteCount? {
        number(text).flatMap { $0 < 1 << 60 ? ByteCount(rawValue: $0) : nil }
    }

    /// `MemTotal:       16384000 kB` in one of the lines.
    static func kilobytes(_ name: String, in meminfo: String) -> ByteCount? {
        value(of: "\(name):", in: meminfo).map { $0.multipliedReportingOverflow(by: 1024) }
            .flatMap { $0.overflow ? nil : ByteCount(rawValue: $0.partialValue) }
    }

    private static func value(of name: String, in text: String) -> UInt64? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count > 1, words[0] == name { return UInt64(words[1]) }
        }
        return nil
    }

    private static func number(_ text: String) -> UInt64? { UInt64(text.prefix { $0 != "\n" }) }
}
