import Fence
import Glibc
import Logging
public import PostgresConfiguration
public import ServerControl
import Units

extension PostgresInstance {
    /// Starts a server with these settings, on data of its own beside this member's, and asks it.
    ///
    /// - Guarantees: see ``LocalServer/prove(_:deadline:)``.
    public func prove(_ settings: PostgresSettings, deadline: Duration) async -> SettingsVerdict {
        let end = BootClock.now() + deadline
        if let error = Self.lackOfMemory(settings) { return .refused([error]) }
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

    func candidate(_ settings: PostgresSettings) throws(InstanceError) -> SettingsCandidate {
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
            commandLine: settings.commandLine(floors: floors),
            walSegmentMegabytes: ProofParameters.walSegmentMegabytes(
                of: walSegmentMegabytes, settings, automaticConfiguration: automatic),
            hasHugePages: MachineMemory.hasHugePages)
    }

    /// What the agent knows beforehand, and PostgreSQL would not say.
    private static func lackOfMemory(_ settings: PostgresSettings) -> ConfigurationFileError? {
        let hasHugePages = MachineMemory.hasHugePages
        let buffers = ProofParameters.lackOfMemory(
            settings, memory: MachineMemory.limit, machine: MachineMemory.machine, hasHugePages: hasHugePages)
        if let buffers {
            return ConfigurationFileError(parameter: "shared_buffers", file: nil, message: buffers, isAgents: true)
        }
        return ProofParameters.lackOfHugePages(settings, hasHugePages: hasHugePages).map {
            ConfigurationFileError(parameter: "huge_pages", file: nil, message: $0, isAgents: true)
        }
    }

    private var walSegmentMegabytes: Int {
        let directory = data.file("pg_wal")
        let segment = FileSystem.entries(of: directory).first { $0.utf8.count == 24 }
        return segment.flatMap { FileSystem.status("\(directory)/\($0)") }.map { max(1, Int($0.st_size) >> 20) } ?? 16
    }
}
