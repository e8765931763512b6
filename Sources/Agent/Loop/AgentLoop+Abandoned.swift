import ClusterStore
import Logging
import PostgresConfiguration
import PostgresInstance
import Units

extension AgentLoop {
    /// Tells the store which WAL is about to be lost here, before it is: afterwards nobody could.
    ///
    /// - Throws: when the store did not take it; the data stays as it is until it does.
    func reportAbandoned(_ upstream: Upstream) async throws {
        let abandoned = try await instance.abandonedWAL(against: upstream, isBegunByAnother: isOnUnrecordedCourse)
        try await store.recordAbandoned(
            abandoned, of: me, leader: upstream.member, deadline: .now() + timings.retryTimeout)
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
                abandoned, of: me, leader: upstream.member, deadline: .now() + timings.retryTimeout)
        } catch {
            // Nothing is lost by it; the failover's range stays what the new leader knew.
            logger.info("could not record that no WAL is left behind", metadata: ["error": "\(error)"])
        }
    }
}
