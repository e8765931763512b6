import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import Units

extension LabCluster {
    /// A fourth member finds the data of another PostgreSQL cluster on its volume: it says so, never joins, and changes
    /// not one byte.
    ///
    /// - Returns: what the user is told.
    /// - Throws: ``LabError`` when the data was touched, the member became ready, or the others were disturbed.
    public func withstandForeignData() async throws -> String {
        let before = try await waitUntilHealthy()
        let volume = try await ForeignVolume.make(cluster: self, ordinal: before.replicas.count + 1)
        do {
            let message = try await meet(volume, before: before)
            try await dismiss(volume, instances: before.replicas.count + 1)
            return message
        } catch {
            do {
                try await dismiss(volume, instances: before.replicas.count + 1)
            } catch {
                lab.progress.say("the foreign volume \(volume.name) is left: \(error)")
            }
            throw error
        }
    }

    private func meet(_ volume: ForeignVolume, before: HealthyCluster) async throws -> String {
        let fingerprint = try await volume.fingerprint()
        try await patch(spec: ["instances": .int(Int64(before.replicas.count + 2))])
        let message = try await wait(
            for: "\(volume.member) to say whose data it found", within: .seconds(60), every: .milliseconds(500),
            saying: lab.progress
        ) {
            let said = try await sayings(of: volume.member)
            let match = said.first { $0.contains(volume.systemIdentifier) }
            return match.map { .reached($0) } ?? Sight<String>.notYet(said.last ?? "nothing")
        }
        guard try await !Self.isReady(pod(volume.member)) else { throw LabError("\(volume.member) became ready") }
        guard try await volume.fingerprint() == fingerprint else { throw LabError("the foreign data was changed") }
        return message
    }

    /// Conditions, events, and the log of the member: wherever a user looks.
    private func sayings(of member: String) async throws -> [String] {
        try await conditions() + events() + agentLog(member).split(separator: "\n").map(String.init)
    }

    private func dismiss(_ volume: ForeignVolume, instances: Int) async throws {
        try await patch(spec: ["instances": .int(Int64(instances))])
        try await waitUntilHealthy(instances: instances)
        try await volume.remove()
    }
}

/// A volume of this machine with the data of a PostgreSQL cluster of its own, claimed for a member to come.
private struct ForeignVolume {
    let cluster: LabCluster
    let member: String
    let claim: String
    let folder: String
    let systemIdentifier: String

    var name: String { "\(cluster.namespace)-\(claim)" }

    /// The user PostgreSQL runs as in its Pods.
    private static let owner = "10026"

    static func make(cluster: LabCluster, ordinal: Int) async throws -> ForeignVolume {
        let claim = cluster.scope.volumeClaim(ordinal)
        let folder = "/var/tmp/matriarch-lab-\(cluster.namespace)-\(claim)"
        // initdb wants a user with a name; the files are given away afterwards.
        let identifier = try await CommandRunner.run(
            "sh", ["-ec", script, "make-foreign-data", folder, owner], deadline: .seconds(60))
        let volume = ForeignVolume(
            cluster: cluster, member: cluster.scope.pod(ordinal), claim: claim, folder: folder,
            systemIdentifier: identifier.trimmed)
        try await cluster.lab.kubectl(["apply", "-f", "-"], input: volume.manifest.serialized())
        return volume
    }

    private static let script = """
        folder=$1 owner=$2
        programs=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
        rm -rf "$folder" && mkdir "$folder" && chown nobody "$folder"
        cd "$folder"
        setpriv --reuid nobody --clear-groups "$programs/initdb" -D "$folder/pgdata" >&2
        chown -R "$owner:$owner" "$folder"
        "$programs/pg_controldata" "$folder/pgdata" | sed -n 's/^Database system identifier: *//p'
        """

    private var manifest: JSONValue {
        let access: JSONValue = ["ReadWriteOnce"]
        let capacity: JSONValue = ["storage": "1Gi"]
        return [
            "apiVersion": "v1", "kind": "List",
            "items": [
                [
                    "apiVersion": "v1", "kind": "PersistentVolume", "metadata": ["name": .string(name)],
                    "spec": [
                        "capacity": capacity, "accessModes": access, "persistentVolumeReclaimPolicy": "Retain",
                        "storageClassName": "standard", "hostPath": ["path": .string(folder)],
                    ],
                ],
                [
                    "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                    "metadata": ["name": .string(claim), "namespace": .string(cluster.namespace)],
                    "spec": [
                        "accessModes": access, "storageClassName": "standard", "volumeName": .string(name),
                        "resources": ["requests": capacity],
                    ],
                ],
            ],
        ]
    }

    /// Names, contents, owners and times of every file.
    func fingerprint() async throws -> String {
        try await CommandRunner.run(
            "sh",
            [
                "-ec",
                "cd \"$1\" && { find . -printf '%p %u %m %s %T@\\n'; find . -type f -exec sha256sum {} +; } | sort | sha256sum",
                "fingerprint", folder,
            ])
    }

    func remove() async throws {
        try await cluster.lab.kubectl([
            "-n", cluster.namespace, "delete", "persistentvolumeclaim", claim, "--ignore-not-found",
        ])
        try await cluster.lab.kubectl(["delete", "persistentvolume", name, "--ignore-not-found"])
        try await CommandRunner.run("rm", ["-rf", folder])
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
