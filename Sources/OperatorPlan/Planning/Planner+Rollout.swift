import HighAvailability
import KubernetesModels
import PostgresClusterAPI
import Units

/// Restarts after a change of the Pod template, one member at a time.
///
/// The StatefulSet never deletes a Pod by itself (OnDelete). Replicas go first, from the highest ordinal down; the
/// primary hands over to a member that is already on the new template and is then restarted as a replica: one switchover
/// for the whole rollout.
extension Planner {
    mutating func planRollout(replicas: Int) {
        guard let live = liveStatefulSet, let revision = live.value(at: "status", "updateRevision")?.stringValue,
            // The controller has not seen the newest template yet.
            live.value(at: "status", "observedGeneration")?.int64Value
                == live.value(at: "metadata", "generation")?.int64Value
        else { return }
        // Who is about to be removed is neither restarted nor handed over from for a template. Without a primary nobody is
        // about to be.
        let staying = situation.primary == nil ? replicas : min(replicas, spec.instances)
        let members = situation.members.filter { $0.ordinal < staying }
        let outdated = members.filter { $0.revision != nil && $0.revision != revision }
        guard !outdated.isEmpty else { return }
        // No copy is ended for a template, unless it gets nowhere: the template may be what mends it.
        let copied = reinitializing
        let finding = Finding(
            reason: spec.paused ? .rolloutPaused : .rollingUpdate,
            message: "\(outdated.count) of \(members.count) members run an older Pod template"
                + (copied.map { "; waits until \($0) is copied anew" } ?? ""))
        // The first is what is shown; the copy is told elsewhere too.
        progress.insert(finding, at: copied == nil ? progress.endIndex : progress.startIndex)
        guard !spec.paused, !isSwitchoverRunning, !isRestartRunning, !members.contains(where: \.isDeleting)
        else {
            return
        }
        let current = members.filter { $0.revision == revision }
        guard current.allSatisfy(\.isReady), members.count >= staying else { return }

        let leader = situation.leadingMember
        let replicasLeft = outdated.filter { $0.name != leader?.name }
        if let copied {
            guard let failing = replicasLeft.first(where: { $0.name == copied && $0.failsToCopy }),
                failing.isDown || mayTakeRunningMembers(of: replicas)
            else { return }
            return restart(failing)
        }
        guard mayTakeRunningMembers(of: replicas) else {
            return restartDead(replicasLeft, holder: outdated.first { $0.name == leader?.name })
        }
        // One that is down already costs nothing, and may be what the new template repairs.
        if let broken = replicasLeft.last(where: { !$0.isReady }) ?? replicasLeft.last { return restart(broken) }
        guard let leader else { return }
        guard replicas > 1, leader.isReady else { return restart(leader) }
        guard hasSettled(current) else { return }
        planHandover(from: leader, to: successor { $0.revision == revision }, purpose: "rollout")
    }

    /// A member that has just become ready has changed the endpoints of the read-only Service, after which a node waits a
    /// second before it carries out the next change: clients would wait that long for the new primary.
    private mutating func hasSettled(_ members: [ObservedMember]) -> Bool {
        // Both times have lost a fraction of a second.
        let calm = Duration.seconds(2)
        guard let last = members.compactMap(\.readySince).max(), now < last + calm else { return true }
        plan.requeue(after: last + calm - now)
        return false
    }

    /// With data but no primary nobody is taken away who could be the next one.
    ///
    /// That is any member whose container runs: a replica is unready while nobody leads whom it could follow, and the one
    /// with the most WAL is not known here. A single instance can only be repaired by a new template.
    private func mayTakeRunningMembers(of replicas: Int) -> Bool {
        situation.primary != nil || situation.systemIdentifier == nil || replicas == 1
    }

    /// What holds the lock goes last, and not while others may be about to take it: its Pod is what shows them that it died.
    private mutating func restartDead(_ replicas: [ObservedMember], holder: ObservedMember?) {
        if let dead = replicas.last(where: \.isDown) { return restart(dead) }
        guard let holder, holder.isDown, let lost = previous.condition(.primaryAvailable), lost.status == .false else {
            return
        }
        let patience = lost.lastTransitionTime + spec.highAvailability.timings.ttl * 2
        guard now >= patience else { return plan.requeue(after: patience - now) }
        restart(holder)
    }

    /// Whether the primary is being moved: no member may be taken away meanwhile.
    var isSwitchoverRunning: Bool {
        status.switchover?.phase == .inProgress || isHandoverRunning
            || situation.request.map { $0.requestID != status.handover?.request } ?? false
    }

    private mutating func restart(_ member: ObservedMember) {
        plan.changes.append(.delete(ObjectKey(Pod.resource, member.name), uid: member.uid))
        event(.memberRestarted, "Restarting \(member.name) for a new Pod template")
    }
}
