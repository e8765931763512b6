package import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// The answer to a candidate's question; nil when this server cannot tell.
    package func answerPosition() async -> PositionAnswer? {
        guard let (report, status) = await measurePosition() else { return nil }
        return PositionAnswer(
            report: report, isRunning: instance.runningPostmaster != nil,
            awaitedStandbys: status.flatMap(Self.awaitedStandbys))
    }

    /// Where this member is, measured now.
    func reportPosition() async -> PositionReport? { await measurePosition()?.report }

    /// - Returns: with what a running server said; nil when nothing can be told.
    private func measurePosition() async -> (report: PositionReport, status: ServerStatus?)? {
        let availability = Availability(
            tags: tags, isStopping: isStopping, givesWay: clock.now < standingBack.gaveWayUntil,
            lacksWatchdog: watchdog.hasFailed, isVolumeStuck: volumeStuckSince != nil,
            isBarred: watch.isBarred(ttl: timings.ttl))
        // A candidate may ask before the loop has looked.
        if activity == nil { _ = await adoptStartedByHand() }
        if instance.runningPostmaster != nil {
            guard case .answered(let snapshot) = await instance.observe(deadline: .milliseconds(800)) else {
                return nil
            }
            let measured = MeasuredServer(
                isPrimary: !snapshot.isInRecovery, timeline: snapshot.timeline, position: snapshot.position,
                replayed: snapshot.isInRecovery ? snapshot.replayPosition ?? .invalid : snapshot.position,
                isReplayPausedForSettings: snapshot.isReplayPausedForSettings)
            return (describePosition(of: me, measured, availability), snapshot)
        }
        let files = await observeFiles()
        let report = describePosition(
            of: me, files: files, activity: activity?.kind, in: watch.view(), availability)
        return report.map { ($0, nil) }
    }
}
