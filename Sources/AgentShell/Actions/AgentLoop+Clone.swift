import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Copies the data of the leader, or of a standby; what is then to be followed is the next decision's.
    func clone(from source: String) async throws {
        requests.noteCopy(from: source)
        try await clearIncomplete()
        let isLeader = watch.view()?.lock?.leader == source
        do {
            // A standby keeps no slot for this member: the leader does, since it saw it.
            try await copy(from: try upstream(source, withSlot: isLeader))
        } catch {
            if !Task.isCancelled { requests.noteFailedCopy("\(error)") }
            if !isLeader, !Task.isCancelled { avoid(source, because: "\(error)") }
            throw error
        }
        if isLeader, tags.replicatesFrom == nil, !tags.streamsFromNobody { try await follow(source, from: source) }
    }

    /// Copies the upstream's data; one that fails again and again is told.
    func copy(from upstream: Upstream) async throws {
        // It looks for files in the data that is replaced.
        settingsKeeping.proof.cancel()
        do {
            try await instance.clone(from: upstream, deadline: Self.longestCopy)
        } catch let error as InstanceError {
            try Task.checkCancellation()
            if error.code == .versionMismatch || standingBack.noteFailedCopy() {
                settingsKeeping.beginningFault = SettingsFault(error, "no copy is made of \(upstream.member)")
            }
            throw error
        }
        settingsKeeping.beginningFault = nil
        standingBack.noteCourse()
    }

    /// A copy of a large database takes hours; it ends by itself when its source goes away.
    static let longestCopy = Duration.seconds(7 * 24 * 3600)
}
