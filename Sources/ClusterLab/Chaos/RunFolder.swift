import Glibc
import KubernetesModels
import TestSupport
import Units

/// What a failing run leaves behind, to be understood and repeated.
public struct RunFolder: Sendable {
    public let path: String

    /// - Throws: ``LabError`` when it cannot be made.
    public init(path: String) throws(LabError) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw LabError("cannot create \(path): \(String(cString: strerror(errno)))")
        }
        self.path = path
    }

    func write(_ lines: [String], to name: String) throws(LabError) {
        try HostFile.create(lines.map { $0 + "\n" }.joined(), at: "\(path)/\(name)")
    }

    /// Every attempt to write, what was seen of the lock, and what every member said.
    func write(_ history: WriteHistory, _ epochs: [EpochSighting], _ cluster: LocalCluster) throws(LabError) {
        try write(history.records.map { $0.json.serialized() }, to: "history.jsonl")
        try write(epochs.map { $0.json.serialized() }, to: "epochs.jsonl")
        for member in cluster.members.members {
            try write([HostFile.read(member.logPath) ?? ""], to: "\(member.name).log")
        }
    }
}

extension EpochSighting {
    var json: JSONValue {
        [
            "epoch": .int(epoch), "holder": .string(holder), "server": .string(server),
            "timeline_before": timelineBefore.map { .int(Int64($0.rawValue)) } ?? .null,
            "seen_ns": .int(seen.nanoseconds),
        ]
    }
}
