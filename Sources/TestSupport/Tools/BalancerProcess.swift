import Glibc

/// HAProxy in front of the members of a cluster, as a process of this machine; it ends with the cluster at the latest.
public final class BalancerProcess: Sendable {
    private let process: ControlPlaneProcess
    private let configurationPath: String

    /// - Parameters:
    ///   - configuration: the file as it is; nothing is added to it.
    ///   - name: of its files in the cluster's folder.
    public init(_ configuration: String, name: String, before cluster: MemberCluster) throws {
        configurationPath = "\(cluster.folder)/\(name).cfg"
        try MemberCluster.write(configurationPath, configuration)
        // One before it may have had this name, and what it said is not of this one.
        let logPath = "\(cluster.folder)/\(name).log"
        unlink(logPath)
        // In the foreground, where it says on standard error what becomes of each server.
        process = try ControlPlaneProcess(
            name: name, [try ForeignTool.haproxy.path(), "-db", "-f", configurationPath],
            logPath: logPath)
    }

    public var isRunning: Bool { process.isRunning }

    public func stop() async throws { try await process.stop() }

    /// What it has said so far.
    public var log: String { ProcessTable.text(of: process.logPath) ?? "" }

    /// Which servers of a proxy were up, from its start on: one set for the start and one for each change.
    ///
    /// HAProxy takes every server for one that is up until it has asked it.
    public func serversUp(in proxy: String, of all: Set<String>) -> [Set<String>] {
        var sets = [all]
        for line in log.split(separator: "\n") {
            // Server primary/demo-0 is DOWN, reason: …
            guard let start = line.firstRange(of: "Server \(proxy)/")?.upperBound, let last = sets.last else {
                continue
            }
            let words = line[start...].split { $0 == " " || $0 == "," }
            guard words.count > 2, words[1] == "is" else { continue }
            switch words[2] {
            case "UP": sets.append(last.union([String(words[0])]))
            case "DOWN": sets.append(last.subtracting([String(words[0])]))
            case _: continue
            }
        }
        return sets
    }
}
