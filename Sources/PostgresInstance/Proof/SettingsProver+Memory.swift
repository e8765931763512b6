import PostgresConfiguration
import ServerControl
import Units

/// A server that takes more memory than there is takes the whole container with it, the running server and the agent too:
/// what one would take is known before it is started.
extension SettingsProver {
    /// - Throws: where a proof that takes so much is not made.
    func requireMemory(_ sharedMemory: ByteCount, _ candidate: SettingsCandidate) throws(InstanceError) {
        guard ProofParameters.tellsSharedMemory(candidate.version) else {
            throw InstanceError(
                .refused, "PostgreSQL \(candidate.version.major) does not say beforehand how much memory a server takes"
            )
        }
        if let reason = ProofParameters.shortage(sharedMemory: sharedMemory, free: memory().free) {
            throw InstanceError(.refused, reason)
        }
    }

    /// Asks PostgreSQL what a server with the member's own sizes would take of shared memory, and then what the proof's would.
    ///
    /// - Requires: the proof's data.
    /// - Returns: nil when the proof's may be started.
    func objectionToSize(_ candidate: SettingsCandidate, until end: BootInstant) async throws -> SettingsVerdict? {
        for isBounded in [false, true] {
            let said = ToolLines()
            let told: Tool.Output
            do {
                told = try await run(
                    Tool(
                        program: "postgres",
                        arguments: arguments(candidate, isBounded: isBounded) + ["-C", "shared_memory_size"],
                        deadline: Self.left(until: end), workingDirectory: sockets)
                ) { said.note($0) }
            } catch {
                guard (error as? InstanceError)?.code == .toolFailed else { throw error }
                // It has read everything that a start reads before it takes memory, and says what is wrong as that does.
                return StartMessages(said.lines).verdict(parameters: candidate.settings.parameters)
            }
            guard let size = ProofParameters.sharedMemory(told: told.standardOutput) else {
                throw InstanceError(.refused, "PostgreSQL does not say how much shared memory a server takes")
            }
            if isBounded {
                try requireMemory(size, candidate)
            } else if let objection = excess(size, candidate) {
                return .refused([
                    ConfigurationFileError(parameter: nil, file: nil, message: objection, isAgents: true)
                ])
            }
        }
        return nil
    }

    private func excess(_ size: ByteCount, _ candidate: SettingsCandidate) -> String? {
        let memory = memory()
        return ProofParameters.excess(
            sharedMemory: size, candidate.settings, memory: memory.limit, machine: memory.machine,
            hasHugePages: candidate.hasHugePages)
    }
}
