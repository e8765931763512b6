import Fence
import Glibc
import Logging
public import PostgresConfiguration
public import ServerControl
import Units

extension PostgresInstance {
    /// Starts a server with these settings, on data of its own beside this member's, and asks it.
    ///
    /// - Requires: one at a time.
    /// - Guarantees: nothing of it is left when this returns, also when it is cancelled.
    public func prove(_ settings: PostgresSettings, deadline: Duration) async -> SettingsVerdict {
        let end = BootClock.now() + deadline
        if let lack = MachineMemory.size.flatMap({ ProofParameters.lackOfMemory(settings, memory: $0) }) {
            return .refused([
                ConfigurationFileError(parameter: "shared_buffers", file: nil, message: lack, isAgents: true)
            ])
        }
        let candidate: SettingsCandidate
        do {
            try requireVolume()
            try prepareRuntime()
            candidate = try self.candidate(settings)
        } catch {
            return .undecided(error.message)
        }
        return await prover.prove(candidate, until: end)
    }

    /// Ends and removes what the proof of an earlier agent has left.
    public func clearProof() async {
        do { try await prover.clear() } catch {
            logger.warning("what an earlier proof of settings has left is still there", metadata: ["error": "\(error)"])
        }
    }

    private func candidate(_ settings: PostgresSettings) throws(InstanceError) -> SettingsCandidate {
        guard let version = data.version else {
            throw InstanceError(.refused, "\(data.path) holds no data to configure a server for")
        }
        let base = data.file(ServerFiles.baseConfigurationName)
        let placement = ServerFiles.Placement(
            listenAddresses: "", port: layout.port, socketDirectory: layout.runtimeDirectory,
            passwordFile: layout.passwordFile, memberName: layout.memberName)
        let files = ServerFiles(
            settings: settings, role: .primary, placement: placement, access: access, version: version,
            floors: floors, hasBaseConfiguration: FileSystem.exists(base), baseConfiguration: base)
        let automatic = FileSystem.readIfPresent(data.file("postgresql.auto.conf")) ?? ""
        return SettingsCandidate(
            settings: settings, version: version, files: files,
            agentsAuthentication: ServerFiles.agentsAuthentication(access),
            agentsUserNameMaps: ServerFiles.agentsUserNameMaps(access),
            automaticConfiguration: ServerFiles.withoutOwnedParameters(automaticConfiguration: automatic) ?? automatic,
            commandLine: settings.commandLine(floors: floors), walSegmentMegabytes: walSegmentMegabytes,
            hasHugePages: Self.hasHugePages)
    }

    private var walSegmentMegabytes: Int {
        let directory = data.file("pg_wal")
        let segment = FileSystem.entries(of: directory).first { $0.utf8.count == 24 }
        return segment.flatMap { FileSystem.status("\(directory)/\($0)") }.map { max(1, Int($0.st_size) >> 20) } ?? 16
    }

    private static var hasHugePages: Bool {
        let lines = (FileSystem.readIfPresent("/proc/meminfo") ?? "").split(separator: "\n")
        return lines.contains { $0.hasPrefix("HugePages_Total:") && !$0.hasSuffix(" 0") }
    }
}
