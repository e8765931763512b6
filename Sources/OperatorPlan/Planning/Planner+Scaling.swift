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
        let kept = (wanted..<live).map(names.volumeClaim).filter(observed.volumeClaims.contains)
        if !kept.isEmpty {
            event(.volumeKept, "Volumes of removed members are kept: \(kept.joined(separator: ", "))")
        }
        return wanted
    }

    /// Why the number must not go down now; nil when it may.
    private func scaleDownBlocker(to wanted: Int) -> String? {
        if let request = status.switchover, !request.phase.isFinal, request.phase == .inProgress {
            return "Waits for the switchover to end"
        }
        guard let leader = situation.leadingMember else {
            // Data exist but nobody leads: the best candidate may be one of those to be removed.
            return situation.systemIdentifier == nil ? nil : "Waits for a primary"
        }
        // The old primary may be about to tell what became of it.
        if leader.ordinal < wanted, isHandoverRunning { return "Waits for the hand-over to end" }
        return spec.paused && leader.ordinal >= wanted
            ? "Paused: the primary \(leader.name) is on an ordinal that is to be removed" : nil
    }
}
