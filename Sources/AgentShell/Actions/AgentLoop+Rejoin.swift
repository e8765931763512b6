import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Brings this server behind the leader, by the least that works.
    ///
    /// A running standby on the leader's course only changes its upstream. One that has left that course is stopped,
    /// recovered, rewound; and cloned anew, with the old data moved aside, if rewinding fails.
    func rejoin(_ leader: String, from source: String?) async throws {
        life.awaitStream()
        let upstream = try upstream(leader)
        if instance.runningPostmaster == nil, instance.isUnstartedCopy {
            return try await follow(leader, from: source)
        }
        if instance.runningPostmaster == nil, case .stopped(let stopped) = server, stopped.wasPrimary, !stopped.isClean
        {
            try await instance.crashRecovery()
        }
        switch try await divergence(from: upstream) {
        case .none:
            if case .stopped(let stopped) = server, stopped.wasPrimary { await reportNothingAbandoned(upstream) }
            try await follow(leader, from: source)
        case .unknown(let reason):
            throw AgentError(.actionFailed, "cannot tell whether this server follows \(leader): \(reason)")
        case .needsRewind(let reason):
            logger.notice("this server has left \(leader)'s course", metadata: ["why": "\(reason)"])
            guard watch.view()?.members[leader]?.hasCheckpointSincePromotion ?? false else {
                throw AgentError(.actionFailed, "Waiting for checkpoint on \(leader) before rewind")
            }
            try await reportAbandoned(upstream)
            try await bringBack(upstream, mayRewind: true)
            try await follow(leader, from: source)
        case .needsCopy(let reason):
            logger.error("this server is on another course than \(leader)", metadata: ["why": "\(reason)"])
            try await reportAbandoned(upstream)
            try await bringBack(upstream, mayRewind: false)
            try await follow(leader, from: source)
        }
    }

    /// The history first: a course that another member began under the same number looks like the leader's own by all that
    /// the two servers can tell.
    private func divergence(from upstream: Upstream) async throws -> Divergence {
        guard !isOnUnrecordedCourse else {
            return .needsCopy(reason: "its timeline is another one than was recorded under that number")
        }
        return try await instance.divergence(from: upstream)
    }

    /// Of the server that was stopped here, by the store's history.
    var isOnUnrecordedCourse: Bool {
        guard case .stopped(let stopped) = server, let view = watch.view() else { return false }
        return view.isOnUnrecordedCourse(stopped, of: me)
    }

    /// Tells the store which WAL is about to be lost here, before it is: afterwards nobody could.
    ///
    /// - Throws: when the store did not take it; the data stays as it is until it does.
    func reportAbandoned(_ upstream: Upstream) async throws {
        let abandoned = try await instance.abandonedWAL(against: upstream, isBegunByAnother: isOnUnrecordedCourse)
        try await store.recordAbandoned(
            abandoned, of: me, leader: upstream.member, deadline: clock.now + timings.retryTimeout)
        logger.warning(
            "the WAL from \(abandoned.start) to \(abandoned.end) on timeline \(abandoned.timeline) is left behind",
            metadata: [
                "leader": "\(upstream.member)", "size": "\(abandoned.size)",
                "commits": "\(abandoned.commits.map(String.init) ?? "not counted")",
            ])
    }

    /// A former primary that follows as it is has shown that nothing of it is missing.
    func reportNothingAbandoned(_ upstream: Upstream) async {
        do {
            let abandoned = try await instance.abandonedWAL(against: upstream)
            try await store.recordAbandoned(
                abandoned, of: me, leader: upstream.member, deadline: clock.now + timings.retryTimeout)
        } catch {
            // Nothing is lost by it; the failover's range stays what the new leader knew.
            logger.info("could not record that no WAL is left behind", metadata: ["error": "\(error)"])
        }
    }

    func bringBack(_ upstream: Upstream, mayRewind: Bool) async throws {
        // It looks for files in this data.
        settingsKeeping.proof.cancel()
        if instance.runningPostmaster != nil { try await instance.stop(.fast, deadline: .seconds(30)) }
        let usesRewind = watch.view()?.configuration.usesRewind ?? true
        if mayRewind, usesRewind {
            do {
                try await instance.rewind(from: upstream, deadline: .seconds(3600))
                standingBack.noteCourse()
                return
            } catch {
                // Broken off because the agent is to stop, for example.
                try Task.checkCancellation()
                if try await mayRewindAgain(after: error, from: upstream) { throw error }
                logger.error("pg_rewind failed; cloning anew", metadata: ["error": "\(error)"])
            }
        }
        let kept = try await instance.moveDataDirectoryAside(reason: "diverged")
        logger.notice("the old data directory is kept", metadata: ["as": "\(kept)"])
        try await copy(from: upstream)
    }

    /// A copy needs the room for a second database, and hours; a leader that was restarted comes back in seconds.
    ///
    /// - Returns: whether the data is as it was, and pg_rewind is worth another try: its source does not answer, or has not
    ///   been asked often enough.
    private func mayRewindAgain(after error: any Error, from upstream: Upstream) async throws -> Bool {
        guard (error as? InstanceError)?.code == .toolFailed else { return false }
        if case .incomplete = try await instance.dataDirectoryState() { return false }
        do {
            try await instance.prepareToStream(
                from: Upstream(member: upstream.member, host: upstream.host, port: upstream.port, slot: nil))
        } catch {
            return true
        }
        return standingBack.noteFailedRewind()
    }
}
