import PostgresClusterAPI

/// Whether commits wait for as many standbys as the spec asks for.
extension ConditionFindings {
    /// nil in mode off, and in a standby cluster.
    var synchronous: (status: Condition.Status, finding: Finding)? {
        let wanted = spec.highAvailability.synchronous
        // Nobody in a standby cluster acknowledges commits.
        guard wanted.mode != .off, situation.standbyLeader == nil else { return nil }
        guard isInitialized, let leader = situation.primary?.name else { return (.unknown, primary) }
        guard let record = situation.synchronous, record.leader == leader else {
            let message = "\(leader) has not recorded yet whom commits wait for"
            return (.unknown, Finding(reason: .settling, message: message))
        }
        let names = record.members.sorted().joined(separator: ", ")
        let fit = record.members.filter { situation.member($0)?.isRunningReplica == true }
        if wanted.strict, fit.count < max(1, record.count) {
            let message =
                "Commits wait: \(fit.count) of the \(max(1, record.count)) synchronous standbys a commit needs run"
                + (names.isEmpty ? "" : "; recorded: \(names)")
            return (.false, Finding(reason: .commitsWait, message: message))
        }
        if record.members.isEmpty {
            let message =
                "Commits wait for nobody: what is acknowledged now is on \(leader) alone, and nobody else may lead"
            return (.false, Finding(reason: .noStandby, message: message))
        }
        if record.count < wanted.standbys {
            let message = "Commits wait for \(record.count) instead of \(wanted.standbys) standbys: \(names)"
            return (.false, Finding(reason: .fewerStandbys, message: message))
        }
        let whom = record.count < record.members.count ? "\(record.count) of \(names)" : names
        return (.true, Finding(reason: .inSync, message: "Each commit waits for \(whom)"))
    }
}

extension ObservedMember {
    /// It can confirm commits as far as its agent and the kubelet know.
    fileprivate var isRunningReplica: Bool {
        role == "replica" && state == "running" && isContainerRunning && !isDeleting
    }
}
