/// Stops every process of a Pod at once, as a hung machine would, and lets them go on later.
///
/// Through the control group of the Pod: version 1 has a freezer of its own, version 2 a file in each group.
public struct Freezer: Sendable {
    private let file: String
    private let frozen: String
    private let thawed: String

    /// - Throws: ``LabError`` when the Pod has no processes on this machine.
    public init(podUID: String) throws(LabError) {
        guard let groups = PodProcesses(podUID: podUID).controlGroups else {
            throw LabError("Pod \(podUID) has no processes on this machine, so it cannot be frozen from here")
        }
        for line in groups.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, let pod = Self.podGroup(in: String(fields[2]), podUID: podUID) else { continue }
            let version1 = "/sys/fs/cgroup/freezer\(pod)/freezer.state"
            if fields[1] == "freezer", HostFile.exists(version1) {
                (file, frozen, thawed) = (version1, "FROZEN", "THAWED")
                return
            }
            let version2 = "/sys/fs/cgroup\(pod)/cgroup.freeze"
            if fields[1].isEmpty, HostFile.exists(version2) {
                (file, frozen, thawed) = (version2, "1", "0")
                return
            }
        }
        throw LabError("no control group of Pod \(podUID) can be frozen")
    }

    public func freeze() throws(LabError) { try HostFile.write(frozen, to: file) }

    /// Harmless when the Pod is not frozen, and when it is gone.
    public func thaw() throws(LabError) {
        guard HostFile.exists(file) else { return }
        try HostFile.write(thawed, to: file)
    }

    /// The group of the Pod, above those of its containers.
    private static func podGroup(in path: String, podUID: String) -> String? {
        for mark in [podUID, podUID.replacing("-", with: "_")] {
            guard let found = path.firstRange(of: mark) else { continue }
            let end = path[found.upperBound...].firstIndex(of: "/") ?? path.endIndex
            return String(path[..<end])
        }
        return nil
    }
}
