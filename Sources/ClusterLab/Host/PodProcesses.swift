/// The processes of one Pod, found from the host through their control groups. Nothing runs inside the Pod.
public struct PodProcesses: Sendable {
    public let podUID: String
    public let all: [HostProcess]
    /// The control groups of one of them, as the kernel lists them; nil when there are no processes.
    ///
    /// Read with the process and not later: the first one found may be a client's server process that is gone a moment later.
    public let controlGroups: String?

    /// Looks now. A Pod of another machine has no processes here.
    public init(podUID: String) {
        self.podUID = podUID
        // The systemd driver writes the UID with underscores.
        let marks = ["pod\(podUID)", "pod\(podUID.replacing("-", with: "_"))"]
        var groups: String?
        all = HostFile.processIdentifiers().compactMap { identifier in
            guard let own = HostFile.read("/proc/\(identifier)/cgroup"), marks.contains(where: own.contains)
            else { return nil }
            groups = groups ?? own
            return Self.process(identifier)
        }
        controlGroups = groups
    }

    /// PID 1 of the PostgreSQL container: `matriarch init`. The sandbox's own PID 1 is another program.
    public var initProcess: HostProcess? {
        all.first { $0.containerIdentifier == 1 && $0.arguments.dropFirst().first == "init" }
    }

    public var agent: HostProcess? {
        all.first { $0.arguments.dropFirst().first == "agent" && $0.containerIdentifier != 1 }
    }

    /// The server's first process: the one `postgres` whose parent is not one.
    public var postmaster: HostProcess? {
        let servers = all.filter { $0.name == "postgres" }
        let identifiers = Set(servers.map(\.identifier))
        return servers.first { !identifiers.contains($0.parent) && !$0.arguments.contains("--single") }
    }

    private static func process(_ identifier: Int32) -> HostProcess? {
        guard let status = HostFile.read("/proc/\(identifier)/status"),
            let commandLine = HostFile.read("/proc/\(identifier)/cmdline")
        else { return nil }
        func field(_ name: String) -> Substring? {
            status.split(separator: "\n").first { $0.hasPrefix("\(name):") }?.dropFirst(name.count + 1)
        }
        let words = (field("NSpid") ?? "").split(whereSeparator: \.isWhitespace)
        return HostProcess(
            identifier: identifier,
            parent: field("PPid")?.split(whereSeparator: \.isWhitespace).first.flatMap { Int32($0) } ?? 0,
            containerIdentifier: words.last.flatMap { Int32($0) } ?? 0,
            name: field("Name")?.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? "",
            arguments: commandLine.split(separator: "\0", omittingEmptySubsequences: true).map(String.init))
    }
}
