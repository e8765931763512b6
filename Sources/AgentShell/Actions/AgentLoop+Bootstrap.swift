import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Claims the right to create the cluster, then initdb. Starting is the next decision's, when the lock is held.
    func bootstrap() async throws {
        guard !watchdog.hasFailed else {
            throw AgentError(.actionFailed, "no new cluster: the watchdog this member has to have cannot be used")
        }
        guard !file.copiesRemote else {
            throw AgentError(
                .actionFailed, "this cluster begins as a copy of another one; the store does not say yet of which")
        }
        let budget = timings.retryTimeout
        try await requireUsableOptions()
        guard try await claimNewCluster() else { return }
        do {
            try await clearIncomplete()
            // Not proven yet: what they name may keep the statements from running, and is named then.
            let parameters = watch.view()?.configuration.parameters ?? [:]
            try await instance.initialize(options: file.initdb, parameters: parameters)
            let identifier = try await instance.controlData().systemIdentifier
            try await store.completeInitialization(systemIdentifier: identifier, deadline: clock.now + budget)
            settingsKeeping.beginningFault = nil
            logger.notice("initialized a new cluster", metadata: ["system-identifier": "\(identifier)"])
        } catch {
            noteBeginning(error, "no new cluster is made")
            try await store.cancelInitialization(by: me, deadline: clock.now + budget)
            // What failed may fail for long: the API server is not asked to note each try.
            try await clock.sleep(for: Self.pauseAfterFailedBeginning)
            throw error
        }
    }

    /// Looked at before anything is claimed: while a Secret is missing there is nothing to ask the API server for.
    private func requireUsableOptions() async throws {
        do {
            try await instance.requireUsable(file.initdb)
        } catch {
            noteBeginning(error, "no new cluster is made")
            alarm.ring()
            try await clock.sleep(for: Self.pauseAfterFailedBeginning)
            throw error
        }
    }

    /// Claims the right to create the cluster, then copies the remote server. What is next is the next decision's.
    func bootstrapStandby() async throws {
        guard let section, let remote = remote(section) else {
            remoteServer.problem = "standby_cluster names no server to copy"
            try await clock.sleep(for: Self.pauseAfterFailedBeginning)
            return
        }
        guard try await claimNewCluster() else { return }
        do {
            try await clearIncomplete()
            try await instance.clone(from: remote, deadline: Self.longestCopy)
            let identifier = try await instance.controlData().systemIdentifier
            try await store.completeInitialization(
                systemIdentifier: identifier, deadline: clock.now + timings.retryTimeout)
            remoteServer.problem = nil
            logger.notice(
                "copied the remote server", metadata: ["from": "\(section)", "system-identifier": "\(identifier)"])
        } catch {
            remoteServer.problem = "cannot copy \(remote.member): \(error)"
            try await store.cancelInitialization(by: me, deadline: clock.now + timings.retryTimeout)
            // The other cluster has better things to do than to answer the same question all the time.
            try await clock.sleep(for: Self.pauseAfterFailedBeginning)
            throw error
        }
    }

    private static let pauseAfterFailedBeginning = Duration.seconds(3)

    /// - Returns: whether this member, and no other, creates the cluster.
    func claimNewCluster() async throws -> Bool {
        let others = watch.view()?.members.values.filter { $0.name != me } ?? []
        if let elder = await peers.positions(of: Array(others)).first(where: { $0.timeline.rawValue > 0 }) {
            throw AgentError(.actionFailed, "\(elder.name) has data already; no new cluster is created beside it")
        }
        guard try await store.claimInitialization(by: me, deadline: clock.now + timings.retryTimeout) else {
            logger.notice("failed to acquire initialize lock: another member creates the cluster")
            return false
        }
        return true
    }

    /// What an initdb or a copy of ours left when the agent died in it was nobody's data.
    func clearIncomplete() async throws {
        guard case .incomplete(let operation) = try await instance.dataDirectoryState() else { return }
        if ["initdb", "pg_basebackup"].contains(operation) {
            try await instance.discardIncomplete()
        } else {
            let kept = try await instance.moveDataDirectoryAside(reason: operation)
            logger.notice("the old data directory is kept", metadata: ["as": "\(kept)"])
        }
    }

    /// Keeps what no retry mends, to be said by this member: an image without what the spec asks for.
    func noteBeginning(_ error: any Error, _ consequence: String) {
        if let failure = error as? ScriptFailure {
            settingsKeeping.beginningFault = SettingsFault(failure, consequence)
        } else if let invalid = error as? InvalidSettings {
            settingsKeeping.beginningFault = SettingsFault(invalid, consequence)
        } else if let error = error as? InstanceError,
            [.toolFailed, .versionMismatch, .credentials].contains(error.code)
        {
            settingsKeeping.beginningFault = SettingsFault(error, consequence)
        }
    }
}
