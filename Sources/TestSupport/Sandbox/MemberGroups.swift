import Glibc

/// Control groups of one member, named as the kubelet names them: version 1 has a hierarchy for each controller, version 2
/// one for all.
struct MemberGroups: Sendable {
    /// The group of the Pod in the hierarchy that freezes; it holds one group for each instance of the container.
    let freezer: String
    /// The same where processor time is shared out.
    let processor: String

    private static let version1 = "/sys/fs/cgroup/freezer"

    /// - Parameter name: of a folder that is the caller's own in each hierarchy.
    init(name: String, podUID: String) {
        let isVersion1 = access(Self.version1, W_OK) == 0
        freezer = "\(isVersion1 ? Self.version1 : "/sys/fs/cgroup")/\(name)/kubepods/pod\(podUID)"
        processor = "\(isVersion1 ? "/sys/fs/cgroup/cpu" : "/sys/fs/cgroup")/\(name)/kubepods/pod\(podUID)"
    }

    /// Makes the groups of a container.
    ///
    /// - Returns: the files its first process writes itself into.
    func makeContainer(_ containerID: String) throws -> [String] {
        try Set([freezer, processor]).sorted().map { pod in
            try Self.makeFolders("\(pod)/\(containerID)")
            return "\(pod)/\(containerID)/cgroup.procs"
        }
    }

    // MARK: Freezing

    func setFrozen(_ isFrozen: Bool) throws {
        let version1 = "\(freezer)/freezer.state"
        if access(version1, F_OK) == 0 {
            try Self.write(isFrozen ? "FROZEN" : "THAWED", to: version1)
        } else if access("\(freezer)/cgroup.freeze", F_OK) == 0 {
            try Self.write(isFrozen ? "1" : "0", to: "\(freezer)/cgroup.freeze")
        } else if isFrozen {
            throw MemberError("\(freezer) cannot be frozen: no control group of the member is there")
        }
    }

    // MARK: Processor time

    /// Lets all processes of the member together have so much of one processor; nil for as much as there is.
    func setProcessorShare(_ share: ProcessorShare?) throws {
        let quota = share.map { "\($0.time.microseconds)" }
        let period = "\((share?.period ?? .milliseconds(100)).microseconds)"
        let version1 = "\(processor)/cpu.cfs_quota_us"
        if access(version1, F_OK) == 0 {
            // Without a quota any period will do; with one it must not be longer than the old period.
            try Self.write("-1", to: version1)
            try Self.write(period, to: "\(processor)/cpu.cfs_period_us")
            if let quota { try Self.write(quota, to: version1) }
            return
        }
        guard quota != nil || access("\(processor)/cpu.max", F_OK) == 0 else { return }
        // Version 2 hands controllers down one level at a time.
        var level = "/sys/fs/cgroup"
        for part in processor.dropFirst(level.count).split(separator: "/") {
            try Self.write("+cpu", to: "\(level)/cgroup.subtree_control")
            level += "/\(part)"
        }
        try Self.write("\(quota ?? "max") \(period)", to: "\(processor)/cpu.max")
    }

    /// In how many periods processes had to wait for the next one.
    var throttledPeriods: Int {
        let statistics = ProcessTable.text(of: "\(processor)/cpu.stat") ?? ""
        let line = statistics.split(separator: "\n").first { $0.hasPrefix("nr_throttled ") }
        return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }

    private static func makeFolders(_ path: String) throws {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard mkdir(made, 0o755) == 0 || errno == EEXIST else {
                throw MemberError("cannot create \(made): \(String(cString: strerror(errno)))")
            }
        }
    }

    private static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw MemberError("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw MemberError("\(path): \(String(cString: strerror(errno)))")
        }
    }
}

/// How much of one processor.
public struct ProcessorShare: Sendable, Hashable {
    /// 1 ms or more.
    public let time: Duration
    /// Of each of these; 1 s or less.
    public let period: Duration

    public init(_ time: Duration, ofEach period: Duration) {
        self.time = time
        self.period = period
    }
}

extension Duration {
    fileprivate var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
