import ClusterRecords
import HighAvailability
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
        let count = record.confirmations
        let fit = record.members.filter { situation.member($0)?.isRunningReplica == true }
        if wanted.strict, fit.count < max(1, count) {
            let message =
                "Commits wait: \(fit.count) of the \(max(1, count)) synchronous standbys a commit needs run"
                + (names.isEmpty ? "" : "; recorded: \(names)")
            return (.false, Finding(reason: .commitsWait, message: message))
        }
        if record.members.isEmpty {
            let message =
                "Commits wait for nobody: what is acknowledged now is on \(leader) alone, and nobody else may lead"
            return (.false, Finding(reason: .noStandby, message: message))
        }
        if !record.canElect {
            let message =
                "Nobody but \(leader) may lead: the recorded quorum asks for more standbys than there are; "
                + "recorded: \(names)"
            return (.false, Finding(reason: .noStandby, message: message))
        }
        if count < wanted.standbys {
            let message = "Commits wait for \(count) instead of \(wanted.standbys) standbys: \(names)"
            return (.false, Finding(reason: .fewerStandbys, message: message))
        }
        let whom = count < record.members.count ? "\(count) of \(names)" : names
        return (.true, Finding(reason: .inSync, message: "Each commit waits for \(whom)"))
    }
}

extension SynchronousState {
    /// How many standbys confirm each commit.
    fileprivate var confirmations: Int { max(0, members.count - quorum) }
}
