import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI

/// How many members there should be now, on the way to spec.instances.
extension Planner {
    /// Replicas of the StatefulSet for this step.
    ///
    /// A StatefulSet takes the highest ordinals away first. If the primary is among those, it hands over to a member that
    /// stays, and only when it has does the number go down.
    mutating func planReplicas() -> Int {
        let wanted = spec.instances
        guard let live = liveStatefulSet?.value(at: "spec", "replicas")?.intValue else { return wanted }
        guard wanted < live else {
            if wanted > live { event(.scaledUp, "From \(live) to \(wanted) instances") }
            let leaving = situation.members.filter { $0.ordinal >= wanted }.map(\.name)
            if !leaving.isEmpty {
                progress.append(
                    Finding(reason: .scalingDown, message: "Stopping \(leaving.joined(separator: ", "))"))
            }
            return wanted
        }
        if let blocker = scaleDownBlocker(to: wanted) {
            progress.append(Finding(reason: .scalingDown, message: blocker))
            return live
        }
        if let leader = situation.leadingMember, leader.ordinal >= wanted {
            planHandover(from: leader, to: successor { $0.ordinal < wanted }, purpose: "scale-down")
            return live
        }
        event(.scaledDown, "From \(live) to \(wanted) instances")
        let kept = (wanted..<live).map(scope.volumeClaim).filter(observed.volumeClaims.contains)
        if !kept.isEmpty {
            event(.volumeKept, "Volumes of removed members are kept: \(kept.joined(separator: ", "))")
        }
        return wanted
    }

    /// Why the number must not go down now; nil when it may.
    private func scaleDownBlocker(to wanted: Int) -> String? {
        if status.switchover?.phase == .inProgress { return "Waits for the switchover to end" }
        guard situation.systemIdentifier != nil else { return nil }
        guard let primary = situation.primary else {
            // Data exist but nobody writes them: the best candidate may be one of those to be removed.
            return "Waits for a primary"
        }
        guard primary.ordinal < wanted else {
            return spec.paused
                ? "Paused: the primary \(primary.name) is on an ordinal that is to be removed" : nil
        }
        // The old primary may be about to tell what became of it.
        if isHandoverRunning { return "Waits for the hand-over to end" }
        return lastStandbyBlocker(to: wanted, primary)
    }

    /// In a synchronous mode the last standby commits can wait for stays until one that is not to be removed can take its
    /// place: without it commits would wait for nobody, or in vain.
    private func lastStandbyBlocker(to wanted: Int, _ primary: ObservedMember) -> String? {
        guard spec.highAvailability.synchronous.mode != .off, wanted > 1, situation.standbyLeader == nil else {
            return nil
        }
        let standbys = situation.members.filter { $0.name != primary.name && $0.tags.mayBeSynchronous }
        let (staying, leaving) = (standbys.filter { $0.ordinal < wanted }, standbys.filter { $0.ordinal >= wanted })
        guard !staying.isEmpty, !staying.contains(where: \.isReady), leaving.contains(where: \.isReady) else {
            return nil
        }
        return "Waits for \(staying.map(\.name).joined(separator: " or ")) to be ready: commits can wait for "
            + "\(leaving.filter(\.isReady).map(\.name).joined(separator: ", ")) only"
    }
}
